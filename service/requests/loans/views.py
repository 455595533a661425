"""Loans as their bank and their holder see them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.pages.show import SHANGHAI
from service.partners.models import Partner
from service.requests.loans.models import Loan
from service.requests.loans.money import yuan_of
from service.requests.loans.terms import PRODUCTS
from service.requests.models import Request


class LoanView(msgspec.Struct, frozen=True, kw_only=True):
    """A loan. Sums in yuan; of a loss the government bears `compensation_pct` percent (风险补偿),
    the bank `bank_share_pct`; `balance_on` is the day of the last report, `closed_at` its end."""

    id: UUID
    request_id: UUID
    number: str
    product: str
    bank: str
    borrower: str
    granted_yuan: str
    drawn_yuan: str
    balance_yuan: str
    currency: str = "CNY"
    annual_rate_percent: str | None
    term_months: int | None
    compensation_pct: int
    bank_share_pct: int
    balance_on: date | None
    granted_at: datetime
    closed_at: datetime | None
    allowed: list[str]


async def of_request(session: AsyncSession, request_id: UUID) -> LoanView | None:
    """What came of a request for a loan, as its holder sees it."""
    loan = await session.scalar(select(Loan).where(Loan.request_id == request_id))
    return (await views(session, [loan], bank=False))[0] if loan else None


async def lends(session: AsyncSession, partner_id: UUID | None) -> bool:
    """Whether a partner has loans here."""
    query = select(Loan.id).where(Loan.bank_id == partner_id).limit(1)
    return await session.scalar(query) is not None


def shown_rate(rate: Decimal | None) -> str | None:
    """`3.45` for 3.4500: at least two decimals, no more than say something."""
    if rate is None:
        return None
    whole, _, part = f"{rate:.4f}".partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


async def views(session: AsyncSession, loans: Sequence[Loan], *, bank: bool) -> list[LoanView]:
    """The loans for their bank, or for their holder, who acts on none."""
    numbers = select(Request.id, Request.number).where(
        Request.id.in_([each.request_id for each in loans])
    )
    banks = select(Partner.id, Partner.name).where(Partner.id.in_([x.bank_id for x in loans]))
    known = {key: number for key, number in (await session.execute(numbers)).all()}
    names = {key: name for key, name in (await session.execute(banks)).all()}
    return [
        LoanView(
            id=each.id,
            request_id=each.request_id,
            number=known[each.request_id],
            product=PRODUCTS[each.offering],
            bank=names[each.bank_id],
            borrower=each.borrower,
            granted_yuan=yuan_of(each.granted),
            drawn_yuan=yuan_of(each.drawn),
            balance_yuan=yuan_of(each.balance),
            annual_rate_percent=shown_rate(each.annual_rate_percent),
            term_months=each.term_months,
            compensation_pct=each.compensation_pct,
            bank_share_pct=100 - each.compensation_pct,
            balance_on=each.balance_on,
            granted_at=each.granted_at.astimezone(SHANGHAI),
            closed_at=each.closed_at.astimezone(SHANGHAI) if each.closed_at else None,
            allowed=each.allowed if bank else [],
        )
        for each in loans
    ]
