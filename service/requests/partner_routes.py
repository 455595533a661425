"""Doors of 办理单位, for its machines and its clerks alike (api.md 5.4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller
from service.etag import etag, revision_of, unchanged
from service.paging import Cursor, Limit, Page
from service.requests import members, models, queries, results, views
from service.requests.actions import handling
from service.requests.actions.handling import Ask, Bounce, Completion, Progress, Publicity
from service.requests.actions.reviewing import FirstReview
from service.requests.queries import Found
from service.requests.routes import IfMatch, IfNoneMatch
from service.requests.states import State
from service.requests.views import PartnerSummary, PartnerView

BASE = "/v1/partner/requests"
ONE = BASE + "/{request_id:uuid}"


async def summaries(session: AsyncSession, found: Sequence[Found]) -> list[PartnerSummary]:
    """Lines of a queue, each with what runs out next."""
    clocks = await queries.clocks_of(session, [each.request.id for each in found])
    return [views.partner_summary(each, clocks.get(each.request.id, [])) for each in found]


async def view(session: AsyncSession, caller: Caller, request_id: UUID) -> PartnerView:
    """A request that the caller's agency has; raises NotFound."""
    found = await queries.at_partner(session, caller.partner_id, request_id)
    clocks = (await queries.clocks_of(session, [request_id])).get(request_id, [])
    notes = await queries.notes_of(session, request_id, partner_id=caller.partner_id)
    named = await members.of_request(session, request_id)
    files = await results.of_request(session, found.request)
    return views.partner_view(found, clocks, notes, named, files)


async def shown(session: AsyncSession, caller: Caller, request_id: UUID) -> Response[PartnerView]:
    """The request with its ETag."""
    seen = await view(session, caller, request_id)
    return Response(seen, headers={"ETag": seen.etag})


@get(BASE, guards=[guards.partner], shows="requests")
async def queue(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
    request_state: Annotated[State | None, QueryParameter(name="state")] = None,
) -> Response[Page[PartnerSummary]]:
    """派送给本单位的申请。"""
    after = paging.after(cursor)
    found = await queries.of_partner(
        session, caller.partner_id, after=after, limit=limit, state=request_state
    )
    page = paging.page_of(await summaries(session, found), limit, lambda line: line.id)
    return paging.answer(request, page)


@get(ONE, guards=[guards.partner], shows="request")
async def one(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    if_none_match: IfNoneMatch = None,
) -> Response[PartnerView]:
    """一件申请中本单位可见的内容;转走后为 404。"""
    found = await queries.at_partner(session, caller.partner_id, request_id)
    tag = etag(found.request.revision)
    if unchanged(if_none_match, tag):
        return Response(None, status_code=304, headers={"ETag": tag})  # type: ignore[arg-type]
    return await shown(session, caller, request_id)


@post(ONE + "/accept", guards=[guards.partner], status_code=200)
async def accept(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[PartnerView]:
    """办理单位接件,此后按承诺时限计时。 Problems: 404, 409 `wrong-state`, 412, 428."""
    await handling.accept(session, request_id, caller, revision_of(if_match), now)
    return await shown(session, caller, request_id)


class MovedOn(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request that is no longer the caller's; `outcome` where it was declined."""

    id: UUID
    number: str
    state: str
    outcome: str | None = None


@post(ONE + "/bounce", guards=[guards.partner], status_code=200)
async def bounce(
    request_id: FromPath[UUID],
    data: Bounce,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> MovedOn:
    """退件,另行派送;第三次转专家中心裁定。reason 用 not_responsible、out_of_region、no_capacity、
    duplicate、other 之一,其他文字按 other 记录并附在说明中。 Problems: 404, 409, 412, 422, 428.
    """
    revision = revision_of(if_match)
    done = await handling.bounce(session, request_id, caller, revision, data, now)
    return MovedOn(done.id, done.number, done.state)


@post(ONE + "/ask", guards=[guards.partner], status_code=200)
async def ask(
    request_id: FromPath[UUID],
    data: Ask,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[PartnerView]:
    """一次性告知补正;答复前不计时。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    await handling.ask(session, request_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, request_id)


@post(ONE + "/publicity", guards=[guards.partner], status_code=200)
async def publicity(
    request_id: FromPath[UUID],
    data: Publicity,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[PartnerView]:
    """自今日起公示至某日,期间不计时。 Problems: 404, 409, 412, 422, 428."""
    await handling.publicise(session, request_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, request_id)


@post(ONE + "/progress", guards=[guards.partner], status_code=200)
async def progress(
    request_id: FromPath[UUID],
    data: Progress,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[PartnerView]:
    """告知申请人办理进展。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    await handling.progress(session, request_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, request_id)


@post(ONE + "/first-review", guards=[guards.partner], status_code=200)
async def first_review(
    request_id: FromPath[UUID],
    data: FirstReview,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[PartnerView | MovedOn]:
    """初审结果(有初审时限的事项,如人才贷):`passed` 通过,此后按决定时限计时;`refused` 不通过并说明
    原因,等同于不予办理。初审期间直接办结的,视同同时作出初审结果。

    Problems: 404, 409 `wrong-state`, 412, 422, 428.
    """
    revision = revision_of(if_match)
    done = await handling.first_review(session, request_id, caller, revision, data, now)
    return await _answered(session, caller, done, "declined")


async def _answered(
    session: AsyncSession, caller: Caller, done: models.Request, outcome: str
) -> Response[PartnerView | MovedOn]:
    """The request as it is now, or that it moved on to another partner."""
    if done.partner_id is None:
        return Response(MovedOn(done.id, done.number, done.state, outcome))
    seen = await view(session, caller, done.id)
    return Response(seen, headers={"ETag": seen.etag})


@post(ONE + "/complete", guards=[guards.partner], status_code=200)
async def complete(
    request_id: FromPath[UUID],
    data: Completion,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[PartnerView | MovedOn]:
    """办结:予以办理须带结果,不予办理须说明原因。

    结果材料(证书、通知书等)先传 `/v1/files`,写在 `files`,只给申请人一侧看。

    申请人依次选择了几家银行的,不予办理后转下一家,本单位不再可见,答复只有编号和状态。

    Problems: 404, 409 `wrong-state` `loan-cap` `rate-cap`, 412, 422, 428.
    """
    done = await handling.complete(session, request_id, caller, revision_of(if_match), data, now)
    return await _answered(session, caller, done, data.outcome)


ROUTES = [queue, one, accept, bounce, ask, publicity, progress, first_review, complete]
