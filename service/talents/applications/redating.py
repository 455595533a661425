"""Open steps of applications under a new version of the calendar (time.md 6, L4)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_deadlines import DeadlineRecomputed
from service.talents.applications import clocks, steps
from service.talents.applications.application import Application
from service.worktime.moves import Batch, Change, Move, Stretch, rows_of


async def take(session: AsyncSession, change: Change, stretch: Stretch) -> Batch:
    """Reckon the next applications' steps anew, and keep that if asked (R1).

    Whose place counts depends on the step, so the region is looked at here, not in the query.
    """
    span = change.difference
    query = sa.select(Application.id, Application).where(
        Application.due_at >= span.since,
        Application.step_since < span.until,
        Application.step.not_in(steps.ENDED),
        Application.calendar_version < change.version,
    )
    rows, after, busy = await rows_of(session, query, Application.id, stretch, (Application,))
    found = []
    for _, application in rows:
        move = _reckoned(application, change, stretch.now)
        if stretch.keep:
            await _keep(session, application, change, move, stretch.now)
        if move is not None:
            found.append(move)
    return Batch(after, len(rows), found, busy)


def _reckoned(application: Application, change: Change, now: datetime) -> Move | None:
    place = clocks.place_of(application, change.new.places)
    anew = clocks.reckoned(application, change.new.of(place))
    was, due_at = application.due_at, anew.due_at if anew else None
    if was is None or due_at is None or due_at == was:
        return None
    return Move(
        leg="mend" if application.step == steps.RETURNED else "review",
        clock_id=application.id,
        owner=f"applications/{application.id}",
        region=place,
        was_due_at=was,
        due_at=due_at,
        was_late=was <= now,
        late=due_at <= now < was,
    )


async def _keep(
    session: AsyncSession,
    application: Application,
    change: Change,
    move: Move | None,
    now: datetime,
) -> None:
    # Past the ORM: nobody who is looking at the file is told that it changed under their hands.
    generation = application.generation
    kept: dict[str, Any] = {"calendar_version": change.version}
    if move is not None:
        generation += 1
        kept |= {"due_at": move.due_at, "generation": generation}
    await session.execute(
        sa.update(Application).where(Application.id == application.id).values(**kept)
    )
    if move is not None:
        event = DeadlineRecomputed(
            clock_id=application.id,
            generation=generation,
            was_due_at=move.was_due_at,
            due_at=move.due_at,
            leg=move.leg,
            calendar_version=change.version,
            application_id=application.id,
            place=move.region,
            was_late=move.was_late,
        )
        await log.append(session, event, by=log.SYSTEM, region=application.region, now=now)
