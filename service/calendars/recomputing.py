"""Carrying a version through: open clocks are reckoned anew, stretch by stretch (time.md R1, R2).

The timers call `step`, each in a transaction of its own: no stretch keeps requests locked for
longer than it takes to write them, and what crashes goes on where the last one ended.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_calendars import CalendarRecomputed
from service.calendars.models import CalendarDraft, Recomputation
from service.calendars.trying import MOVERS
from service.reference.tables import PROVINCE
from service.worktime import current
from service.worktime.differences import between
from service.worktime.moves import Change, Stretch

STRETCH = 500
"""So many requests are locked at once, for some hundred milliseconds."""


async def step(session: AsyncSession, now: datetime, limit: int = STRETCH) -> int:
    """One stretch of the oldest version that is not carried through; returns how many it looked at.

    One process at a time goes on with a version; the others find nothing to do.
    """
    waiting = (
        select(Recomputation)
        .where(Recomputation.finished_at.is_(None))
        .order_by(Recomputation.version)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job = (await session.scalars(waiting)).first()
    if job is None:
        return 0
    change = await _change(session, job)
    if change is None or job.mover >= len(MOVERS):
        await _finish(session, job, now)
        return 1
    stretch = Stretch(job.after, limit, now, keep=True)
    batch = await MOVERS[job.mover](session, change, stretch)
    job.after, job.busy = batch.after, job.busy + batch.busy
    job.looked_at, job.moved = job.looked_at + batch.looked_at, job.moved + len(batch.moves)
    if batch.after is not None:
        return 1
    # Round again for those that somebody had locked; not at once, they may still be at it.
    busy, job.busy = job.busy, 0
    job.mover += 0 if busy else 1
    await session.flush()
    return 0 if busy else 1


async def _finish(session: AsyncSession, job: Recomputation, now: datetime) -> None:
    job.finished_at = now
    draft = await session.get_one(CalendarDraft, job.draft_id)
    event = CalendarRecomputed(
        draft_id=draft.id, kind=draft.kind, version=job.version, looked_at=job.looked_at,
        moved=job.moved,
    )  # fmt: skip
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=PROVINCE, now=now)


_changes: dict[tuple[int, int], Change] = {}


async def _change(session: AsyncSession, job: Recomputation) -> Change | None:
    """What differs between the two versions, kept while they are the same objects."""
    old = await current.current(session, job.was_version)
    new = await current.current(session, job.version)
    kept = _changes.get((job.was_version, job.version))
    if kept is not None and kept.old is old and kept.new is new:
        return kept
    difference = between(old, new)
    if difference is None:
        return None
    _changes.clear()
    _changes[job.was_version, job.version] = Change(old, new, difference)
    return _changes[job.was_version, job.version]
