"""企业名额 page: a city's window keeps its list; province, office and centre look on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.guards import roles
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import NotFound, Problem
from service.talents.quota import naming, rules, views
from service.talents.quota.naming import Naming

QUOTAS = "/quotas"
PAGE: dict[str, Any] = {
    "guards": [roles(*views.READERS)],
    "opt": {"page": True},
    "include_in_schema": False,
}


@get(QUOTAS, **PAGE)
async def quotas(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """企业名额。"""
    return await show(request, session, caller, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The lists of a year."""
    this = rules.year_of(now)
    year = _year_of(given.text("year") if given else request.query_params.get("year"), this)
    return page(
        request,
        "talents/templates/quotas.html",
        problem=problem,
        lists=await views.quotas(session, caller, year, None, now),
        year=year,
        years=(this - 1, this, this + 1),
        open=year >= this,
        typed=given.firsts if given else {},
    )


def _year_of(text: str | None, this: int) -> int:
    """The year asked for, last, this or next; anything else is this."""
    return next((year for year in (this - 1, this + 1) if text == str(year)), this)


@post(QUOTAS, **PAGE, status_code=303)
async def change(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """列入、移出。"""
    given = await sent(request)
    if problem := await attempt(session, _change(session, caller, given, now)):
        return await show(request, session, caller, now, problem, given)
    year = _year_of(given.text("year"), rules.year_of(now))
    return Redirect(f"{QUOTAS}?year={year}", status_code=303)


async def _change(session: AsyncSession, by: Caller, given: FormSent, now: datetime) -> None:
    if dropped := given.text("drop"):
        try:
            enterprise_id = UUID(dropped)
        except ValueError:
            raise NotFound from None
        await naming.drop(session, by, enterprise_id, now)
        return
    year = _year_of(given.text("year"), rules.year_of(now))
    named = Naming(given.text("unit_uscc")[:30], year, given.text("city")[:6] or None)
    await naming.name(session, by, named, now)


ROUTES: list[Any] = [quotas, change]
