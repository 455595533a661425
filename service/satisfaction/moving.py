"""Open deadlines of bad ratings under a new version of the calendar (time.md 6, L4)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_deadlines import DeadlineRecomputed
from service.satisfaction.models import BadRating, CaseState, Rating
from service.worktime.moves import Batch, Change, Move, Stretch, rows_of, same_days

DUE = sa.case(
    (BadRating.state == CaseState.OPEN, BadRating.call_back_due_at),
    (BadRating.state == CaseState.RECTIFYING, BadRating.rectify_due_at),
)
"""The deadline that runs: the call-back's, then the rectification's."""
BEGAN = sa.case(
    (BadRating.state == CaseState.OPEN, BadRating.opened_at), else_=BadRating.called_back_at
)
COLUMNS = (
    BadRating.id, BadRating.state, BadRating.generation, DUE.label("due_at"),
    BEGAN.label("began_at"), Rating.id.label("rating_id"), Rating.region, Rating.offering,
    Rating.partner_id,
)  # fmt: skip


async def take(session: AsyncSession, change: Change, stretch: Stretch) -> Batch:
    """Reckon the next cases' deadlines anew, and keep that if asked (R1)."""
    span = change.difference
    query = (
        sa.select(*COLUMNS)
        .join(Rating, Rating.id == BadRating.rating_id)
        .where(span.since <= DUE, span.until > BEGAN, BadRating.calendar_version < change.version)
    )
    if span.places is not None:
        query = query.where(Rating.region.in_(span.places))
    rows, after, busy = await rows_of(session, query, BadRating.id, stretch, (BadRating, Rating))
    moves = [(row, same_days(row.began_at, row.due_at, change, row.region)) for row in rows]
    if stretch.keep:
        for row, due_at in moves:
            await _keep(session, row, due_at, change.version, stretch.now)
    found = [_move(row, due_at, stretch.now) for row, due_at in moves if due_at != row.due_at]
    return Batch(after, len(rows), found, busy)


def _leg(row: Any) -> str:
    return "call_back" if row.state == CaseState.OPEN else "rectification"


async def _keep(
    session: AsyncSession, row: Any, due_at: datetime, version: int, now: datetime
) -> None:
    # Past the ORM: nobody who is writing to the case is told that it changed under their hands.
    kept: dict[str, Any] = {"calendar_version": version}
    if due_at != row.due_at:
        name = "call_back_due_at" if row.state == CaseState.OPEN else "rectify_due_at"
        kept |= {name: due_at, "generation": row.generation + 1}
    await session.execute(sa.update(BadRating).where(BadRating.id == row.id).values(**kept))
    if due_at != row.due_at:
        event = DeadlineRecomputed(
            clock_id=row.id,
            generation=row.generation + 1,
            was_due_at=row.due_at,
            due_at=due_at,
            leg=_leg(row),
            calendar_version=version,
            offering=row.offering,
            # Before the call-back the agency is not concerned (satisfaction.md G7).
            partner_id=None if row.state == CaseState.OPEN else row.partner_id,
            rating_id=row.rating_id,
            was_late=row.due_at <= now,
        )
        await log.append(session, event, by=log.SYSTEM, region=row.region, now=now)


def _move(row: Any, due_at: datetime, now: datetime) -> Move:
    return Move(
        leg=_leg(row),
        clock_id=row.id,
        owner=f"ratings/{row.rating_id}",
        region=row.region,
        offering=row.offering,
        was_due_at=row.due_at,
        due_at=due_at,
        was_late=row.due_at <= now,
        late=due_at <= now < row.due_at,
    )
