"""Doors of the holder, and of those who may look over their shoulder (api.md 5.1–5.3)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.etag import etag, revision_of, unchanged
from service.paging import Cursor, Limit, Page
from service.requests import choices, members, queries, results, timeline, views
from service.requests import open_counts as _open_counts  # noqa: F401 - the unit's page asks it
from service.requests.actions import holding, submitting
from service.requests.actions.holding import Answers, Choice
from service.requests.actions.submitting import Submission
from service.requests.queries import Found
from service.requests.states import Party, State
from service.requests.views import RequestSummary, RequestView

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="读到的 ETag")]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match")]
onlookers = guards.roles(Role.TALENT, Role.STEWARD, Role.CENTRE)


def party_of(caller: Caller) -> Party:
    """On whose side a caller of these doors stands."""
    return Party.CENTRE if caller.has(Role.CENTRE) else Party.HOLDER


async def shown(session: AsyncSession, caller: Caller, found: Found) -> Response[RequestView]:
    """The whole request with its ETag."""
    request = found.request
    clocks = (await queries.clocks_of(session, [request.id])).get(request.id, [])
    notes = await queries.notes_of(session, request.id)
    named = await members.of_request(session, request.id)
    banks = await choices.of_request(session, request)
    files = await results.of_request(session, found.request)
    view = views.view_of(found, clocks, notes, party_of(caller), named, banks, files)
    return Response(view, headers={"ETag": etag(request.revision)})


@post("/v1/requests", guards=[guards.holder_side])
async def submit(
    data: Submission,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[RequestView]:
    """提交服务申请;服务专员可为所服务的人才代提(`on_behalf_of`)。

    Problems: 409 `not-entitled`, `not-requestable`, 422.
    """
    request, version, promise, named = await submitting.submit(session, caller, data, now)
    found = Found(request, version, None, promise)
    banks = await choices.of_request(session, request)
    view = views.view_of(found, [promise], [], Party.HOLDER, named, banks)
    headers = {"ETag": etag(request.revision), "Location": f"/v1/requests/{request.id}"}
    return Response(view, headers=headers)


@get("/v1/requests", guards=[onlookers], shows="requests")
async def requests(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
    request_state: Annotated[State | None, QueryParameter(name="state")] = None,
    offering: Annotated[str | None, QueryParameter(pattern="^[A-Z0-9-]{1,16}$")] = None,
) -> Response[Page[RequestSummary]]:
    """我的申请;服务专员看所服务的人才,专家中心看本区域全部。"""
    found = await queries.of_caller(
        session,
        caller,
        after=paging.after(cursor),
        limit=limit,
        state=request_state,
        offering=offering,
    )
    page = paging.page_of([views.summary_of(each) for each in found], limit, lambda r: r.id)
    return paging.answer(request, page)


@get("/v1/requests/{request_id:uuid}", shows="request")
async def request(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    if_none_match: IfNoneMatch = None,
) -> Response[RequestView]:
    """一件申请的全貌。 Problems: 404."""
    found = await queries.visible(session, caller, request_id)
    tag = etag(found.request.revision)
    if unchanged(if_none_match, tag):
        return Response(None, status_code=304, headers={"ETag": tag})  # type: ignore[arg-type]
    return await shown(session, caller, found)


class Story(msgspec.Struct, frozen=True):
    """The whole story."""

    items: list[timeline.Entry]


@get("/v1/requests/{request_id:uuid}/timeline")
async def story(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Story:
    """从提交到现在的每一步,何时、何方、何事。 Problems: 404."""
    found = await queries.visible(session, caller, request_id)
    return Story(await timeline.of(session, found.request))


@post("/v1/requests/{request_id:uuid}/withdraw", guards=[guards.holder_side], status_code=200)
async def withdraw(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[RequestView]:
    """撤回申请。 Problems: 404, 409 `wrong-state`, 412, 428."""
    await holding.withdraw(session, request_id, caller, revision_of(if_match), now)
    return await shown(session, caller, await queries.visible(session, caller, request_id))


@post("/v1/requests/{request_id:uuid}/answers", guards=[guards.holder_side], status_code=200)
async def answers(
    request_id: FromPath[UUID],
    data: Answers,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[RequestView]:
    """答复补正。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    await holding.answer(session, request_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, await queries.visible(session, caller, request_id))


@post("/v1/requests/{request_id:uuid}/choice", guards=[guards.holder_side], status_code=200)
async def choice(
    request_id: FromPath[UUID],
    data: Choice,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[RequestView]:
    """调整依次询问的银行;正在办理的一家不变,问过的不再问。

    Problems: 404, 409 `wrong-state`, 412, 422, 428.
    """
    await holding.choose(session, request_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, await queries.visible(session, caller, request_id))


ROUTES = [submit, requests, request, story, withdraw, answers, choice]
