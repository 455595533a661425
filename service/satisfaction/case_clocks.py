"""The clocks of a bad rating's case: until when each step must be taken, and its rungs (L1–L3).

Clocks like any other (time.md L4): call-back, appeal, rectification, check. A rectification stands
still while its appeal is decided and while 专家中心 checks it; nobody loses days by another's.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_ratings import CaseBreached, CaseWarned
from service.requests import ladder
from service.satisfaction import rules
from service.satisfaction.models import BadRating, CaseState, Rating
from service.satisfaction.rules import Rules
from service.worktime import current, rungs
from service.worktime.calendars import Calendar
from service.worktime.pauses import Pause
from service.worktime.reckoning import WorkingDays, due
from service.worktime.rungs import Fall

LADDER = ladder.read((Path(__file__).parent / "data" / "case_ladder.tsv").read_text("utf-8"))


LEGS = {
    CaseState.OPEN: "call_back",
    CaseState.APPEALED: "appeal",
    CaseState.RECTIFYING: "rectification",
    CaseState.RECTIFIED: "check",
}
"""The clock that runs in each state."""


class Step(msgspec.Struct, frozen=True):
    """The clock that runs now; `key` tells one round of checking from the next."""

    leg: str
    key: str
    begun: datetime
    budget: WorkingDays
    pauses: Sequence[Pause] = ()


def step_of(case: BadRating, numbers: Rules) -> Step | None:
    """Which clock runs; None where the case is closed."""
    days = WorkingDays
    match case.state:
        case CaseState.OPEN:
            begun = case.opened_at
            return Step("call_back", "call_back", begun, days(numbers.call_back_workdays))
        case CaseState.APPEALED if case.appealed_at:
            return Step("appeal", "appeal", case.appealed_at, days(numbers.decide_workdays))
        case CaseState.RECTIFYING if case.called_back_at:
            pauses = [Pause(_instant(begin), _instant(end)) for begin, end in case.pauses]
            budget = days(numbers.rectify_workdays)
            return Step("rectification", "rectification", case.called_back_at, budget, pauses)
        case CaseState.RECTIFIED if case.rectified_at:
            key = f"check {len(case.pauses)}"
            return Step("check", key, case.rectified_at, days(numbers.check_workdays))
    return None


def _instant(kept: str) -> datetime:
    return datetime.fromisoformat(kept)


def falls_of(step: Step, calendar: Calendar) -> list[Fall]:
    """The rungs of a step, in order."""
    return rungs.rungs(step.begun, step.budget, calendar, LADDER[step.leg], step.pauses)


def times_of(
    case: BadRating, calendar: Calendar, numbers: Rules, fired: Sequence[str]
) -> dict[str, datetime | None]:
    """Until when the step that runs must be taken, and when its next rung falls."""
    step = step_of(case, numbers)
    if step is None:
        return {"step_due_at": None, "next_rung_at": None}
    due_at = due(step.begun, step.budget, calendar, step.pauses).due_at
    waiting = [f.at for f in falls_of(step, calendar) if f"{step.key}:{f.rung}" not in fired]
    found = {"step_due_at": due_at, "next_rung_at": min(waiting, default=None)}
    own = {"call_back": "call_back_due_at", "rectification": "rectify_due_at"}
    return {**found, own[step.leg]: due_at} if step.leg in own else found


def anew(case: BadRating, calendar: Calendar, numbers: Rules, now: datetime) -> dict[str, Any]:
    """The times of an open case by another calendar (time.md R1), as columns.

    Rungs that now fall later are told of again then; a breach that fired stays a fact (E3).
    """
    step = step_of(case, numbers)
    falls = falls_of(step, calendar) if step else []
    again = {f"{step.key}:{f.rung}" for f in falls if step and f.at > now and f.rung != "breach"}
    fired = [key for key in case.fired if key not in again]
    return {**times_of(case, calendar, numbers, fired), "fired": fired}


async def start(session: AsyncSession, case: BadRating, rating: Rating) -> None:
    """Set the times of a case that has moved, by the tables in force."""
    calendar = (await current.current(session)).of(rating.region)
    times = times_of(case, calendar, await rules.in_force(session), case.fired)
    for name, value in times.items():
        setattr(case, name, value)
    case.calendar_version = calendar.version


async def fire(session: AsyncSession, case: BadRating, rating: Rating, now: datetime) -> int:
    """Tell of each rung that has fallen, once (time.md E2); the case is locked. Returns how many.

    Time alone is no new revision of the case: nobody's form goes stale by it.
    """
    numbers = await rules.in_force(session)
    calendar = (await current.current(session)).of(rating.region)
    step, fired = step_of(case, numbers), list(case.fired)
    for fall in falls_of(step, calendar) if step else ():
        key = f"{step.key}:{fall.rung}" if step else ""
        if step is None or fall.at > now or key in fired:
            continue
        fired.append(key)
        await _tell(session, case, rating, step.leg, fall, now)
    told = len(fired) - len(case.fired)
    times = times_of(case, calendar, numbers, fired)
    await session.execute(
        update(BadRating).where(BadRating.id == case.id).values(fired=fired, **times)
    )
    return told


async def _tell(
    session: AsyncSession, case: BadRating, rating: Rating, leg: str, fall: Fall, now: datetime
) -> None:
    kind = CaseBreached if fall.rung == "breach" else CaseWarned
    event = kind(
        rating_id=rating.id,
        about=rating.about,
        offering=rating.offering,
        leg=leg,
        rung=fall.rung,
        due_at=case.step_due_at or fall.at,
        late_seconds=int((now - fall.at).total_seconds()),
    )
    await log.append(session, event, by=log.SYSTEM, region=rating.region, now=now)


async def fire_due(session: AsyncSession, now: datetime, limit: int) -> int:
    """Fire the rungs of up to `limit` cases in the caller's transaction; returns how many."""
    query = (
        select(BadRating, Rating)
        .join(Rating, Rating.id == BadRating.rating_id)
        .where(BadRating.next_rung_at <= now)
        .order_by(BadRating.next_rung_at)
        .limit(limit)
        .with_for_update(of=BadRating, skip_locked=True)
    )
    found = (await session.execute(query)).all()
    return sum([await fire(session, case, rating, now) for case, rating in found])
