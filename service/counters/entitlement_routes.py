"""The door and the page of what a card gives (api.md 3.7)."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller
from service.counters import entitlements
from service.counters.entitlement_views import EntitlementsView
from service.offerings import queries as offerings
from service.offerings.entitlement import UNITS
from service.pages.forms import attempt, sent
from service.pages.show import page
from service.problems import NotFound, Problem
from service.talents import queries
from service.talents.family import declaring
from service.talents.family.declaring import Choose
from service.worktime.hours import SHANGHAI

PATH = "/card/entitlements"
TEMPLATE = "counters/templates/entitlements.html"
PAGE: dict[str, Any] = {
    "guards": [guards.talent], "opt": {"page": True}, "include_in_schema": False,
}  # fmt: skip
KINDS = {**entitlements.RELATIONS, "companion": "随行人员"}


@get("/v1/me/entitlements", guards=[guards.talent])
async def my_entitlements(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> EntitlementsView:
    """我的权益: 每项服务用了几次、还剩几次、为谁、为何不能用;没有卡的 404。"""
    return await entitlements.of_caller(session, caller, now)


@get(PATH, **PAGE)
async def my_page(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """我的权益。"""
    return await show(request, session, caller, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    problem: Problem | None = None,
) -> Response[Any]:
    """What can be used first, what needs but the card before all; of a search what it finds."""
    typed = request.query_params.get("q", "")[:100]
    if await queries.card_of_person(session, caller.person_id) is None:
        return page(request, TEMPLATE, problem=problem, view=None, q=typed)
    view = await entitlements.of_caller(session, caller, now)
    found = await _found(session, typed, now)
    items = [each for each in view.items if found is None or each.offering in found]
    items.sort(key=lambda each: (not each.usable, each.mode != "benefit"))
    return page(
        request,
        TEMPLATE,
        problem=problem,
        view=view,
        q=typed,
        usable=[each for each in items if each.usable],
        closed=[each for each in items if not each.usable],
        units=UNITS,
        kinds=KINDS,
    )


async def _found(session: AsyncSession, typed: str, now: datetime) -> set[str] | None:
    """Codes of the offerings that a search finds; None where nothing was typed."""
    wanted = offerings.words_of(typed)
    if not wanted:
        return None
    today = now.astimezone(SHANGHAI).date()
    return {
        version.code
        for version in await offerings.in_force(session, today)
        if all(word in version.search_text for word in wanted)
    }


@post(PATH, **PAGE, status_code=303)
async def choose(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """改选今年此项用哪张卡。"""
    given = await sent(request)
    if given.text("uses") not in ("province", "municipal"):
        raise NotFound
    asked = Choose("municipal" if given.text("uses") == "municipal" else "province")
    act = declaring.choose(session, caller, given.text("offering"), asked, now)
    if problem := await attempt(session, act):
        return await show(request, session, caller, now, problem)
    return Redirect(f"{PATH}#{given.text('offering')}", status_code=303)


ROUTES: list[Any] = [my_entitlements, my_page, choose]
