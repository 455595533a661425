"""How far a clock has got: the part of its budget that is used up (time.md 2, 3). Pure."""

from collections.abc import Sequence
from datetime import datetime

from service.worktime.calendars import Calendar
from service.worktime.hours import SHANGHAI
from service.worktime.pauses import Pause
from service.worktime.reckoning import AnyBudget, WorkingDays, left_at, parts_of

STEPS = 20
"""A budget is looked at in twentieths; the step after the last one is the breach."""


def step_at(
    now: datetime,
    start: datetime,
    budget: AnyBudget,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
) -> int:
    """The twentieth of the budget in which `now` lies, 0 to 19; raises CalendarUnknown.

    Of a budget of days the day that is going on counts by the part of its business hours gone, so
    that the last afternoon is not taken for the last morning.
    """
    found = left_at(now, start, budget, calendar, pauses)
    used = float(found.consumed)
    if isinstance(parts_of(budget)[-1], WorkingDays) and _counts(now, start, calendar, pauses):
        used += part_of_day(now, calendar)
    return min(int(used / parts_of(budget)[-1].n * STEPS), STEPS - 1)


def _counts(now: datetime, start: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> bool:
    """Whether the day that is going on is one that will count (time.md B2, P3)."""
    day = now.astimezone(SHANGHAI).date()
    if day == start.astimezone(SHANGHAI).date() or not calendar.is_workday(day):
        return False
    past = [pause for pause in pauses if pause.begin <= now]
    stands = any(pause.end is None or pause.end > now for pause in past)
    return not stands and all(pause.resumed_on != day for pause in past)


def part_of_day(now: datetime, calendar: Calendar) -> float:
    """How much of the business hours of its day is gone, 0 to 1."""
    local = now.astimezone(SHANGHAI)
    spans = [span.on(local.date()) for span in calendar.hours]
    whole = sum((closes - opens).total_seconds() for opens, closes in spans)
    gone = (min(max(local, opens), closes) - opens for opens, closes in spans)
    return sum(each.total_seconds() for each in gone) / whole if whole else 1.0
