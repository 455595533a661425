"""What a city lends up to, and what part of a loss it makes good: the table `loans`."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import regions, tables
from service.reference.tables import Row

PRODUCTS = {"FI-01": "人才贷", "FI-02": "成果贷", "FI-03": "专利贷"}
"""Offerings that end in a loan, and the table's name of each."""


class Terms(msgspec.Struct, frozen=True):
    """Caps in 分 and the uplift over the LPR in percent, None where there is none; the share of a
    loss that is compensated, in percent."""

    cap_talent: int | None
    cap_enterprise: int | None
    compensation_pct: int
    uplift_pct: Decimal | None = None


def of_rows(rows: Sequence[Row], product: str, chain: Sequence[str]) -> Terms | None:
    """The terms of the nearest place that has a row for the product."""
    there = {row["city"]: row for row in rows if row["product"] == product}
    row = next((there[place] for place in chain if place in there), None)
    if row is None:
        return None
    uplift = row.get("uplift_cap_pct")
    return Terms(
        _fen(row["cap_talent_yuan"]),
        _fen(row["cap_enterprise_yuan"]),
        int(row["compensation_pct"]),
        Decimal(uplift) if uplift else None,
    )


def _fen(text: str) -> int | None:
    return int(text) * 100 if text else None


async def of(session: AsyncSession, offering: str, region: str) -> Terms | None:
    """The terms of a loan of an offering in a place; None where it is no loan."""
    if offering not in PRODUCTS:
        return None
    chain = (await regions.of(session)).chain(region)
    return of_rows(await tables.rows_of(session, "loans"), PRODUCTS[offering], chain)
