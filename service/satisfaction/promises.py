"""When the loop's own promises are due, in working days (time.md B2, L4)."""

from datetime import date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from service.worktime import current, reckoning
from service.worktime.hours import SHANGHAI


def day_of(moment: datetime) -> date:
    """The date in Shanghai, by which figures and windows go (F7)."""
    return moment.astimezone(SHANGHAI).date()


def local(moment: datetime) -> datetime:
    """The same instant as people here write it (api.md 1.1)."""
    return moment.astimezone(SHANGHAI)


def local_or_none(moment: datetime | None) -> datetime | None:
    """The same, where there may be none."""
    return None if moment is None else moment.astimezone(SHANGHAI)


def begin_of(day: date) -> datetime:
    """00:00 of a date in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def window_ends(completed_at: datetime, days: int) -> datetime:
    """When a completion can no longer be rated (G3): the end of the last of `days` calendar days,
    the day of completion not counted, as with every promise in days (time.md B2)."""
    return begin_of(day_of(completed_at) + timedelta(days=days + 1))


def still_open_after(now: datetime, days: int) -> datetime:
    """Completions before this instant have their window over."""
    return begin_of(day_of(now) - timedelta(days=days))


async def due_in_workdays(
    session: AsyncSession, region: str, start: datetime, days: int
) -> tuple[datetime, int]:
    """The end of the `days`-th working day of a region after `start`, and the calendar's version.

    Raises CalendarUnknown.
    """
    calendar = (await current.current(session)).of(region)
    due_at = reckoning.due(start, reckoning.WorkingDays(days), calendar).due_at
    assert due_at is not None  # noqa: S101 - only an open pause leaves it open
    return due_at, calendar.version
