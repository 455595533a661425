"""The ladder of a clock: when its warnings, its breach and what follows fall (time.md 5). Pure."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count, islice

import msgspec

from service.worktime.calendars import Calendar, CalendarUnknown
from service.worktime.hours import SHANGHAI, at
from service.worktime.pauses import Pause
from service.worktime.reckoning import (
    DAY,
    AnyBudget,
    Budget,
    Series,
    WorkingDays,
    WorkingMinutes,
    due,
    parts_of,
)

MORNING = time(9)
BEFORE_END = 30
"""`due` of a budget of minutes falls so many working minutes before its end (time.md E1)."""


class Rung(msgspec.Struct, frozen=True):
    """One rung: its name, and when it falls.

    `falls` is a share of the budget (`0.5`), `due`, `breach`, `breach+2` (working days after it)
    or `breach+60m` (working minutes after it).
    """

    name: str
    falls: str


class Fall(msgspec.Struct, frozen=True):
    """A rung and its instant."""

    rung: str
    at: datetime


def rungs(
    start: datetime,
    budget: AnyBudget,
    calendar: Calendar,
    ladder: Iterable[Rung],
    pauses: Sequence[Pause] = (),
) -> list[Fall]:
    """The rungs that have an instant now, in order; of a series, those of its last budget.

    While a pause lasts, rungs after it have none (time.md P4).
    """
    *first, last = parts_of(budget)
    begin: datetime | None = start
    if first:
        begin = due(start, Series(tuple(first)), calendar, pauses).due_at
    if begin is None:
        return []
    clock = _Clock(begin, last, calendar, pauses)
    found = [(rung.name, clock.instant(rung.falls)) for rung in ladder]
    # Sorting is stable: rungs of one instant stay in the ladder's order.
    return sorted((Fall(name, when) for name, when in found if when), key=lambda fall: fall.at)


class _Clock:
    """One budget that runs, and the instants on its way."""

    def __init__(
        self, start: datetime, budget: Budget, calendar: Calendar, pauses: Sequence[Pause]
    ) -> None:
        self.start, self.budget, self.calendar, self.pauses = start, budget, calendar, pauses
        self.whole = due(start, budget, calendar, pauses)

    def instant(self, falls: str) -> datetime | None:
        if falls == "breach":
            return self.whole.due_at
        if falls.startswith("breach+"):
            return self._after(falls.removeprefix("breach+"))
        if isinstance(self.budget, WorkingDays):
            return self._morning_of(self.budget.n if falls == "due" else self._share(falls))
        if falls == "due":
            return self._minute(max(0, self.budget.n - BEFORE_END))
        return self._minute(self._share(falls))

    def _share(self, share: str) -> int:
        return max(1, math.ceil(Decimal(share) * self.budget.n))

    def _morning_of(self, number: int) -> datetime | None:
        days = (line.date for line in self.whole.days if line.number == number)
        day = next(days, None)
        return at(day, MORNING) if day else None

    def _minute(self, number: int) -> datetime | None:
        if number == 0:
            return self.start
        return due(self.start, WorkingMinutes(number), self.calendar, self.pauses).due_at

    def _after(self, span: str) -> datetime | None:
        end = self.whole.due_at
        if end is None:
            return None
        if span.endswith("m"):
            minutes = int(span.removesuffix("m"))
            return due(end, WorkingMinutes(minutes), self.calendar).due_at if minutes else end
        # 24:00 belongs to the day it ends, so the first working day after it may be the next.
        ended = end.astimezone(SHANGHAI)
        day = ended.date() - DAY if ended.time() == time.min else ended.date()
        try:
            return at(self._working_day_after(day, int(span)), MORNING)
        except CalendarUnknown:
            return None  # past the last year held; a newer calendar brings it (time.md 6)

    def _working_day_after(self, day: date, number: int) -> date:
        later = (day + DAY * n for n in count(1))
        workdays = (each for each in later if self.calendar.is_workday(each))
        return next(islice(workdays, number - 1, None))
