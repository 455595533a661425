"""The same rules told another way, slowly: a clock that is walked through time, event by event.

Shares nothing with the product: its working days come from the package `chinesecalendar`, so
it knows the published years alone.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
Stretch = tuple[datetime, datetime]
MIDNIGHT, END, BEGIN = 0, 1, 2
"""Order at one instant: the day ends first, then a pause may end, then one may begin."""


def is_worked(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


def days_due(start: datetime, n: int, pauses: Sequence[Stretch]) -> datetime:
    """B2 and P3 as a clock with a switch, looked at whenever a day ends."""
    excepted, on, counted = {start.date()}, True, 0
    for when, what, pause in _story(start, pauses):
        if what == BEGIN:
            on = False
        elif what == END and pause is not None:
            on = True
            if pause[0].date() != pause[1].date():
                excepted.add(pause[1].date())
        elif what == MIDNIGHT:
            day = when.date() - timedelta(days=1)
            if on and is_worked(day) and day not in excepted:
                counted += 1
            if counted == n:
                return when
    raise AssertionError("time never ends")


def _story(
    start: datetime, pauses: Sequence[Stretch]
) -> Iterator[tuple[datetime, int, Stretch | None]]:
    happenings: list[tuple[datetime, int, Stretch | None]] = []
    for begin, end in pauses:
        if end > max(start, begin):  # a pause of no length is none
            clipped = (max(begin, start), end)
            happenings += [(clipped[0], BEGIN, clipped), (end, END, clipped)]
    last = max([start, *(each[0] for each in happenings)]) + timedelta(days=900)
    day = datetime(start.year, start.month, start.day, tzinfo=SHANGHAI)
    while day < last:
        day += timedelta(days=1)
        happenings.append((day, MIDNIGHT, None))
    return iter(sorted(happenings, key=lambda each: (each[0], each[1])))


def minutes_due(start: datetime, n: int, pauses: Sequence[Stretch]) -> datetime:
    """B3 and P2 minute by minute; every instant is a whole minute."""
    at, used = start, 0
    while True:
        clock = at.hour * 60 + at.minute
        open_now = 540 <= clock < 720 or 810 <= clock < 1050
        paused = any(begin <= at < end for begin, end in pauses)
        at += timedelta(minutes=1)
        if open_now and not paused and is_worked((at - timedelta(minutes=1)).date()):
            used += 1
        if used == n:
            return at
