"""Many clocks at once: rungs that only tell fire by a few statements for a whole batch (E2).

What one clock's `fire` does, with everything read and written together. Where a rung acts, or a
clock cannot be reckoned, the clock is left to be fired alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service.requests import clocks
from service.requests.ladder import ACTING
from service.requests.models import Clock, Pause, Request, Rung
from service.worktime.current import WorkingTime, current
from service.worktime.rungs import Fall

RECORD = sa.text(
    """
INSERT INTO rungs (clock_id, generation, rung, fell_at, fired_at)
SELECT *, :now FROM unnest(CAST(:clocks AS uuid[]), CAST(:generations AS int[]),
    CAST(:rungs AS text[]), CAST(:fell AS timestamptz[]))
ON CONFLICT DO NOTHING RETURNING clock_id, rung
"""
).bindparams(sa.bindparam("now", type_=sa.DateTime(timezone=True)))


class Known(NamedTuple):
    """What the batch rests on: rungs that have fired, pauses, the requests, calendars."""

    fired: Mapping[UUID, set[str]]
    pauses: Mapping[UUID, Sequence[Pause]]
    abouts: Mapping[UUID, Any]
    calendars: Mapping[int, WorkingTime]


class Plan(NamedTuple):
    """A clock, its ladder, and what of it has fallen and not fired."""

    clock: Clock
    ladder: Sequence[Fall]
    fallen: Sequence[Fall]


async def fire_together(
    session: AsyncSession, found: Sequence[Clock], now: datetime
) -> tuple[int, list[Clock]]:
    """Fire in the caller's transaction; returns how many rungs, and the clocks left to be alone.

    The caller holds the locks of the clocks and of their requests.
    """
    known = await _known(session, found)
    plans = {clock.id: plan for clock in found if (plan := _plan(clock, known, now))}
    recorded = await _record(session, list(plans.values()), now)
    facts = [
        (clocks.told(clock, fall, about, now), about.region)
        for clock, _, fallen in plans.values()
        for fall in fallen
        if (clock.id, fall.rung) in recorded and (about := known.abouts[clock.request_id])
    ]
    await log.append_many(session, facts, by=log.SYSTEM, now=now)
    for clock, ladder, fallen in plans.values():
        fired = known.fired.get(clock.id, set()) | {fall.rung for fall in fallen}
        clocks.point(clock, ladder, fired)
    await session.flush()
    return len(facts), [clock for clock in found if clock.id not in plans]


async def _known(session: AsyncSession, found: Sequence[Clock]) -> Known:
    fired: dict[UUID, set[str]] = {}
    query = (
        sa.select(Rung.clock_id, Rung.rung)
        .join(Clock, sa.and_(Clock.id == Rung.clock_id, Clock.generation == Rung.generation))
        .where(Rung.clock_id.in_([clock.id for clock in found]))
    )
    for clock_id, rung in await session.execute(query):
        fired.setdefault(clock_id, set()).add(rung)
    requests = [clock.request_id for clock in found]
    pauses: dict[UUID, list[Pause]] = {}
    of_request = sa.select(Pause).where(Pause.request_id.in_(requests))
    for pause in await session.scalars(of_request.order_by(Pause.began_at, Pause.id)):
        pauses.setdefault(pause.request_id, []).append(pause)
    # Not the whole row: a sweep has no business with what somebody wrote, and opens no seal.
    about = sa.select(Request.id, Request.offering, Request.partner_id, Request.region)
    abouts = {row.id: row for row in await session.execute(about.where(Request.id.in_(requests)))}
    versions = sorted({clock.calendar_version for clock in found})
    return Known(fired, pauses, abouts, {each: await current(session, each) for each in versions})


def _plan(clock: Clock, known: Known, now: datetime) -> Plan | None:
    """None where it must be fired alone, or has nothing to fire."""
    if clock.stopped_at is not None or clock.due_at is None:
        return None
    calendar = known.calendars[clock.calendar_version].of(clock.region)
    try:
        ladder = clocks.falls(clock, calendar, known.pauses.get(clock.request_id, ()))
    except Exception:  # fired alone, it is told of by its id and looked at again later
        return None
    fired = known.fired.get(clock.id, set())
    fallen = [fall for fall in ladder if fall.at <= now and fall.rung not in fired]
    if any(fall.rung in ACTING for fall in fallen):
        return None
    return Plan(clock, ladder, fallen)


async def _record(
    session: AsyncSession, plans: Sequence[Plan], now: datetime
) -> set[tuple[UUID, str]]:
    """Keep which rungs fired; returns those that had not."""
    rows = [(plan.clock, fall) for plan in plans for fall in plan.fallen]
    if not rows:
        return set()
    columns = {
        "clocks": [clock.id for clock, _ in rows],
        "generations": [clock.generation for clock, _ in rows],
        "rungs": [fall.rung for _, fall in rows],
        "fell": [fall.at for _, fall in rows],
    }
    added = await session.execute(RECORD, {**columns, "now": now})
    return {(row.clock_id, row.rung) for row in added}
