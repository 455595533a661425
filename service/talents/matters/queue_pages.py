"""卡务 pages of staff: what is to be decided, by what runs out first; one matter with its forms."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import Problem
from service.reference import regions
from service.talents import queries as card_queries
from service.talents.cards.card_pages import STATES
from service.talents.cards.card_routes import staff
from service.talents.matters import following, forms, queries, views
from service.talents.matters.kinds import BADGES, TITLES

QUEUE = "/card-matters"
PAGE: dict[str, Any] = {"guards": [staff], "opt": {"page": True}, "include_in_schema": False}
SHOWN = 100


@get(QUEUE, **PAGE)
async def queue(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """在办的卡务,先到期的在前。"""
    decides = caller.has(Role.REVIEWER)
    mine = decides and request.query_params.get("view") != "all"
    kind = request.query_params.get("kind", "")
    kind = kind if kind in TITLES else ""
    found = await queries.queue_of(session, caller, mine=mine, kind=kind or None, limit=SHOWN)
    return page(
        request,
        "talents/templates/card_matters.html",
        lines=await views.summaries(session, caller, found, now),
        mine=mine,
        decides=decides,
        kind=kind,
        titles=TITLES,
        shown=SHOWN,
        now=now,
    )


@get(QUEUE + "/{matter_id:uuid}", **PAGE, shows="matter")
async def one(
    request: Request[Any, Any, Any],
    matter_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一件卡务。"""
    return await show(request, session, caller, matter_id, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    matter_id: UUID,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The matter, with what would follow and the forms that are open."""
    matter = await queries.visible(session, caller, matter_id)
    line = await forms.line_of(session, caller, matter, now)
    return page(
        request,
        "talents/templates/card_matter.html",
        problem=problem,
        told=forms.DONE.get(request.query_params.get("done", "")),
        line=line,
        each=line.view,
        until=await following.expected(session, matter, now),
        sees_card=await card_queries.sees_card(session, caller, matter.card_id),
        place=(await regions.of(session)).full_name(line.view.card_region),
        ends=matter.rules.ends,
        states=STATES,
        badges=BADGES,
        causes=forms.CAUSES,
        typed=given.firsts if given else {},
        now=now,
    )


@post(QUEUE + "/{matter_id:uuid}/{act:str}", **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    matter_id: FromPath[UUID],
    act: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """同意、不同意、撤回。"""
    given = await sent(request)
    if problem := await attempt(session, forms.act(session, act, matter_id, caller, given, now)):
        return await show(request, session, caller, matter_id, now, problem, given)
    return Redirect(f"{QUEUE}/{matter_id}?done={act}", status_code=303)


ROUTES: list[Any] = [queue, one, act]
