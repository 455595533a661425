"""Until when a step's holder should have acted: a clock like any other (time.md L4).

A step has its promised working days from the moment at which the file came (`steps.tsv`). A return
is a pause of that clock (time.md P3): the file comes back with the rest of its time, so nobody
gains days by returning it, and a file that was late stays late. Meanwhile whoever mends has a time
of their own. Days are those of the place that acts: the county's, the city's, the province's.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Role
from service.reference.regions import Regions
from service.reference.tables import PROVINCE
from service.talents.applications import steps
from service.talents.applications.application import Application
from service.worktime import current
from service.worktime.calendars import Calendar
from service.worktime.current import WorkingTime
from service.worktime.hours import SHANGHAI
from service.worktime.pauses import Pause
from service.worktime.reckoning import DayLine, Reckoned, WorkingDays, due, left_at
from service.worktime.words import display


class DeadlineView(msgspec.Struct, frozen=True, kw_only=True):
    """Until when whoever has the file should act, and the reckoning day by day (time.md D1)."""

    application_id: str
    step: str
    at: str
    started_at: datetime | None
    due_at: datetime | None
    display: str | None
    workdays: int | None
    consumed: int | None
    left: int | None
    overdue: bool
    provisional: bool
    explanation: Sequence[DayLine]


def budget_of(application: Application) -> WorkingDays | None:
    """The promised time of whoever must act now; None where nobody is on the clock."""
    step = steps.STEPS.get(application.at)
    if step is None or not application.path:
        return None
    mends = application.step == steps.RETURNED
    days = step.mend_workdays if mends else step.workdays
    return WorkingDays(days) if days else None


def _run_of(application: Application) -> tuple[datetime, list[Pause]]:
    """When the present clock began, and when it stood still."""
    if application.step == steps.RETURNED or application.since is None:
        return application.step_since, []
    pauses = [Pause(*(_instant(each) for each in pause)) for pause in application.pauses]
    return application.since, pauses


def _instant(kept: datetime | str) -> datetime:
    return datetime.fromisoformat(kept) if isinstance(kept, str) else kept


def reckoned(application: Application, calendar: Calendar) -> Reckoned | None:
    """The present clock reckoned; None where nobody is on it."""
    budget = budget_of(application)
    if budget is None:
        return None
    begun, pauses = _run_of(application)
    return due(begun, budget, calendar, pauses)


def place_of(application: Application, known: Regions) -> str:
    """Whose days count: the place of the reviewer's level, the unit's for everybody else."""
    step = steps.STEPS.get(application.at)
    level = step.level if step else ""
    if step is not None and step.role is Role.OFFICE:
        return PROVINCE
    chain = known.chain(application.region)
    return next((e for e in chain if known.by_code[e].level == level), application.region)


def run(application: Application, worktime: WorkingTime) -> None:
    """Set `due_at` for whoever must act after a move."""
    calendar = worktime.of(place_of(application, worktime.places))
    found = reckoned(application, calendar)
    application.due_at = found.due_at if found else None
    application.calendar_version = calendar.version


async def start(session: AsyncSession, application: Application) -> None:
    """The same by the tables in force."""
    run(application, await current.current(session))


async def view_of(session: AsyncSession, application: Application, now: datetime) -> DeadlineView:
    """The deadline with its reasons, by the version of the calendar that it goes by."""
    worktime = await current.current(session, application.calendar_version)
    calendar = worktime.of(place_of(application, worktime.places))
    found, budget = reckoned(application, calendar), budget_of(application)
    begun, pauses = _run_of(application)
    so_far = left_at(now, begun, budget, calendar, pauses) if budget else None
    at = application.due_at.astimezone(SHANGHAI) if application.due_at else None
    return DeadlineView(
        application_id=str(application.id),
        step=application.step,
        at=application.at,
        started_at=begun.astimezone(SHANGHAI) if budget else None,
        due_at=at,
        display=display(at) if at else None,
        workdays=budget.n if budget else None,
        consumed=so_far.consumed if so_far else None,
        left=so_far.left if so_far else None,
        overdue=at is not None and at <= now,
        provisional=found.provisional if found else False,
        explanation=found.days if found else (),
    )


async def give_missing(session: AsyncSession, now: datetime) -> int:
    """Time for files that were on their way before steps had any; returns how many."""
    query = (
        select(Application)
        .where(Application.due_at.is_(None), Application.step.in_(ON_CLOCK))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    found = (await session.scalars(query)).all()
    for application in found:
        await start(session, application)
    return len(found)


ON_CLOCK = (*(s.step for s in steps.STEPS.values() if s.workdays), steps.RETURNED)
"""The steps at which somebody must act within a time."""
BATCH = 100
