"""Each clock that ended or breached is noted once, with how far it had got."""

from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests import clocks
from service.requests.forecasting.models import Pace
from service.requests.forecasting.progress import STEPS, step_at
from service.requests.models import Clock, Dispatch, Request
from service.requests.states import Ended
from service.worktime import reckoning

LEGS = ("acceptance", "first_review", "handling")
"""The legs that are a partner's to keep; the holder's promise is all of them."""

# A clock knows no partner; the offer that it began with or under does. One that was declined since
# is another bank's, which had its own clocks.
OFFERED = and_(Clock.leg == "acceptance", Dispatch.offered_at == Clock.started_at)
TAKEN_ON = and_(
    Clock.leg != "acceptance",
    Dispatch.end == Ended.ACCEPTED,
    Dispatch.ended_at <= Clock.started_at,
    or_(Dispatch.declined_at.is_(None), Dispatch.declined_at >= Clock.stopped_at),
)


async def note(session: AsyncSession, request_id: UUID) -> int:
    """Note the clocks of a request of which it is known how they ended; returns how many.

    Safe to call twice: what is noted stays as it is.
    """
    ended = or_(Clock.stopped_at.is_not(None), Clock.breached_at.is_not(None))
    query = (
        select(Clock, Dispatch.partner_id, Request.offering)
        .join(Request, Request.id == Clock.request_id)
        .join(Dispatch, and_(Dispatch.request_id == Clock.request_id, or_(OFFERED, TAKEN_ON)))
        .outerjoin(Pace, Pace.clock_id == Clock.id)
        .where(Clock.request_id == request_id, Clock.leg.in_(LEGS), ended, Pace.clock_id.is_(None))
    )
    found = (await session.execute(query)).all()
    rows = [await _row(session, *each) for each in found]
    if rows:
        await session.execute(insert(Pace).values(rows).on_conflict_do_nothing())
    return len(rows)


async def _row(
    session: AsyncSession, clock: Clock, partner_id: UUID, offering: str
) -> dict[str, object]:
    known_at = clock.breached_at or clock.stopped_at or clock.started_at
    step = STEPS if clock.breached_at else await _step(session, clock)
    return {
        "clock_id": clock.id, "partner_id": partner_id, "offering": offering, "leg": clock.leg,
        "step": step, "known_at": known_at,
    }  # fmt: skip


async def _step(session: AsyncSession, clock: Clock) -> int:
    rows = await clocks.pauses_of(session, clock.request_id)
    return step_at(
        clock.stopped_at or clock.started_at,
        clock.started_at,
        reckoning.from_json(clock.budget),
        await clocks.calendar_of(session, clock),
        clocks.stretches_of(clock, rows),
    )
