"""The dry run: every open deadline that a draft would move, from when to when (time.md R1)."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.calendars import drafting
from service.calendars.models import CalendarDraft
from service.requests import moving as of_requests
from service.satisfaction import moving as of_cases
from service.talents.applications import redating as of_applications
from service.talents.matters import redating as of_matters
from service.worktime.differences import Changed
from service.worktime.moves import Change, Move, Mover, Stretch

MOVERS: tuple[Mover, ...] = (
    of_requests.take, of_cases.take, of_applications.take, of_matters.take,
)  # fmt: skip
"""Each room's clocks, in the order in which they are recomputed; a new one goes to the end.

公示 and the reminders before a card's last day go by dates, not by working days: nothing moves.
"""
LEGS = {
    "promise": "承诺办结", "acceptance": "接件", "first_review": "初审", "handling": "办理",
    "correction": "补正答复", "call_back": "差评回访", "rectification": "差评整改",
    "appeal": "差评申诉答复", "check": "整改审核",
    "review": "办卡审核", "mend": "办卡补充材料", "matter": "卡务",
}  # fmt: skip
STRETCH = 2_000
SHOWN = 200


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft would do to what is in force (`calendar_version`), nothing of it kept.

    `looked_at` are the open deadlines that the changed days can touch. Of those that move, counts
    by leg; `later` and `earlier`; `was_late` had run out, which stays on record; `late` would run
    out at once. `moves` are the first of them; all are in the CSV.
    """

    calendar_version: int
    days: Sequence[Changed]
    looked_at: int
    moved: int
    by_leg: dict[str, int]
    later: int
    earlier: int
    was_late: int
    late: int
    moves: Sequence[Move]


async def dry_run(session: AsyncSession, draft: CalendarDraft, now: datetime) -> DryRun:
    """Reckon every open deadline under the draft; writes nothing."""
    change = await drafting.change_of(session, draft)
    legs: Counter[str] = Counter()
    looked_at = later = was_late = late = 0
    shown: list[Move] = []
    async for looked, moves in stretches(session, change, now):
        looked_at += looked
        for move in moves:
            legs[move.leg] += 1
            later += move.due_at > move.was_due_at
            was_late += move.was_late
            late += move.late
        shown += moves[: SHOWN - len(shown)]
    moved = legs.total()
    return DryRun(
        calendar_version=(await drafting.newest(session)).version,
        days=change.difference.days if change else (),
        looked_at=looked_at,
        moved=moved,
        by_leg={leg: legs[leg] for leg in LEGS if legs[leg]},
        later=later,
        earlier=moved - later,
        was_late=was_late,
        late=late,
        moves=shown,
    )


async def stretches(
    session: AsyncSession, change: Change | None, now: datetime
) -> AsyncIterator[tuple[int, Sequence[Move]]]:
    """How many were looked at and which would move, stretch by stretch."""
    for mover in MOVERS if change is not None else ():
        after, more = None, True
        while more and change is not None:
            batch = await mover(session, change, Stretch(after, STRETCH, now, keep=False))
            yield batch.looked_at, batch.moves
            after, more = batch.after, batch.after is not None
