"""Doors of batches: an agency's, a holder's, and everybody's."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller
from service.etag import etag, revision_of
from service.paging import Cursor, Limit, Page
from service.problems import NotFound
from service.requests.batches import (
    desk_pages,
    objecting,
    opening,
    places,
    placing,
    public_pages,
    ranking,
    views,
)
from service.requests.batches.announcing import Opening
from service.requests.batches.models import Batch
from service.requests.batches.objecting import Objecting, ObjectionRuling
from service.requests.batches.places import PlaceView
from service.requests.batches.placing import Answer
from service.requests.batches.views import BatchSummary, PartnerBatch, PublicBatch
from service.requests.routes import IfMatch

BASE = "/v1/partner/batches"
ONE = BASE + "/{batch_id:uuid}"
PLACE = "/v1/requests/{request_id:uuid}/place"
PUBLIC = "/v1/public/batches"
OPEN: dict[str, Any] = {"opt": {"open": True}}


async def shown(
    session: AsyncSession, caller: Caller, batch_id: UUID, now: datetime
) -> PartnerBatch:
    """A batch of the caller's agency; raises NotFound."""
    batch = await session.get(Batch, batch_id)
    pending = await ranking.pending(session, batch) if batch else 0
    return await views.of_partner(session, caller, batch_id, now, pending)


@post(BASE, guards=[guards.partner])
async def open_one(
    data: Opening,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> PartnerBatch:
    """公布一批名额:数量、受理时段、排序规则;抽签种子的 SHA-256 同时公布,种子在排序时公开。

    Problems: 409 `batch-overlaps`, `not-batched`, 422.
    """
    batch = await opening.open_batch(session, caller, data, now)
    return await shown(session, caller, batch.id, now)


@get(BASE, guards=[guards.partner])
async def of_partner(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[BatchSummary]]:
    """本单位的批次。"""
    query = select(Batch).where(Batch.partner_id == caller.partner_id)
    return await _page(request, session, query, limit, cursor, now)


async def _page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    query: Any,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> Response[Page[BatchSummary]]:
    if after := paging.after(cursor):
        query = query.where(Batch.id > after)
    found = (await session.scalars(query.order_by(Batch.id).limit(limit + 1))).all()
    lines = [await views.summary(session, each, now) for each in found]
    return paging.answer(request, paging.page_of(lines, limit, lambda each: each.id))


@get(ONE, guards=[guards.partner])
async def one(
    batch_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> PartnerBatch:
    """一批名额:名单、各人状态、异议。 Problems: 404."""
    return await shown(session, caller, batch_id, now)


@post(ONE + "/rank", guards=[guards.partner], status_code=200)
async def rank(
    batch_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> PartnerBatch:
    """截止后提前排序并公示;不按则到最迟排序时刻自动进行。

    Problems: 404, 409 `wrong-state`, `batch-not-ready`.
    """
    await ranking.rank_early(session, batch_id, caller, now)
    return await shown(session, caller, batch_id, now)


@post(ONE + "/cancel", guards=[guards.partner], status_code=200)
async def cancel(
    batch_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> PartnerBatch:
    """排序前取消这一批;名单上的申请恢复计时,逐件办理。 Problems: 404, 409 `wrong-state`."""
    await opening.cancel(session, batch_id, caller, now)
    return await shown(session, caller, batch_id, now)


@post(ONE + "/objections/{objection_id:uuid}/ruling", guards=[guards.partner], status_code=200)
async def rule(
    batch_id: FromPath[UUID],
    objection_id: FromPath[UUID],
    data: ObjectionRuling,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> PartnerBatch:
    """裁定一件异议,只能一次;成立的在公示期满后重新排序并再次公示。

    Problems: 404, 409 `wrong-state`, 422.
    """
    await objecting.rule(session, batch_id, objection_id, caller, data, now)
    return await shown(session, caller, batch_id, now)


async def own_place(
    session: AsyncSession, caller: Caller, request_id: UUID, now: datetime
) -> PlaceView:
    """Where the request stands; raises NotFound where it is in no batch."""
    found = await places.place_of(session, caller, request_id, now)
    if found is None:
        raise NotFound
    return found


@get(PLACE, guards=[guards.holder_side])
async def place(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> PlaceView:
    """本件申请在批次中的位置。 Problems: 404."""
    return await own_place(session, caller, request_id, now)


@post(PLACE, guards=[guards.holder_side], status_code=200)
async def answer(
    request_id: FromPath[UUID],
    data: Answer,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[PlaceView]:
    """接受名额,或放弃(本件申请撤回,名额给下一位)。 Problems: 404, 409 `wrong-state`, 412, 428."""
    revision = revision_of(if_match)
    done = await placing.answer(session, request_id, caller, revision, data, now)
    seen = await own_place(session, caller, request_id, now)
    return Response(seen, headers={"ETag": etag(done.revision)})


@post(PLACE + "/objections", guards=[guards.talent])
async def object_to(
    request_id: FromPath[UUID],
    data: Objecting,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> PlaceView:
    """公示期内对名单提出异议。 Problems: 404, 409 `wrong-state`, `too-many-objections`, 422."""
    await objecting.object_to(session, request_id, caller, data, now)
    return await own_place(session, caller, request_id, now)


@get(PUBLIC, **OPEN)
async def public_all(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[BatchSummary]]:
    """公布的各批名额与规则。"""
    return await _page(request, session, select(Batch), limit, cursor, now)


@get(PUBLIC + "/{batch_id:uuid}", **OPEN)
async def public_one(
    batch_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> PublicBatch:
    """一批名额的公告与名单;公示期内有脱敏姓名和排序依据,之后只留顺序和抽签值。 Problems: 404."""
    return await views.public(session, batch_id, now)


ROUTES: list[Any] = [
    open_one, of_partner, one, rank, cancel, rule, place, answer, object_to, public_all, public_one,
    *public_pages.ROUTES, *desk_pages.ROUTES,
]  # fmt: skip
