"""行政区划 (GB/T 2260): which place lies in which."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import tables
from service.reference.tables import PROVINCE


class Region(msgspec.Struct, frozen=True):
    """One place: its level (province, city, county), what it lies in, and when there is it."""

    code: str
    name: str
    level: str
    parent: str | None
    valid_from: date | None
    valid_to: date | None


class Regions:
    """All places of one version of the table."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self.by_code: Mapping[str, Region] = {region.code: region for region in regions}

    def get(self, code: str) -> Region | None:
        """The place, or None."""
        return self.by_code.get(code)

    def name(self, code: str) -> str:
        """The place's Chinese name; the code itself where there is none."""
        region = self.by_code.get(code)
        return region.name if region else code

    def full_name(self, code: str) -> str:
        """`济南市历下区`: without the province, for people who live in it."""
        parts = [self.name(each) for each in self.chain(code) if each != PROVINCE]
        return "".join(reversed(parts)) or self.name(code)

    def is_current(self, code: str, today: date) -> bool:
        """Whether the place exists on that day (371200 ended on 2018-12-31)."""
        region = self.by_code.get(code)
        if region is None:
            return False
        begun = region.valid_from is None or region.valid_from <= today
        return begun and (region.valid_to is None or today <= region.valid_to)

    def chain(self, code: str) -> tuple[str, ...]:
        """The place and all that it lies in, nearest first."""
        found: list[str] = []
        at: str | None = code
        while at is not None and at in self.by_code and at not in found:
            found.append(at)
            at = self.by_code[at].parent
        return tuple(found)

    def within(self, code: str, place: str) -> bool:
        """Whether `code` is `place` or lies in it."""
        return place in self.chain(code)

    def children(self, place: str) -> frozenset[str]:
        """The place itself and everything in it."""
        return frozenset(code for code in self.by_code if self.within(code, place))

    def cities(self, today: date) -> list[Region]:
        """The cities there are, in the order of their codes."""
        found = [r for r in self.by_code.values() if r.level == "city"]
        return sorted((r for r in found if self.is_current(r.code, today)), key=lambda r: r.code)


def _read(row: tables.Row) -> Region:
    def day(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    return Region(
        row["code"], row["name_zh"], row["level"], row["parent"] or None,
        day(row["valid_from"]), day(row["valid_to"]),
    )  # fmt: skip


def of_rows(rows: Sequence[tables.Row]) -> Regions:
    """The places of the table's rows."""
    return Regions([_read(row) for row in rows])


async def of(session: AsyncSession) -> Regions:
    """The places of the table in force."""
    rows = await tables.rows_of(session, "regions")
    if id(rows) not in _kept:
        _kept.clear()
        _kept[id(rows)] = (rows, of_rows(rows))
    return _kept[id(rows)][1]


_kept: dict[int, tuple[list[tables.Row], Regions]] = {}
"""The regions of the rows kept by `tables`, which hands out one and the same list."""
