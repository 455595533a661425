"""The deadline of a request and why it is that one (time.md D1)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, log
from events.of_deadlines import DeadlineRecomputed
from service.auth.callers import Caller
from service.problems import NotFound
from service.requests import clocks, legs, queries
from service.requests.models import Clock, Dispatch, Pause, Request
from service.worktime import reckoning
from service.worktime.calendars import Calendar
from service.worktime.current import current
from service.worktime.hours import SHANGHAI
from service.worktime.reckoning import AnyBudget, DayLine, Reckoned, Used, left_at
from service.worktime.words import display


class UsedView(msgspec.Struct, frozen=True):
    """How much of a budget is used and left at this instant, in whole units."""

    unit: str
    n: int
    consumed: int
    left: int

    @staticmethod
    def of(used: Used) -> "UsedView":
        """What is shown of it."""
        return UsedView(used.unit, used.n, used.consumed, used.left)


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """One clock. `due_at` is empty while it stands still (time.md P4)."""

    leg: str
    state: Literal["running", "paused", "stopped"]
    started_at: datetime
    due_at: datetime | None
    display: str | None
    budget: AnyBudget
    used: list[UsedView]
    breached_at: datetime | None
    breach_voided_at: datetime | None
    stopped_at: datetime | None
    provisional: bool
    calendar_version: int
    generation: int


class LegView(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the request's time (L1); `end` is empty for the one that runs."""

    leg: str
    begin: datetime
    end: datetime | None
    microseconds: int
    round: int | None
    reason: str | None


class PauseView(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch in which handling stands still; `ends_at` where its end is known before."""

    reason: str
    begin: datetime
    end: datetime | None
    ends_at: datetime | None


class RecomputedView(msgspec.Struct, frozen=True, kw_only=True):
    """A newer calendar moved a deadline: from when to when (time.md R1)."""

    at: datetime
    leg: str
    generation: int
    calendar_version: int
    was_due_at: datetime
    due_at: datetime


class YearView(msgspec.Struct, frozen=True, kw_only=True):
    """A year that the reckoning leans on: published, by which notice, or provisional (C3)."""

    year: int
    state: str
    notice: str | None
    published_on: date | None
    source: str | None


class DeadlineView(msgspec.Struct, frozen=True, kw_only=True):
    """The holder's promise, the clock of the stage it is in, and the reckoning day by day."""

    request_id: UUID
    state: str
    promise: ClockView | None
    current: ClockView | None
    legs: list[LegView]
    pauses: list[PauseView]
    explanation: list[DayLine]
    provisional: bool
    current_explanation: list[DayLine]
    recomputed: list[RecomputedView]
    years: list[YearView]


async def of_request(
    session: AsyncSession, caller: Caller, request_id: UUID, now: datetime
) -> DeadlineView:
    """The deadline for holder, steward, 专家中心 and the partner that has it; raises NotFound."""
    request = await _visible(session, caller, request_id)
    found = await _clocks(session, request_id)
    rows = await clocks.pauses_of(session, request_id)
    promise = next((clock for clock in found if clock.leg == "promise" and not clock.past), None)
    running = [c for c in found if c.leg != "promise" and c.stopped_at is None]
    # While a correction runs handling stands still: the nearest end comes first.
    running.sort(key=lambda clock: (clock.due_at is None, clock.due_at))
    views = {
        clock.id: _view(clock, await clocks.calendar_of(session, clock), rows, now)
        for clock in (promise, *running[:1])
        if clock is not None
    }
    return DeadlineView(
        request_id=request.id,
        state=request.state,
        promise=views[promise.id][0] if promise else None,
        current=views[running[0].id][0] if running else None,
        legs=_legs(request, await _dispatches(session, request_id), rows, now),
        pauses=[_pause(row) for row in rows],
        explanation=list(views[promise.id][1]) if promise else [],
        provisional=any(view.provisional for view, _ in views.values()),
        current_explanation=list(views[running[0].id][1]) if running else [],
        recomputed=await _recomputed(session, request_id),
        years=await _years(session, [line for _, lines in views.values() for line in lines]),
    )


async def _recomputed(session: AsyncSession, request_id: UUID) -> list[RecomputedView]:
    """What the log has of it, oldest first."""
    return [
        RecomputedView(
            at=shown(row.at),
            leg=event.leg,
            generation=event.generation,
            calendar_version=event.calendar_version,
            was_due_at=shown(event.was_due_at),
            due_at=shown(event.due_at),
        )
        for row in await log.of_subject(session, f"requests/{request_id}")
        if isinstance(event := catalogue.read(row.type, row.data), DeadlineRecomputed)
    ]


async def _years(session: AsyncSession, lines: Sequence[DayLine]) -> list[YearView]:
    known = (await current(session)).calendar.years
    found = []
    for year in sorted({line.date.year for line in lines} & known.keys()):
        notice = known[year].notice
        found.append(
            YearView(
                year=year,
                state=known[year].state,
                notice=notice.number if notice else None,
                published_on=notice.published_on if notice else None,
                source=notice.source if notice else None,
            )
        )
    return found


async def _visible(session: AsyncSession, caller: Caller, request_id: UUID) -> Request:
    theirs = await queries.seen_by(session, caller)
    if caller.partner_id is not None:
        theirs = or_(theirs, Request.partner_id == caller.partner_id)
    request: Request | None = await session.scalar(
        select(Request).where(Request.id == request_id, theirs)
    )
    if request is None:
        raise NotFound
    return request


async def _clocks(session: AsyncSession, request_id: UUID) -> Sequence[Clock]:
    query = select(Clock).where(Clock.request_id == request_id)
    return (await session.scalars(query.order_by(Clock.started_at, Clock.id))).all()


async def _dispatches(session: AsyncSession, request_id: UUID) -> Sequence[Dispatch]:
    query = select(Dispatch).where(Dispatch.request_id == request_id)
    return (await session.scalars(query.order_by(Dispatch.round))).all()


def _view(
    clock: Clock, calendar: Calendar, rows: Sequence[Pause], now: datetime
) -> tuple[ClockView, tuple[DayLine, ...]]:
    budget = reckoning.from_json(clock.budget)
    stood = clocks.stretches_of(clock, rows)
    # Of a clock that has stopped, what came later is no longer its matter.
    at = clock.stopped_at or now
    used = left_at(at, clock.started_at, budget, calendar, stood)
    whole = used if clock.due_at is None else _whole(clock, budget, calendar, rows)
    view = ClockView(
        leg=clock.leg,
        state=_state(clock),
        started_at=shown(clock.started_at),
        due_at=shown(clock.due_at) if clock.due_at else None,
        display=display(clock.due_at) if clock.due_at else None,
        budget=budget,
        used=[UsedView.of(each) for each in used.parts],
        breached_at=shown(clock.breached_at) if clock.breached_at else None,
        breach_voided_at=shown(clock.breach_voided_at) if clock.breach_voided_at else None,
        stopped_at=shown(clock.stopped_at) if clock.stopped_at else None,
        provisional=clock.provisional or whole.provisional,
        calendar_version=clock.calendar_version,
        generation=clock.generation,
    )
    return view, whole.days


def _whole(clock: Clock, budget: AnyBudget, calendar: Calendar, rows: Sequence[Pause]) -> Reckoned:
    stood = clocks.stretches_of(clock, rows)
    return reckoning.due(clock.started_at, budget, calendar, stood)


def _state(clock: Clock) -> Literal["running", "paused", "stopped"]:
    if clock.stopped_at is not None:
        return "stopped"
    return "running" if clock.due_at is not None else "paused"


def _legs(
    request: Request,
    dispatches: Sequence[Dispatch],
    rows: Sequence[Pause],
    now: datetime,
) -> list[LegView]:
    found = legs.cut(legs.course_of(request, dispatches, rows, now))
    return [
        LegView(
            leg=leg.leg,
            begin=shown(leg.begin),
            end=None if leg is found[-1] and request.ended_at is None else shown(leg.end),
            microseconds=leg.microseconds,
            round=leg.round,
            reason=leg.reason,
        )
        for leg in found
    ]


def _pause(row: Pause) -> PauseView:
    return PauseView(
        reason=row.reason,
        begin=shown(row.began_at),
        end=shown(row.ended_at) if row.ended_at else None,
        ends_at=shown(row.ends_at) if row.ends_at else None,
    )


def shown(at: datetime) -> datetime:
    """An instant with Shanghai's offset (api.md 1.1, time.md C1)."""
    return at.astimezone(SHANGHAI)
