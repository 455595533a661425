"""What time does to a request; the timers call these inside their own transaction.

Each locks the request first and looks again: a partner or holder who was quicker wins, and the
same call twice does nothing.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service.requests import clocks, health
from service.requests.actions import reach, routing
from service.requests.batches import joining
from service.requests.states import Ended, State


async def lapse(session: AsyncSession, request_id: UUID, now: datetime) -> bool:
    """An offer was not answered in its time and the grace: it is withdrawn (time.md L2).

    `OfferWithdrawn` makes the routing go on; the third time 专家中心 rules. Returns whether it did.
    """
    request = await reach.locked(session, request_id)
    if request.state != State.OFFERED:
        return False
    offer = await reach.open_dispatch(session, request)
    reach.end(offer, Ended.LAPSED, now)
    await session.flush()
    await health.note_lapse(session, offer.partner_id, now)
    await clocks.stop(session, request.id, "acceptance", now)
    event = request.lapse(offer.id)
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)
    if request.bounced_out:
        await routing.open_ruling(session, request, now)
    return True


async def expire(session: AsyncSession, request_id: UUID, now: datetime) -> bool:
    """A correction was not answered in its time: the request ends (time.md P5)."""
    request = await reach.locked(session, request_id)
    if request.state != State.AWAITING_CORRECTION:
        return False
    event = request.expire(now)
    await joining.leave(session, request, "expired")
    await clocks.stop_all(session, request, now)
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)
    return True


async def end_publicity(session: AsyncSession, request_id: UUID, now: datetime) -> bool:
    """公示 is over: handling goes on (time.md P1)."""
    request = await reach.locked(session, request_id)
    if request.state != State.IN_PUBLICITY:
        return False
    handling = await clocks.resume(session, request, now)
    event = request.end_publicity(handling.due_at or now)
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)
    return True
