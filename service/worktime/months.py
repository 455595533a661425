"""Periods of months as the Civil Code counts them (民法典 第二百零一至二百零三条). Pure."""

from calendar import monthrange
from datetime import date, datetime, timedelta

from service.worktime.calendars import Calendar
from service.worktime.hours import SHANGHAI


def same_day_later(start: date, months: int) -> date:
    """The day of the same number so many months on; the month's last where it has none (§202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def due(start: datetime, months: int, calendar: Calendar) -> datetime:
    """The end of so many months from an instant: 00:00 after the last day.

    The day of the start is not counted (§201); a last day that is a day of rest gives way to the
    working day after it (§203). Raises CalendarUnknown.
    """
    last = same_day_later(start.astimezone(SHANGHAI).date(), months)
    while not calendar.is_workday(last):
        last += timedelta(days=1)
    return datetime.combine(last + timedelta(days=1), datetime.min.time(), SHANGHAI)
