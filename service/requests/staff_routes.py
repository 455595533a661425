"""Doors of staff: why a request went where it went, and 专家中心's rulings (api.md 5.6, 6.2)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.etag import revision_of
from service.paging import Cursor, Limit, Page
from service.requests import queries, views
from service.requests.actions import routing, ruling
from service.requests.actions.ruling import Ruling
from service.requests.models import Dispatch
from service.requests.routes import IfMatch, shown
from service.requests.routing import Considered
from service.requests.states import State
from service.requests.views import RequestSummary, RequestView
from service.worktime.hours import SHANGHAI

UNDECIDED = (State.SUBMITTED, State.ROUTING, State.IN_RULING)
centre = guards.roles(Role.CENTRE)


class Round(msgspec.Struct, frozen=True):
    """One offer: to whom, how it ended, and who else was weighed."""

    round: int
    partner_id: UUID
    partner_name: str
    offered_at: datetime
    ended_at: datetime | None
    end: str | None
    reason: str | None
    note: str | None
    considered: list[Any]


class Explained(msgspec.Struct, frozen=True):
    """Each choice that was made; `now` weighs the partners again where nobody has it yet."""

    state: str
    rounds: list[Round]
    now: list[Considered] | None


@get("/v1/requests/{request_id:uuid}/routing", guards=[guards.staff])
async def explain(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Explained:
    """每次派送:考虑过哪些单位,各因何未选。 Problems: 404."""
    request = (await queries.visible(session, caller, request_id)).request
    rounds = [_round(*each) for each in await queries.dispatches_of(session, request_id)]
    undecided = request.state in UNDECIDED
    weighed = list((await routing.weigh(session, request, now)).considered) if undecided else None
    return Explained(request.state, rounds, weighed)


def _round(dispatch: Dispatch, name: str) -> Round:
    return Round(
        dispatch.round,
        dispatch.partner_id,
        name,
        dispatch.offered_at.astimezone(SHANGHAI),
        views.local(dispatch.ended_at),
        dispatch.end,
        dispatch.reason,
        dispatch.note,
        dispatch.considered,
    )


@get("/v1/centre/rulings", guards=[centre])
async def rulings(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[RequestSummary]]:
    """等待裁定的申请,先来的在前。"""
    after = paging.after(cursor)
    found = await queries.of_caller(
        session, caller, after=after, limit=limit, state=State.IN_RULING
    )
    page = paging.page_of([views.summary_of(each) for each in found], limit, lambda r: r.id)
    return paging.answer(request, page)


@post("/v1/centre/rulings/{request_id:uuid}", guards=[centre], status_code=200)
async def rule(
    request_id: FromPath[UUID],
    data: Ruling,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[RequestView]:
    """裁定:指定办理单位,或终止。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    await ruling.rule(session, request_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, await queries.visible(session, caller, request_id))


ROUTES = [explain, rulings, rule]
