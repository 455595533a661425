"""Doors of loans: their bank and their holder (guide.md 5.1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller
from service.etag import etag, revision_of
from service.paging import Cursor, Limit, Page
from service.problems import NotFound
from service.requests.loans import acting, pages
from service.requests.loans.acting import Balance, Drawdown
from service.requests.loans.models import Loan
from service.requests.loans.views import LoanView, views

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="读到的 ETag")]
BASE = "/v1/partner/loans"
ONE = BASE + "/{loan_id:uuid}"


class Loans(msgspec.Struct, frozen=True):
    """One's own loans."""

    items: Sequence[LoanView]


async def shown(session: AsyncSession, loan: Loan) -> Response[LoanView]:
    """A loan with its ETag."""
    [view] = await views(session, [loan], bank=True)
    return Response(view, headers={"ETag": etag(loan.revision)})


@get(BASE, guards=[guards.partner])
async def of_bank(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[LoanView]]:
    """本银行的贷款。 Problems: 400."""
    query = select(Loan).where(Loan.bank_id == caller.partner_id).order_by(Loan.id).limit(limit + 1)
    if after := paging.after(cursor):
        query = query.where(Loan.id > after)
    loans = (await session.scalars(query)).all()
    lines = await views(session, loans, bank=True)
    return paging.answer(request, paging.page_of(lines, limit, lambda each: each.id))


@get(ONE, guards=[guards.partner], shows="loan")
async def one(
    loan_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[LoanView]:
    """一笔贷款。 Problems: 404."""
    loan = await session.get(Loan, loan_id)
    if loan is None or loan.bank_id != caller.partner_id:
        raise NotFound
    return await shown(session, loan)


@post(ONE + "/drawdowns", guards=[guards.partner], status_code=200)
async def draw(
    loan_id: FromPath[UUID],
    data: Drawdown,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[LoanView]:
    """放款;累计不超过授信。 Problems: 404, 409 `wrong-state`, 412, 422 `over-grant`, 428."""
    loan = await acting.draw(session, loan_id, caller, revision_of(if_match), data, now)
    return await shown(session, loan)


@post(ONE + "/balances", guards=[guards.partner], status_code=200)
async def report(
    loan_id: FromPath[UUID],
    data: Balance,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[LoanView]:
    """报告余额。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    loan = await acting.report(session, loan_id, caller, revision_of(if_match), data, now)
    return await shown(session, loan)


@post(ONE + "/close", guards=[guards.partner], status_code=200)
async def close(
    loan_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[LoanView]:
    """结清;余额须为 0。此后不占上限。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    loan = await acting.close(session, loan_id, caller, revision_of(if_match), now)
    return await shown(session, loan)


@get("/v1/me/loans", guards=[guards.talent])
async def mine(session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]) -> Loans:
    """本人的贷款:哪家银行、授信、已放款、余额。"""
    query = select(Loan).where(Loan.person_id == caller.person_id).order_by(Loan.id)
    return Loans(await views(session, (await session.scalars(query)).all(), bank=False))


ROUTES: list[Any] = [of_bank, one, draw, report, close, mine, *pages.ROUTES]
