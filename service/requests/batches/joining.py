"""A request and its waiting list: on it from its submission, off it with its end (ADR 0022).

Whoever calls holds the request's row. A batch's row is never locked here but by a request that
nobody else can see yet, so that the timers, which hold the batch and then its requests, wait for
nobody who waits for them.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_batches import RequestQueued, RequestUnlisted
from service import ids
from service.problems import Problem
from service.reference import regions
from service.requests import clocks
from service.requests.batches.models import LIVE, UNDECIDED, Batch, BatchState, Entry, Place
from service.requests.members import RequestMember
from service.requests.models import Request
from service.requests.states import State


class BatchDecides(Problem):
    """Who gets one of the places is for the batch's list to say, not for one clerk."""

    code = "batch-decides"
    status = 409
    title = "此申请由批次统一排序"
    advice = (
        "名额按公布的规则排序分配:请待名单公示、申请人确认后再办结;不符合条件的可说明理由不予办理。"
    )


class AlreadyQueued(Problem):
    """One lot each: a second request would be a second chance."""

    code = "already-queued"
    status = 409
    title = "已在这一批的轮候名单上"
    advice = "同一批名额每人(每名家庭成员)只排一次;为多名子女申请的,请先添加家庭成员并分别选择。"


async def join(
    session: AsyncSession, request: Request, members: Collection[UUID], now: datetime
) -> Entry | None:
    """Put a new request on the list of the nearest batch that is open for it, if there is one.

    `members` are those of the family for whom it is. Raises AlreadyQueued.
    """
    chain = (await regions.of(session)).chain(request.region)
    query = (
        select(Batch)
        .where(
            Batch.offering == request.offering,
            Batch.region.in_(chain),
            Batch.state == BatchState.GATHERING,
            Batch.opens_at <= now,
            Batch.closes_at > now,
        )
        .with_for_update(read=True)
    )
    found = sorted(await session.scalars(query), key=lambda b: (chain.index(b.region), b.id))
    if not found:
        return None
    await _check_once(session, request, found[0], members)
    return await queue(session, request, found[0], now, since_at=now)


async def _check_once(
    session: AsyncSession, request: Request, batch: Batch, members: Collection[UUID]
) -> None:
    """Nobody is on the list twice, also where two requests come at once. Raises AlreadyQueued."""
    lock = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 5))")
    await session.execute(lock, {"name": f"batch {batch.id} {request.person_id}"})
    query = (
        select(Entry.request_id, RequestMember.member_id)
        .join(Request, Request.id == Entry.request_id)
        .outerjoin(RequestMember, RequestMember.request_id == Entry.request_id)
        .where(
            Entry.batch_id == batch.id,
            Entry.state.in_(LIVE),
            Request.person_id == request.person_id,
        )
    )
    rows = (await session.execute(query)).all()
    named = {member for _, member in rows}
    # Who is named stands for themselves; a request that names nobody, for the holder or any child.
    if rows and (not members or None in named or not named.isdisjoint(members)):
        raise AlreadyQueued


async def queue(
    session: AsyncSession, request: Request, batch: Batch, now: datetime, since_at: datetime
) -> Entry:
    """On the waiting list, since when says `since_at`."""
    group = str(request.form.get(batch.group_field, "")) if batch.group_field else ""
    entry = Entry(
        id=ids.new_id(), batch_id=batch.id, request_id=request.id, since_at=since_at,
        state=Place.WAITING, group=group,
    )  # fmt: skip
    session.add(entry)
    await session.flush()
    event = RequestQueued(**of_place(request, batch.id))
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)
    return entry


def of_place(request: Request, batch_id: UUID) -> dict[str, Any]:
    """What every event of a place names."""
    return {
        "request_id": request.id, "offering": request.offering,
        "partner_id": request.partner_id, "batch_id": batch_id,
    }  # fmt: skip


async def entry_of(session: AsyncSession, request_id: UUID) -> Entry | None:
    """The request's place in a batch that still decides about it, locked; else None."""
    query = select(Entry).where(Entry.request_id == request_id, Entry.state.in_(LIVE))
    query = query.with_for_update().execution_options(populate_existing=True)
    found: Entry | None = await session.scalar(query)
    return found


async def agency_of(session: AsyncSession, request_id: UUID) -> UUID | None:
    """The agency on whose waiting list a request is; it is asked before nearer ones."""
    query = (
        select(Batch.partner_id)
        .join(Entry, Entry.batch_id == Batch.id)
        .where(Entry.request_id == request_id, Entry.state.in_(LIVE))
    )
    found: UUID | None = await session.scalar(query)
    return found


async def taken_on(session: AsyncSession, request: Request, now: datetime) -> None:
    """An agency accepted it, or has its correction: it waits for the list, and no time runs.

    Where another agency than the batch's took it on, that one decides by itself.
    """
    entry = await entry_of(session, request.id)
    if entry is None or entry.state not in (Place.WAITING, Place.CARRIED):
        return
    batch = await session.get_one(Batch, entry.batch_id)
    if batch.partner_id != request.partner_id:
        await unlist(session, request, entry, "elsewhere", now)
        return
    await clocks.stand_still(session, request, now)


async def before_asking(session: AsyncSession, request: Request, now: datetime) -> None:
    """A correction may be asked for until the list is made. Raises BatchDecides."""
    entry = await entry_of(session, request.id)
    if entry is None or entry.state == Place.TAKEN:
        return
    if entry.state not in (Place.WAITING, Place.CARRIED):
        raise BatchDecides
    await clocks.go_on(session, request, now)


async def before_publicity(session: AsyncSession, request: Request) -> None:
    """公示 is of the whole list. Raises BatchDecides."""
    entry = await entry_of(session, request.id)
    if entry is not None and entry.state in UNDECIDED:
        raise BatchDecides("公示由批次统一进行,名单排定后自动公示。")


async def before_completion(
    session: AsyncSession, request: Request, outcome: str, now: datetime
) -> None:
    """Granted only to who took a place; refused with a reason at any time. Raises BatchDecides."""
    entry = await entry_of(session, request.id)
    if entry is None:
        return
    if outcome == "granted":
        if entry.state != Place.TAKEN:
            raise BatchDecides
        entry.state, entry.stirred = Place.GIVEN, True
        return
    await clocks.go_on(session, request, now)
    entry.leave(Place.LEFT, "refused")


async def leave(session: AsyncSession, request: Request, reason: str) -> None:
    """The request has ended otherwise: its place is the next one's."""
    entry = await entry_of(session, request.id)
    if entry is not None:
        entry.leave(Place.LEFT, reason)


async def unlist(
    session: AsyncSession,
    request: Request,
    entry: Entry,
    reason: str,
    now: datetime,
    state: Place = Place.LEFT,
) -> None:
    """Off the list while the request goes on; its time runs again unless it is carried over."""
    entry.leave(state, reason)
    if state is not Place.CARRIED and request.state == State.ACCEPTED:
        await clocks.go_on(session, request, now)
    await session.flush()
    event = RequestUnlisted(**of_place(request, entry.batch_id), reason=reason)
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)
