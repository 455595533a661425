"""What is due now, for the timers: clocks whose next rung has fallen, pauses that have an end.

Requests are locked before their clocks, as everybody else does, and a request that somebody is
busy with is left for the next sweep.
"""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests import firing
from service.requests.clocks import Act, fire
from service.requests.models import Clock, Pause, Request

AGAIN = timedelta(minutes=5)
"""When the sweep looks again at a clock whose firing failed."""

ALONE = 20
"""So many clocks at once are fired one by one; the others of the batch come with the next sweep."""

log = structlog.get_logger("service.requests.falling")


async def fire_due(
    session: AsyncSession, now: datetime, limit: int, acts: Mapping[str, Act]
) -> int:
    """Fire the rungs of up to `limit` requests in the caller's transaction; returns how many.

    Those that only tell fire together (firing.py). Of the others `next_at` is pushed on before the
    work and each clock has a savepoint, so that one that fails neither stops the others nor comes
    back at once.
    """
    waiting = (
        select(Clock.request_id)
        .join(Request, Request.id == Clock.request_id)
        .where(Clock.next_at <= now)
        .order_by(Clock.next_at)
        .limit(limit)
        .with_for_update(of=Request, skip_locked=True)
    )
    found = set(await session.scalars(waiting))
    if not found:
        return 0
    done, alone = await _fire_many(session, found, now)
    alone = alone[:ALONE]
    for clock in alone:
        clock.next_at = now + AGAIN
    await session.flush()
    return done + sum([await _fire_one(session, clock, now, acts) for clock in alone])


async def _fire_many(
    session: AsyncSession, found: Set[UUID], now: datetime
) -> tuple[int, Sequence[Clock]]:
    """Fire what only tells, all together; returns how many, and the clocks to be fired alone.

    Where something fails, nothing of it has happened and each is fired alone.
    """
    try:
        async with session.begin_nested():
            return await firing.fire_together(session, await _due(session, found, now), now)
    except Exception as failed:
        log.error("clocks did not fire together", count=len(found), kind=type(failed).__name__)
        return 0, await _due(session, found, now)


async def _due(session: AsyncSession, found: Set[UUID], now: datetime) -> Sequence[Clock]:
    """The clocks, read again: one may have stopped while we came to its request."""
    due = select(Clock).where(Clock.request_id.in_(found), Clock.next_at <= now)
    due = due.order_by(Clock.next_at, Clock.id).with_for_update()
    return (await session.scalars(due.execution_options(populate_existing=True))).all()


async def _fire_one(
    session: AsyncSession, clock: Clock, now: datetime, acts: Mapping[str, Act]
) -> int:
    clock_id = str(clock.id)  # the row is out of date once the savepoint is rolled back
    try:
        async with session.begin_nested():
            return await fire(session, clock, now, acts)
    except Exception as failed:
        # An id is no personal data; the message might be.
        log.error("a clock did not fire", clock=clock_id, kind=type(failed).__name__)
        return 0


async def end_pauses(session: AsyncSession, now: datetime, limit: int, act: Act) -> int:
    """End up to `limit` pauses that have come to their end by themselves; returns how many."""
    over = (
        select(Pause.request_id)
        .join(Request, Request.id == Pause.request_id)
        .where(Pause.ended_at.is_(None), Pause.ends_at <= now)
        .order_by(Pause.ends_at)
        .limit(limit)
        .with_for_update(of=Request, skip_locked=True)
    )
    found = (await session.scalars(over)).all()
    return sum([await act(session, request_id, now) for request_id in found])
