"""The bank's page of its loans: pay out, report what is owed, close."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import SHANGHAI, page
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.requests.loans import acting, views
from service.requests.loans.acting import Balance, Drawdown
from service.requests.loans.models import Loan

LOANS = "/desk/loans"
SHOWN = 100
BORROWERS = {"talent": "本人", "enterprise": "企业"}
PAGE: dict[str, Any] = {
    "guards": [roles(Role.PARTNER_CLERK)],
    "opt": {"page": True},
    "include_in_schema": False,
}


@get(LOANS, **PAGE)
async def loans(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """本银行的贷款。"""
    return await show(request, session, caller, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    problem: Problem | None = None,
    about: str = "",
) -> Response[Any]:
    """Open loans first, the newest of each on top; `about` is the loan whose form met a problem."""
    mine = select(Loan).where(Loan.bank_id == caller.partner_id)
    ordered = mine.order_by(Loan.closed_at.is_not(None), Loan.id.desc()).limit(SHOWN)
    found = (await session.scalars(ordered)).all()
    return page(
        request,
        "requests/templates/desk_loans.html",
        problem=problem,
        loans=await views.views(session, found, bank=True),
        revisions={each.id: each.revision for each in found},
        borrowers=BORROWERS,
        today=now.astimezone(SHANGHAI).date(),
        about=about,
    )


@post(LOANS, **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """放款、报告余额、结清。"""
    given = await sent(request)
    if problem := await attempt(session, _act(session, caller, given, now)):
        return await show(request, session, caller, now, problem, given.text("loan"))
    return Redirect(LOANS, status_code=303)


async def _act(session: AsyncSession, by: Caller, given: FormSent, now: datetime) -> Loan:
    loan_id: UUID | None = given.uuid("loan")
    if loan_id is None:
        raise NotFound
    match given.text("do"):
        case "draw":
            drawn = Drawdown(given.text("amount_yuan")[:16])
            return await acting.draw(session, loan_id, by, given.revision, drawn, now)
        case "report":
            on = given.day("on")
            if on is None:
                raise InvalidBody(FieldError("/on", "missing", "请填写余额日期。"))
            owed = Balance(given.text("balance_yuan")[:16], on)
            return await acting.report(session, loan_id, by, given.revision, owed, now)
        case "close":
            return await acting.close(session, loan_id, by, given.revision, now)
    raise NotFound


ROUTES: list[Any] = [loans, act]
