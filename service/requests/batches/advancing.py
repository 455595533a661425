"""What time does to batches, for the timers: lists made, places offered, nobody kept for ever."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_batches import BatchSettled
from service.requests import clocks, lapsing
from service.requests.actions import reach
from service.requests.batches import joining, placing, ranking
from service.requests.batches.models import Batch, BatchState, Entry, Place
from service.requests.batches.opening import of_batch, tell
from service.requests.models import Request
from service.requests.states import State

AGAIN = timedelta(minutes=5)
"""When the timers try a batch again that failed."""
CARRIED_FOR = timedelta(days=90)
"""How long somebody waits for an agency's next batch at most (A)."""
told = structlog.get_logger("service.requests.batches")


async def advance_due(session: AsyncSession, now: datetime, limit: int) -> int:
    """Batches whose time has come, or on whose list something happened; returns how many."""
    stirred = exists().where(
        Entry.batch_id == Batch.id,
        or_(Entry.stirred, (Entry.state == Place.OFFERED) & (Entry.answer_by <= now)),
    )
    # `next_at` is also when one that failed is tried again.
    placing = (Batch.state == BatchState.PLACING) & Batch.next_at.is_(None) & stirred
    query = select(Batch).where(or_(Batch.next_at <= now, placing)).order_by(Batch.id).limit(limit)
    query = query.with_for_update(skip_locked=True)
    found = (await session.scalars(query.execution_options(populate_existing=True))).all()
    return sum([await _advance_one(session, batch, now) for batch in found])


async def _advance_one(session: AsyncSession, batch: Batch, now: datetime) -> int:
    """One that fails is as it was, neither stops the others nor comes back at once."""
    batch.next_at, batch_id = now + AGAIN, str(batch.id)
    await session.flush()
    try:
        async with session.begin_nested():
            await advance(session, batch, now)
    except Exception as failed:
        # An id is no personal data; the message might be.
        told.error("a batch did not advance", batch=batch_id, kind=type(failed).__name__)
        return 0
    return 1


async def release_due(session: AsyncSession, now: datetime, limit: int) -> int:
    """Who was carried over is handled by themselves after so long without a next batch: no agency
    may hold a promise up by announcing none (ADR 0022). Returns how many."""
    query = (
        select(Entry.request_id)
        .join(Batch, Batch.id == Entry.batch_id)
        .join(Request, Request.id == Entry.request_id)
        .where(Entry.state == Place.CARRIED, Batch.ended_at <= now - CARRIED_FOR)
        .order_by(Entry.request_id)
        .limit(limit)
        .with_for_update(of=Request, skip_locked=True)
    )
    found = (await session.scalars(query)).all()
    for request_id in found:
        request = await reach.locked(session, request_id)
        entry = await joining.entry_of(session, request_id)
        if entry is not None and entry.state == Place.CARRIED:
            await joining.unlist(session, request, entry, "released", now)
            entry.stirred = False
    return len(found)


async def advance(session: AsyncSession, batch: Batch, now: datetime) -> None:
    """What time asks of one batch, which is locked."""
    batch.next_at = None
    match batch.state:
        case BatchState.GATHERING:
            await ranking.rank(session, batch, now)
        case BatchState.SHOWN:
            await _after_publicity(session, batch, now)
        case BatchState.PLACING:
            await placing.go_round(session, batch, now)
    await session.flush()


async def _after_publicity(session: AsyncSession, batch: Batch, now: datetime) -> None:
    """The list stands, or is made again; while an objection waits for its ruling, neither."""
    if await ranking.open_objections(session, batch):
        return
    if await ranking.must_rank_again(session, batch):
        await ranking.rank(session, batch, now)
        return
    batch.state = BatchState.PLACING
    await tell(session, batch, BatchSettled(**of_batch(batch)), log.SYSTEM, now)
    for _, request in await placing.on_list(session, batch, Place.LISTED):
        if request.state == State.IN_PUBLICITY:
            await lapsing.end_publicity(session, request.id, now)
        await clocks.stand_still(session, request, now)
    await placing.go_round(session, batch, now)
