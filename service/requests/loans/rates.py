"""What a loan may cost: the LPR in force, and how far above it a place allows to go.

The LPR is the officials' table `lpr`, the uplift a column of `loans`; where either says nothing
there is no limit. Decimals throughout; nothing is rounded in the bank's favour or against it.
"""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.problems import Problem
from service.reference import tables
from service.reference.tables import Row

STEP = Decimal("0.0001")
"""The finest rate that a result can name, in percent."""


class Base(msgspec.Struct, frozen=True):
    """One published LPR, in percent a year."""

    tenor: str
    percent: Decimal
    valid_from: date
    source: str


class RateCap(Problem):
    """The rate is beyond the LPR and the uplift that the place allows."""

    code = "rate-cap"
    status = 409
    title = "利率超过上浮上限"
    advice = "请按该市规定的上浮上限降低年利率,或不予办理并说明。"

    def __init__(self, base: Base, uplift_pct: Decimal) -> None:
        self.base, self.uplift_pct, self.most = base, uplift_pct, most(base.percent, uplift_pct)
        super().__init__(
            f"LPR({base.tenor})为 {base.percent}%({base.valid_from} 起),最多上浮 {uplift_pct}%,"
            f"年利率不得超过 {self.most}%,请降低后重新提交。"
        )

    def members(self) -> dict[str, Any]:
        """What the limit is made of, as decimal text."""
        return {
            "base_percent": str(self.base.percent),
            "uplift_cap_pct": str(self.uplift_pct),
            "most_percent": str(self.most),
        }


def most(base: Decimal, uplift_pct: Decimal) -> Decimal:
    """The highest rate in percent that can be named: `base` and `uplift_pct` percent of it."""
    return (base * (100 + uplift_pct) / 100).quantize(STEP, ROUND_FLOOR)


def check(rate: Decimal, base: Base | None, uplift_pct: Decimal | None) -> None:
    """Raises RateCap above the limit; at it is within."""
    if base is not None and uplift_pct is not None and rate > most(base.percent, uplift_pct):
        raise RateCap(base, uplift_pct)


def base_of(rows: Sequence[Row], months: int, on: date) -> Base | None:
    """The LPR for a loan of so many months on a day: of the longest tenor that it reaches, the
    newest that is in force; None where none was published yet."""
    known = [
        (int(row["min_months"]), date.fromisoformat(row["valid_from"]), row)
        for row in rows
        if int(row["min_months"]) <= months and date.fromisoformat(row["valid_from"]) <= on
    ]
    if not known:
        return None
    _, valid_from, row = max(known, key=lambda each: each[:2])
    return Base(row["tenor"], Decimal(row["percent"]), valid_from, row["source"])


async def base(session: AsyncSession, months: int, on: date) -> Base | None:
    """The same of the table in force."""
    return base_of(await tables.rows_of(session, "lpr"), months, on)
