"""What officials decide about ratings: numbers, tags and reasons, from their tables."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import tables


class Rules(msgspec.Struct, frozen=True):
    """The numbers of table `rating_rules`; days and hours in their names (satisfaction.md, A)."""

    window_days: int = 30
    weights: tuple[int, int, int, int, int] = (0, 3, 6, 8, 10)
    call_back_workdays: int = 1
    no_contact_days: int = 3
    rectify_workdays: int = 15
    appeal_workdays: int = 3
    decide_workdays: int = 5
    check_workdays: int = 5
    supplement_workdays: int = 5
    slip_days: int = 7
    publish_from: int = 5
    silent_hours: int = 24


class Tag(msgspec.Struct, frozen=True):
    """A ready-made remark that belongs to one grade (G2)."""

    code: str
    grade: int
    text: str


def read(rows: Sequence[tables.Row]) -> Rules:
    """The rules of a table; a number that it does not have is the one shipped."""
    found = {row["name"]: int(row["value"]) for row in rows}
    shipped = Rules()
    weights = tuple(found.get(f"weight_{n}", shipped.weights[n - 1]) for n in range(1, 6))
    plain = {name: found[name] for name in Rules.__struct_fields__ if name in found}
    return msgspec.convert({**plain, "weights": weights}, Rules)


async def in_force(session: AsyncSession) -> Rules:
    """The rules of the table in force."""
    return read(await tables.rows_of(session, "rating_rules"))


async def tags(session: AsyncSession) -> Mapping[str, Tag]:
    """Every tag by its code, in the table's order."""
    rows = await tables.rows_of(session, "rating_tags")
    return {row["code"]: Tag(row["code"], int(row["grade"]), row["text_zh"]) for row in rows}


async def void_reasons(session: AsyncSession) -> Mapping[str, str]:
    """Why 专家中心 may void a rating (G6): code and Chinese text."""
    rows = await tables.rows_of(session, "void_reasons")
    return {row["code"]: row["text_zh"] for row in rows}
