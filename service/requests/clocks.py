"""Clocks of a request: start, stop, pause, resume, and what has fallen due (time.md 2–5).

Whoever calls holds the request's row lock, so each clock has one hand at a time. Nothing here
reads the wall clock or commits.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_requests import DeadlineBreached, DeadlineWarned
from service import ids
from service.offerings.models import OfferingVersion
from service.problems import NotFound, Problem
from service.requests.ladder import ACTING, LADDER
from service.requests.models import Clock, Pause, Request, Rung
from service.worktime import pauses as stretches
from service.worktime import reckoning
from service.worktime.calendars import Calendar
from service.worktime.current import WorkingTime, current
from service.worktime.reckoning import AnyBudget, Series, WorkingDays, WorkingMinutes
from service.worktime.rungs import Fall, rungs

Leg = Literal["promise", "acceptance", "first_review", "handling", "correction"]
Reason = Literal["correction", "publicity", "statutory", "ruling"]
Act = Callable[[AsyncSession, UUID, datetime], Awaitable[bool]]

PAUSED_LEGS = ("handling", "first_review", "promise")
"""The clocks that a pause holds up, the partner's own first; the correction's own runs through it
(time.md P1, P5)."""

CORRECTION_DAYS = 5
"""Where an offering says nothing (time.md P5)."""


class NoTimePromised(Problem):
    """The offering's version says no time for a leg, so no clock can run."""

    code = "no-time-promised"
    status = 409
    title = "此事项没有承诺时限"
    advice = "此事项的目录未写明办理时限,暂不能受理,请联系专家中心补全目录。"


def budget_of(leg: Leg, version: OfferingVersion) -> AnyBudget:
    """The budget of a leg by the offering's version (time.md D0, L3, P5).

    The promise is acceptance and handling one after the other; a first review is part of handling.
    Raises NoTimePromised.
    """
    parts: list[WorkingDays | WorkingMinutes] = []
    if leg in ("promise", "acceptance") and version.accept_hours:
        parts.append(WorkingMinutes(version.accept_hours * 60))
    if leg in ("promise", "handling") and version.complete_wd:
        parts.append(WorkingDays(version.complete_wd))
    if leg == "first_review" and version.first_review_wd:
        parts.append(WorkingDays(version.first_review_wd))
    if leg == "correction":
        parts.append(WorkingDays(version.correction_wd or CORRECTION_DAYS))
    if not parts:
        raise NoTimePromised
    return parts[0] if len(parts) == 1 else Series(tuple(parts))


async def start(
    session: AsyncSession, request: Request, leg: Leg, version: OfferingVersion, now: datetime
) -> Clock:
    """Start the clock of a leg; raises CalendarUnknown where it would end in an unknown year."""
    clock, _ = started(request, leg, version, await current(session), now)
    session.add(clock)
    return clock


def started(
    request: Request, leg: Leg, version: OfferingVersion, working_time: WorkingTime, now: datetime
) -> tuple[Clock, list[Fall]]:
    """The row of a clock that begins now, and its rungs. No session; raises as `start` does."""
    clock = Clock(
        id=ids.new_id(),
        request_id=request.id,
        leg=leg,
        budget=reckoning.to_json(budget_of(leg, version)),
        region=request.region,
        calendar_version=working_time.calendar.version,
        generation=1,
        started_at=now,
    )
    return clock, _reckon(clock, working_time.of(clock.region), (), frozenset())


async def stop(session: AsyncSession, request_id: UUID, leg: Leg, now: datetime) -> Clock | None:
    """Stop the running clock of a leg; None where none runs.

    What fell before now fires first, so that a breach is a fact even where the sweep is behind
    (time.md E2, E3).
    """
    found = await running(session, request_id, leg)
    if found is not None:
        await _end(session, found, now)
    return found


async def running(session: AsyncSession, request_id: UUID, leg: Leg) -> Clock | None:
    """The clock of a leg that runs or stands still; None where there is none."""
    return next(iter(await _running(session, request_id, (leg,))), None)


async def stop_all(session: AsyncSession, request: Request, now: datetime) -> None:
    """The request has ended: its clocks stop, and a pause that lasts ends with it."""
    for clock in await _running(session, request.id):
        await _end(session, clock, now)
    row = await _open_pause(session, request.id)
    if row is not None:
        row.ended_at = now


async def pause(
    session: AsyncSession,
    request: Request,
    reason: Reason,
    now: datetime,
    ends_at: datetime | None = None,
) -> Pause:
    """Hold up handling and promise; `ends_at` where it is known when it will end (time.md P1, P4).

    At most one is open: the database refuses a second.
    """
    for clock in await _running(session, request.id, PAUSED_LEGS):
        await _catch_up(session, clock, now)
        clock.due_at, clock.next_at, clock.next_rung = None, None, None
    row = Pause(
        id=ids.new_id(), request_id=request.id, reason=reason, began_at=now, ends_at=ends_at
    )
    session.add(row)
    await session.flush()
    return row


async def resume(session: AsyncSession, request: Request, now: datetime) -> Clock:
    """End the pause: the clocks run on for what is left (time.md P2, P3).

    A pause that was to end by itself ended then, also where nobody looked until now. Returns the
    clock of handling, or the promise where nothing is being handled. Raises NotFound.
    """
    row = await _open_pause(session, request.id)
    if row is not None:
        row.ended_at = min(now, row.ends_at) if row.ends_at else now
        await session.flush()
    clocks = await _running(session, request.id, PAUSED_LEGS)
    rows, working_time = await pauses_of(session, request.id), await current(session)
    for clock in clocks:
        # A calendar applied meanwhile left it alone, as it had no deadline (time.md P4, R1).
        clock.calendar_version = working_time.calendar.version
        _reckon(clock, working_time.of(clock.region), rows, await _fired(session, clock))
    if not clocks:
        raise NotFound
    return min(clocks, key=lambda clock: PAUSED_LEGS.index(clock.leg))


STANDING: Reason = "statutory"
"""Why time stands still while a batch decides: an expert review by published rule (time.md P1)."""


async def stand_still(session: AsyncSession, request: Request, now: datetime) -> None:
    """No time runs while a batch decides (docs/adr/0022), unless something holds it up already."""
    if await _open_pause(session, request.id) is None:
        await pause(session, request, STANDING, now)


async def go_on(session: AsyncSession, request: Request, now: datetime) -> Clock | None:
    """Time runs again, where it stood still for a batch; the clock of handling, if so."""
    row = await _open_pause(session, request.id)
    if row is None or row.reason != STANDING:
        return None
    return await resume(session, request, now)


async def pauses_of(session: AsyncSession, request_id: UUID) -> Sequence[Pause]:
    """The pauses of a request, in order."""
    query = select(Pause).where(Pause.request_id == request_id).order_by(Pause.began_at, Pause.id)
    return (await session.scalars(query)).all()


def stretches_of(clock: Clock, rows: Sequence[Pause]) -> list[stretches.Pause]:
    """The pauses that hold up a clock."""
    if clock.leg not in PAUSED_LEGS:
        return []
    return [stretches.Pause(row.began_at, row.ended_at) for row in rows]


async def calendar_of(session: AsyncSession, clock: Clock) -> Calendar:
    """The calendar that a clock goes by: its own version until it is recomputed (time.md R1)."""
    return (await current(session, clock.calendar_version)).of(clock.region)


def falls(clock: Clock, calendar: Calendar, rows: Sequence[Pause]) -> list[Fall]:
    """The rungs of a clock that have an instant now, in order."""
    budget, ladder = reckoning.from_json(clock.budget), LADDER.get(clock.leg, ())
    return rungs(clock.started_at, budget, calendar, ladder, stretches_of(clock, rows))


def _reckon(clock: Clock, calendar: Calendar, rows: Sequence[Pause], fired: Set[str]) -> list[Fall]:
    """Set when the clock is due, and point it at the next rung that has not fired."""
    budget = reckoning.from_json(clock.budget)
    found = reckoning.due(clock.started_at, budget, calendar, stretches_of(clock, rows))
    clock.due_at, clock.provisional = found.due_at, found.provisional
    ladder = falls(clock, calendar, rows)
    point(clock, ladder, fired)
    return ladder


def point(clock: Clock, ladder: Sequence[Fall], fired: Set[str]) -> None:
    """Point a clock at its next rung that has not fired."""
    left = [each for each in ladder if each.rung not in fired]
    clock.next_at = left[0].at if left else None
    clock.next_rung = left[0].rung if left else None


async def _fired(session: AsyncSession, clock: Clock) -> set[str]:
    query = select(Rung.rung).where(Rung.clock_id == clock.id, Rung.generation == clock.generation)
    return set(await session.scalars(query))


async def _running(
    session: AsyncSession, request_id: UUID, legs: Sequence[str] | None = None
) -> Sequence[Clock]:
    query = select(Clock).where(Clock.request_id == request_id, Clock.stopped_at.is_(None))
    if legs is not None:
        query = query.where(Clock.leg.in_(legs))
    return (await session.scalars(query.order_by(Clock.leg).with_for_update())).all()


async def _open_pause(session: AsyncSession, request_id: UUID) -> Pause | None:
    query = select(Pause).where(Pause.request_id == request_id, Pause.ended_at.is_(None))
    found: Pause | None = await session.scalar(query)
    return found


async def _end(session: AsyncSession, clock: Clock, now: datetime) -> None:
    await _catch_up(session, clock, now)
    clock.stopped_at, clock.next_at, clock.next_rung = now, None, None


async def _catch_up(session: AsyncSession, clock: Clock, now: datetime) -> None:
    """Fire what fell up to now, before the clock stands still; a rung that acts is too late."""
    # A sweep that failed has pushed next_at on (falling.py), so due_at is asked too.
    looks = [each for each in (clock.next_at, clock.due_at) if each is not None]
    if looks and min(looks) <= now:
        await fire(session, clock, now)


async def fire(
    session: AsyncSession, clock: Clock, now: datetime, acts: Mapping[str, Act] | None = None
) -> int:
    """Fire each rung that has fallen and not fired; returns how many (time.md E2).

    Record, event and act are the caller's one transaction. `acts` are what the acting rungs call;
    without them those are left to the sweep. A clock that stands still fires nothing (P4).
    """
    if clock.stopped_at is not None or clock.due_at is None:
        return 0
    rows, fired = await pauses_of(session, clock.request_id), await _fired(session, clock)
    ladder, done = falls(clock, await calendar_of(session, clock), rows), 0
    for fall in (each for each in ladder if each.at <= now and each.rung not in fired):
        act = (acts or {}).get(fall.rung)
        if fall.rung in ACTING and act is None:
            continue
        if await _record(session, clock, fall, now):
            done += 1
            await (act(session, clock.request_id, now) if act else _tell(session, clock, fall, now))
        fired.add(fall.rung)
    if clock.stopped_at is None:
        point(clock, ladder, fired)
    return done


async def _record(session: AsyncSession, clock: Clock, fall: Fall, now: datetime) -> bool:
    """Keep that the rung fired; False where it had."""
    values = {
        "clock_id": clock.id, "generation": clock.generation, "rung": fall.rung,
        "fell_at": fall.at, "fired_at": now,
    }  # fmt: skip
    added = insert(Rung).values(**values).on_conflict_do_nothing().returning(Rung.rung)
    return await session.scalar(added) is not None


async def _tell(session: AsyncSession, clock: Clock, fall: Fall, now: datetime) -> bool:
    # Not the whole row: a sweep has no business with what somebody wrote, and opens no seal.
    query = select(Request.offering, Request.partner_id, Request.region)
    about = (await session.execute(query.where(Request.id == clock.request_id))).one()
    event = told(clock, fall, about, now)
    await log.append(session, event, by=log.SYSTEM, region=about.region, now=now)
    return True


def told(clock: Clock, fall: Fall, about: Any, now: datetime) -> DeadlineWarned | DeadlineBreached:
    """The fact of a rung, `about` being its request; a breach stays on the clock (E3)."""
    kind: type[DeadlineWarned] | type[DeadlineBreached] = DeadlineWarned
    if fall.rung == "breach":
        clock.breached_at, kind = fall.at, DeadlineBreached
    return kind(
        request_id=clock.request_id,
        offering=about.offering,
        partner_id=about.partner_id,
        clock_id=clock.id,
        leg=clock.leg,
        generation=clock.generation,
        rung=fall.rung,
        due_at=clock.due_at or fall.at,
        late_seconds=int((now - fall.at).total_seconds()),
    )
