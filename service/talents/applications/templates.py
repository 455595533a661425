"""Opinions ready to use, as the officials' table has them (`opinion_templates`)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import tables
from service.reference.tables import BadTable, Row
from service.talents.applications import steps

EVERYWHERE = "*"
DECISIONS = ("pass", "return", "reject")


class OpinionTemplate(msgspec.Struct, frozen=True):
    """One opinion: for which decision, at which steps, and its text."""

    code: str
    decision: str
    steps: list[str]
    text: str


async def of(session: AsyncSession, step: str | None = None) -> list[OpinionTemplate]:
    """The opinions in force, of one step or of all."""
    rows = await tables.rows_of(session, "opinion_templates")
    found = [_read(row) for row in rows]
    return [each for each in found if step is None or step in each.steps]


def _read(row: Row) -> OpinionTemplate:
    named = tuple(each for each in row["step"].split(",") if each)
    deciding = [s.step for s in steps.STEPS.values() if row["decision"] in s.decisions]
    at = [each for each in deciding if EVERYWHERE in named or each in named]
    return OpinionTemplate(row["code"], row["decision"], at, row["text_zh"])


def fault(row: Row) -> str | None:
    """What is wrong with a row, or None."""
    if row["decision"] not in DECISIONS:
        return f"decision 应为 {'、'.join(DECISIONS)} 之一"
    for name in row["step"].split(","):
        if name != EVERYWHERE and row["decision"] not in _decisions_at(name):
            return f"步骤 {name} 没有决定 {row['decision']}"
    return None if 0 < len(row["text_zh"]) <= 500 else "text_zh 应为 1–500 字"


def _decisions_at(name: str) -> Sequence[str]:
    step = steps.STEPS.get(name)
    return step.decisions if step else ()


async def check(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line."""
    for number, row in enumerate(rows, 2):
        if wrong := fault(row):
            raise BadTable(f"第 {number} 行:{wrong}。")


tables.on_load("opinion_templates", check)
