"""What is due now, for the timers: clocks whose next rung has fallen, pauses that have an end.

Requests are locked before their clocks, as everybody else does, and a request that somebody is
busy with is left for the next sweep.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests.clocks import Act, fire
from service.requests.models import Clock, Pause, Request

AGAIN = timedelta(minutes=5)
"""When the sweep looks again at a clock whose firing failed."""

log = structlog.get_logger("service.requests.falling")


async def fire_due(
    session: AsyncSession, now: datetime, limit: int, acts: Mapping[str, Act]
) -> int:
    """Fire the rungs of up to `limit` requests in the caller's transaction; returns how many.

    `next_at` is pushed on before the work and each clock has a savepoint, so that one that fails
    neither stops the others nor comes back at once.
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
    # Locked now; read again, for a clock may have stopped while we came to its request.
    due = select(Clock).where(Clock.request_id.in_(found), Clock.next_at <= now)
    due = due.order_by(Clock.next_at, Clock.id).with_for_update()
    clocks = (await session.scalars(due.execution_options(populate_existing=True))).all()
    for clock in clocks:
        clock.next_at = now + AGAIN
    await session.flush()
    return sum([await _fire_one(session, clock, now, acts) for clock in clocks])


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
