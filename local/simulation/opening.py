"""How long work takes where somebody is there only at times: behaviour, no promise.

The same as using up a budget of working minutes by the partner's own hours (time.md B3), which the
tests hold it to; with the year's minutes summed up beforehand, for it is asked very often.
"""

from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta

from service.worktime.calendars import Calendar
from service.worktime.hours import SHANGHAI, at

MINUTE = timedelta(minutes=1)


class Opening:
    """The stretches in which a partner is there, from one day to before another."""

    def __init__(self, calendar: Calendar, begins_on: date, ends_on: date) -> None:
        self.opens: list[datetime] = []
        self.closes: list[datetime] = []
        self._before: list[float] = [0.0]
        for n in range((ends_on - begins_on).days):
            day = begins_on + timedelta(days=n)
            if calendar.is_workday(day):
                for span in calendar.hours:
                    self._add(at(day, span.opens), at(day, span.closes))

    def _add(self, opens: datetime, closes: datetime) -> None:
        self.opens.append(opens)
        self.closes.append(closes)
        self._before.append(self._before[-1] + (closes - opens) / MINUTE)

    def after(self, minutes: float, start: datetime) -> datetime:
        """The instant at which so many minutes of presence are over; the last known, at most."""
        whole = max(1, round(minutes))
        n = bisect_right(self.closes, start)
        if n == len(self.opens):
            return self.closes[-1]
        used = self._before[n] + max(0.0, (start - self.opens[n]) / MINUTE)
        n = bisect_left(self._before, used + whole) - 1
        if n >= len(self.opens):
            return self.closes[-1]
        return self.opens[n] + (used + whole - self._before[n]) * MINUTE

    def next_day(self, now: datetime) -> datetime:
        """When it opens after this day."""
        day = now.astimezone(SHANGHAI).date() + timedelta(days=1)
        n = bisect_left(self.opens, at(day, time.min))
        return self.opens[min(n, len(self.opens) - 1)]
