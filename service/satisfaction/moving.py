"""Open deadlines of bad ratings under a new version of the calendar (time.md 6, L4)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_deadlines import DeadlineRecomputed
from service.satisfaction import case_clocks, rules
from service.satisfaction.models import BadRating, CaseState, Rating
from service.worktime.moves import Batch, Change, Move, Stretch, rows_of

CASES = sa.select(BadRating.id, BadRating, Rating).join(Rating, Rating.id == BadRating.rating_id)


async def take(session: AsyncSession, change: Change, stretch: Stretch) -> Batch:
    """Reckon the next cases' deadlines anew, and keep that if asked (R1)."""
    span, numbers = change.difference, await rules.in_force(session)
    due_at, newer = BadRating.step_due_at, BadRating.calendar_version < change.version
    query = CASES.where(span.since <= due_at, span.until > BadRating.opened_at, newer)
    if span.places is not None:
        query = query.where(Rating.region.in_(span.places))
    rows, after, busy = await rows_of(session, query, BadRating.id, stretch, (BadRating, Rating))
    found = []
    for _, case, rating in rows:
        calendar = change.new.of(rating.region)
        anew = case_clocks.anew(case, calendar, numbers, stretch.now)
        moved = anew["step_due_at"] != case.step_due_at
        if moved:
            found.append(_move(case, rating, anew["step_due_at"], stretch.now))
        if stretch.keep:
            await _keep(session, case, rating, anew if moved else {}, change.version, stretch.now)
    return Batch(after, len(rows), found, busy)


async def _keep(
    session: AsyncSession,
    case: BadRating,
    rating: Rating,
    anew: dict[str, Any],
    version: int,
    now: datetime,
) -> None:
    if anew and case.step_due_at:
        event = DeadlineRecomputed(
            clock_id=case.id,
            generation=case.generation + 1,
            was_due_at=case.step_due_at,
            due_at=anew["step_due_at"],
            leg=case_clocks.LEGS[CaseState(case.state)],
            calendar_version=version,
            offering=rating.offering,
            # Only the agency's own step is its concern (satisfaction.md G7).
            partner_id=rating.partner_id if case.state == CaseState.RECTIFYING else None,
            rating_id=rating.id,
            was_late=case.step_due_at <= now,
        )
        await log.append(session, event, by=log.SYSTEM, region=rating.region, now=now)
        anew = {**anew, "generation": case.generation + 1}
    # Past the unit of work: time is no new revision, nobody's form goes stale by it.
    kept = sa.update(BadRating).where(BadRating.id == case.id)
    await session.execute(kept.values(calendar_version=version, **anew))


def _move(case: BadRating, rating: Rating, due_at: datetime, now: datetime) -> Move:
    was = case.step_due_at or due_at
    return Move(
        leg=case_clocks.LEGS[CaseState(case.state)],
        clock_id=case.id,
        owner=f"ratings/{rating.id}",
        region=rating.region,
        offering=rating.offering,
        was_due_at=was,
        due_at=due_at,
        was_late=was <= now,
        late=due_at <= now < was,
    )
