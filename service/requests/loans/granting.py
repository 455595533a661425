"""A grant within the caps: per talent over all banks, per enterprise, however many at once.

Whoever adds up holds a lock on the person or the enterprise until the commit.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.log import Author
from service import ids
from service.problems import FieldError, InvalidBody, Problem
from service.requests.loans import rates, terms
from service.requests.loans.models import ENTERPRISE, TALENT, Loan
from service.requests.loans.money import NotMoney, fen_of, yuan_of
from service.requests.models import Request
from service.worktime.hours import SHANGHAI


class LoanCap(Problem):
    """The sum would go beyond what this talent or enterprise may owe over all banks."""

    code = "loan-cap"
    status = 409
    title = "超过贷款上限"
    advice = "各银行合计不得超过该市的上限,请降低授信金额,或不予办理并说明。"

    def __init__(self, left: int) -> None:
        super().__init__(f"该借款人在各银行合计还可授信 {yuan_of(left)} 元,请降低授信金额。")
        self.left = yuan_of(left)

    def members(self) -> dict[str, Any]:
        """`left_yuan`: what may still be granted."""
        return {"left_yuan": self.left}


async def grant(
    session: AsyncSession, request: Request, result: Mapping[str, Any], by: Author, now: datetime
) -> Loan | None:
    """Keep a bank's grant; None for what is no loan. Raises LoanCap, RateCap, InvalidBody."""
    found = await terms.of(session, request.offering, request.region)
    if found is None or request.partner_id is None:
        return None
    amount = _amount(request.form, result)
    rate, months = _rate(result), months_of(request.form, result)
    base = await rates.base(session, months, now.astimezone(SHANGHAI).date())
    rates.check(rate or Decimal(0), base, found.uplift_pct)
    borrower, uscc = borrower_of(request.form)
    cap = found.cap_enterprise if borrower == ENTERPRISE else found.cap_talent
    await _hold(session, f"{borrower} {uscc or request.person_id}")
    if cap is not None:
        left = cap - await owed_by(session, borrower, request, uscc)
        if amount > left:
            raise LoanCap(max(0, left))
    loan = Loan(
        id=ids.new_id(), request_id=request.id, offering=request.offering,
        person_id=request.person_id, bank_id=request.partner_id, region=request.region,
        borrower=borrower, enterprise_uscc=uscc, granted=amount, drawn=0, balance=0,
        annual_rate_percent=rate, term_months=months,
        compensation_pct=found.compensation_pct, granted_at=now,
    )  # fmt: skip
    session.add(loan)
    await session.flush()
    await log.append(session, loan.grant(), by=by, region=loan.region, now=now)
    return loan


def _amount(form: Mapping[str, Any], result: Mapping[str, Any]) -> int:
    """What is granted, in 分: no more than was asked for."""
    try:
        amount, asked = fen_of(str(result.get("amount_yuan", ""))), form.get("amount_yuan")
        over = asked is not None and amount > fen_of(str(asked))
    except NotMoney as wrong:
        advice = "授信金额应为元,最多两位小数。"
        raise InvalidBody(FieldError("/result/amount_yuan", "invalid", advice)) from wrong
    if over:
        advice = f"授信金额不能超过申请金额 {asked} 元。"
        raise InvalidBody(FieldError("/result/amount_yuan", "over-asked", advice))
    return amount


def _rate(result: Mapping[str, Any]) -> Decimal | None:
    """The rate of a decision in percent a year, where its schema asks for one."""
    given = result.get("annual_rate_percent")
    return None if given is None else Decimal(str(given))


def months_of(form: Mapping[str, Any], result: Mapping[str, Any]) -> int:
    """For how long: as decided, else as asked for."""
    return int(result.get("term_months") or form.get("term_months") or 1)


def borrower_of(form: Mapping[str, Any]) -> tuple[str, str | None]:
    """Who borrows: the talent, or the enterprise that the form names."""
    uscc = str(form.get("enterprise_uscc") or "").upper() or None
    if uscc is not None and form.get("borrower", ENTERPRISE) == ENTERPRISE:
        return ENTERPRISE, uscc
    return TALENT, None


async def owed_by(session: AsyncSession, borrower: str, request: Request, uscc: str | None) -> int:
    """What open loans of all banks and products are granted to the borrower, in 分."""
    mine = (
        Loan.enterprise_uscc == uscc
        if borrower == ENTERPRISE
        else (Loan.person_id == request.person_id) & (Loan.borrower == TALENT)
    )
    query = select(func.coalesce(func.sum(Loan.granted), 0)).where(mine, Loan.closed_at.is_(None))
    return int(await session.scalar(query) or 0)


async def _hold(session: AsyncSession, whose: str) -> None:
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 4))")
    await session.execute(lock, {"name": f"loan {whose}"})
