"""How many: the officials' numbers (table `quota_rules`) and whose year it is."""

from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.pages.show import SHANGHAI
from service.reference import tables


class Rules(msgspec.Struct, frozen=True):
    """Enterprises that a city names a year; talents that one of them puts forward a year."""

    enterprises: int = 10
    talents: int = 1


async def in_force(session: AsyncSession) -> Rules:
    """The numbers of the table in force; one that it does not have is the one shipped."""
    rows = await tables.rows_of(session, "quota_rules")
    found = {row["name"]: int(row["value"]) for row in rows}
    return Rules(**{name: found[name] for name in Rules.__struct_fields__ if name in found})


def year_of(now: datetime) -> int:
    """The year that a submission counts for: Shanghai's, on the day it is handed in."""
    return now.astimezone(SHANGHAI).year
