"""Open matters of cards under a new version of the calendar (time.md 6, L4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_deadlines import DeadlineRecomputed
from service.talents.cards.card import Card
from service.talents.matters.kinds import KINDS
from service.talents.matters.models import OPEN, Matter
from service.worktime.moves import Batch, Change, Move, Stretch, rows_of
from service.worktime.reckoning import WorkingDays, due

COLUMNS = (
    Matter.id, Matter.card_id, Matter.kind, Matter.place, Matter.opened_at, Matter.due_at,
    Matter.generation, Card.region,
)  # fmt: skip


async def take(session: AsyncSession, change: Change, stretch: Stretch) -> Batch:
    """Reckon the next matters' deadlines anew, and keep that if asked (R1)."""
    span = change.difference
    query = (
        sa.select(*COLUMNS)
        .join(Card, Card.id == Matter.card_id)
        .where(
            Matter.state == OPEN,
            Matter.due_at >= span.since,
            Matter.opened_at < span.until,
            Matter.calendar_version < change.version,
        )
    )
    if span.places is not None:
        query = query.where(Matter.place.in_(span.places))
    rows, after, busy = await rows_of(session, query, Matter.id, stretch, (Matter, Card))
    moves = [move for row in rows if (move := _move(row, change, stretch.now))]
    if stretch.keep:
        await _keep(session, rows, moves, change.version, stretch.now)
    return Batch(after, len(rows), moves, busy)


def _move(row: Any, change: Change, now: datetime) -> Move | None:
    budget = WorkingDays(KINDS[row.kind].workdays)
    due_at = due(row.opened_at, budget, change.new.of(row.place)).due_at
    if due_at is None or due_at == row.due_at:
        return None
    return Move(
        leg="matter",
        clock_id=row.id,
        owner=f"cards/{row.card_id}",
        region=row.place,
        was_due_at=row.due_at,
        due_at=due_at,
        was_late=row.due_at <= now,
        late=due_at <= now < row.due_at,
    )


async def _keep(
    session: AsyncSession, rows: Sequence[Any], moves: list[Move], version: int, now: datetime
) -> None:
    # Past the ORM: nobody who is looking at the matter is told that it changed under their hands.
    moved = {move.clock_id: move for move in moves}
    for row in rows:
        kept: dict[str, Any] = {"calendar_version": version}
        if move := moved.get(row.id):
            kept |= {"due_at": move.due_at, "generation": row.generation + 1}
            event = DeadlineRecomputed(
                clock_id=row.id,
                generation=row.generation + 1,
                was_due_at=move.was_due_at,
                due_at=move.due_at,
                leg=move.leg,
                calendar_version=version,
                card_id=row.card_id,
                place=row.place,
                was_late=move.was_late,
            )
            await log.append(session, event, by=log.SYSTEM, region=row.region, now=now)
        await session.execute(sa.update(Matter).where(Matter.id == row.id).values(**kept))
