"""督办规则: the officials' table `escalation`: at which rung of which leg who is told, how often.

`repeat_hours` and `repeats`: told again after so many hours, so many times at most, until somebody
of that side acknowledges it. `load escalation 文件` puts a newer one in force.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.escalation import wording
from service.reference import tables
from service.reference.tables import BadTable, Row
from service.requests.ladder import ACTING, LADDER
from service.satisfaction.sentences import Audience

TABLE = "escalation"
MOST_HOURS, MOST_REPEATS = 720, 30


class Rule(msgspec.Struct, frozen=True):
    """Who is told at one rung; `repeats` 0: once and no more."""

    to: Audience
    repeat_hours: int
    repeats: int


async def at(session: AsyncSession, leg: str, rung: str) -> list[Rule]:
    """Who is told at a rung: whoever is of two sides is told as the first.

    A head is a clerk as well, and is to be told as a head.
    """
    rows = await tables.rows_of(session, TABLE)
    found = [_rule(row) for row in rows if (row["leg"], row["rung"]) == (leg, rung)]
    return sorted(found, key=lambda rule: rule.to is not Audience.HEADS)


def _rule(row: Row) -> Rule:
    hours, times = int(row["repeat_hours"] or 0), int(row["repeats"] or 0)
    return Rule(Audience(row["to"]), hours, times if hours else 0)


async def _check(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line that is wrong."""
    known = {(leg, rung.name) for leg, rungs in LADDER.items() for rung in rungs}
    for number, row in enumerate(rows, 2):
        if (row["leg"], row["rung"]) not in known or row["rung"] in ACTING:
            raise BadTable(f"第 {number} 行: 没有时限档“{row['leg']} {row['rung']}”。")
        if row["to"] not in wording.TOLD:
            raise BadTable(f"第 {number} 行: 不能通知“{row['to']}”。")
        for column, most in (("repeat_hours", MOST_HOURS), ("repeats", MOST_REPEATS)):
            text = row[column] or "0"
            if not (text.isascii() and text.isdigit() and int(text[:6]) <= most):
                raise BadTable(f"第 {number} 行: {column} 应是 0 至 {most} 的整数。")


tables.on_load(TABLE, _check)
