"""What a bank reports of its loan: paid out, owed, closed."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_loans import OfLoan
from service.auth.callers import Caller, Role
from service.etag import check_revision
from service.pages.show import SHANGHAI
from service.problems import FieldError, InvalidBody, NotFound
from service.requests.loans.models import Loan
from service.requests.loans.money import NotMoney, fen_of

Yuan = Annotated[str, msgspec.Meta(max_length=16, description="元,最多两位小数")]


class Drawdown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money paid out."""

    amount_yuan: Yuan


class Balance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is owed at the end of a day."""

    balance_yuan: Yuan
    on: date


async def draw(
    session: AsyncSession, loan_id: UUID, by: Caller, revision: int, given: Drawdown, now: datetime
) -> Loan:
    """放款. Raises NotFound, Stale, WrongState, InvalidBody."""
    fen = _fen(given.amount_yuan, "amount_yuan")
    return await _act(session, loan_id, by, revision, lambda loan: loan.draw(fen), now)


async def report(
    session: AsyncSession, loan_id: UUID, by: Caller, revision: int, given: Balance, now: datetime
) -> Loan:
    """余额. Raises NotFound, Stale, WrongState, InvalidBody."""
    fen, today = _fen(given.balance_yuan, "balance_yuan"), now.astimezone(SHANGHAI).date()
    act: Callable[[Loan], OfLoan] = lambda loan: loan.report(fen, given.on, today)  # noqa: E731
    return await _act(session, loan_id, by, revision, act, now)


async def close(
    session: AsyncSession, loan_id: UUID, by: Caller, revision: int, now: datetime
) -> Loan:
    """结清. Raises NotFound, Stale, WrongState, InvalidBody."""
    return await _act(session, loan_id, by, revision, lambda loan: loan.close(now), now)


async def _act(
    session: AsyncSession,
    loan_id: UUID,
    by: Caller,
    revision: int,
    act: Callable[[Loan], OfLoan],
    now: datetime,
) -> Loan:
    loan = await session.get(Loan, loan_id, with_for_update=True, populate_existing=True)
    if loan is None or loan.bank_id != by.partner_id:
        raise NotFound
    check_revision(loan.revision, revision)
    event = act(loan)
    await session.flush()
    author = by.author(Role.PARTNER_CLERK)
    await log.append(session, event, by=author, region=loan.region, now=now)
    return loan


def _fen(text: str, name: str) -> int:
    try:
        return fen_of(text)
    except NotMoney as wrong:
        advice = "应为元,最多两位小数,如 500000.00。"
        raise InvalidBody(FieldError(f"/{name}", "invalid", advice)) from wrong
