"""The calendar in force, from officials' tables; and the shipped one, without a database."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import tables
from service.reference.models import TableVersion
from service.reference.regions import Regions, of_rows
from service.worktime import checking as _checking  # noqa: F401 - hears of new tables
from service.worktime.calendars import Calendar, CalendarUnknown, Kind, Overlay, build
from service.worktime.hours import USUAL, Hours, read_hours

NEEDED = ("calendar", "calendar_overlays", "business_hours", "regions")


class WorkingTime:
    """A calendar version with what differs by region: overlays and business hours (C4, B3)."""

    def __init__(
        self,
        calendar: Calendar,
        places: Regions,
        overlays: Sequence[Overlay] = (),
        hours: Mapping[str, Hours] | None = None,
    ) -> None:
        self.calendar, self.places = calendar, places
        self._overlays, self._hours = tuple(overlays), dict(hours or {})
        self._local: dict[str, Calendar] = {}

    def of(self, region: str | None) -> Calendar:
        """The calendar as it holds in a region; the bare one where none is named."""
        if region is None:
            return self.calendar
        if region not in self._local:
            chain = self.places.chain(region)
            hours = next((self._hours[each] for each in chain if each in self._hours), USUAL)
            self._local[region] = self.calendar.at(chain, self._overlays, hours)
        return self._local[region]


def read_overlays(rows: Sequence[Mapping[str, str]]) -> list[Overlay]:
    """Overlays from rows `date, region, kind, reason, source`."""
    return [
        Overlay(
            date.fromisoformat(row["date"]), row["region"], Kind(row["kind"]),
            row["reason"], row["source"],
        )
        for row in rows
    ]  # fmt: skip


def _assemble(
    version: int, rows: Mapping[str, Sequence[Mapping[str, str]]], places: Regions
) -> WorkingTime:
    return WorkingTime(
        build(version, rows["calendar"]),
        places,
        read_overlays(rows.get("calendar_overlays", ())),
        read_hours(rows.get("business_hours", ())),
    )


async def current(session: AsyncSession, version: int | None = None) -> WorkingTime:
    """Working time by the tables in force, or by an older calendar version.

    One query says what is in force; the rest is kept by version in this process. Raises
    CalendarUnknown where there is no such version.
    """
    query = (
        select(TableVersion.name, TableVersion.version, TableVersion.sha256)
        .where(TableVersion.name.in_(NEEDED))
        .order_by(TableVersion.name, TableVersion.version)
    )
    found = {(name, number): sha for name, number, sha in await session.execute(query)}
    newest = {name: number for name, number in found}
    wanted = newest | {"calendar": version or newest.get("calendar", 0)}
    if ("calendar", wanted["calendar"]) not in found:
        raise CalendarUnknown("没有这个版本的工作日历,请改用现行版本。")
    key = tuple((*one, found[one]) for one in sorted(wanted.items()))
    if key not in _kept:
        rows = {name: await tables.rows_of(session, name, at) for name, at in wanted.items()}
        if len(_kept) > 16:
            _kept.clear()
        _kept[key] = _assemble(wanted["calendar"], rows, of_rows(rows.get("regions", ())))
    return _kept[key]


_kept: dict[tuple[tuple[str, int, str], ...], WorkingTime] = {}


@cache
def shipped() -> WorkingTime:
    """Working time by the first version of each table, as shipped."""
    files = {name: tables.DATA / f"{name}.tsv" for name in NEEDED}
    rows = {
        name: tables.read_table(name, file.read_text(encoding="utf-8"))
        for name, file in files.items()
        if file.exists()
    }
    return _assemble(1, rows, of_rows(rows["regions"]))
