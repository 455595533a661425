"""Open deadlines under a new version of the calendar: what a room reads, moves and tells (R1).

Each room with clocks has a mover; `service/calendars` calls them one after another, without keeping
anything for a dry run, for good once a second person has applied the change.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.worktime.calendars import Calendar
from service.worktime.current import WorkingTime
from service.worktime.differences import Difference
from service.worktime.hours import SHANGHAI, at
from service.worktime.pauses import Pause
from service.worktime.reckoning import DAY, AnyBudget, Series, WorkingDays, due, parts_of
from service.worktime.rungs import Fall, Rung, rungs


class Change(msgspec.Struct, frozen=True):
    """One version of the calendar, the next, and what differs between them."""

    old: WorkingTime
    new: WorkingTime
    difference: Difference

    @property
    def version(self) -> int:
        """The number of the new version."""
        return self.new.calendar.version


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One open deadline that moves. `owner` is `requests/<id>` …; `was_late`: it had run out, which
    stays a fact (E3); it is `late` where it runs out the moment it is moved."""

    leg: str
    clock_id: UUID
    owner: str
    region: str
    offering: str = ""
    was_due_at: datetime
    due_at: datetime
    was_late: bool = False
    late: bool = False


class Batch(msgspec.Struct, frozen=True):
    """What a mover did of one stretch: how many it looked at, what moved, how many were busy.

    `after` is where the next stretch begins; None at the end.
    """

    after: UUID | None
    looked_at: int = 0
    moves: Sequence[Move] = ()
    busy: int = 0


class Stretch(msgspec.Struct, frozen=True):
    """So many, from behind `after` on; nothing is written unless `keep`."""

    after: UUID | None
    limit: int
    now: datetime
    keep: bool


Mover = Callable[[AsyncSession, Change, Stretch], Awaitable[Batch]]


class Anew(msgspec.Struct, frozen=True):
    """A clock reckoned anew: its end, and its rungs in order."""

    due_at: datetime | None
    provisional: bool
    falls: Sequence[Fall]


class Reckoner:
    """Reckons many clocks by one version: those that begin on one day share their days."""

    def __init__(self, working_time: WorkingTime, ladder: Mapping[str, tuple[Rung, ...]]) -> None:
        self._working_time, self._ladder = working_time, ladder
        self._kept: dict[tuple[object, ...], Anew] = {}

    def anew(
        self, leg: str, budget: AnyBudget, region: str, start: datetime, pauses: Sequence[Pause]
    ) -> Anew:
        """The clock by this version. Raises CalendarUnknown."""
        calendar, ladder = self._working_time.of(region), self._ladder.get(leg, ())
        *first, last = parts_of(budget)
        if pauses:
            return _reckon(start, budget, calendar, ladder, pauses)
        provisional = False
        if first:
            found = due(start, Series(tuple(first)), calendar)
            assert found.due_at is not None  # noqa: S101 - nothing pauses it
            start, provisional = found.due_at, found.provisional
        if not isinstance(last, WorkingDays):
            rest = _reckon(start, last, calendar, ladder, ())
        else:
            # Of a budget in days only the date of its start matters (B2).
            key = (leg, last.n, region, start.astimezone(SHANGHAI).date())
            if key not in self._kept:
                self._kept[key] = _reckon(start, last, calendar, ladder, ())
            rest = self._kept[key]
        return Anew(rest.due_at, rest.provisional or provisional, rest.falls)


def _reckon(
    start: datetime,
    budget: AnyBudget,
    calendar: Calendar,
    ladder: Sequence[Rung],
    pauses: Sequence[Pause],
) -> Anew:
    found = due(start, budget, calendar, pauses)
    return Anew(found.due_at, found.provisional, rungs(start, budget, calendar, ladder, pauses))


def same_days(start: datetime, due_at: datetime, change: Change, region: str) -> datetime:
    """Until when a promise in working days runs now, of which only its ends are kept.

    Its budget is what the old version counts between them (B2).
    """
    calendar = change.old.of(region)
    day, end = start.astimezone(SHANGHAI).date() + DAY, due_at.astimezone(SHANGHAI).date()
    count = sum(calendar.is_workday(day + DAY * n) for n in range((end - day).days))
    found = due(start, WorkingDays(max(1, count)), change.new.of(region)).due_at
    return found or at(end, time.min)


async def rows_of(
    session: AsyncSession, query: Any, key: Any, stretch: Stretch, lock: Sequence[Any]
) -> tuple[Sequence[Any], UUID | None, int]:
    """The next rows of a query in the order of `key`, where it goes on, and how many were busy.

    Locked where they are to be kept, save those that somebody else has locked.
    """
    if stretch.after:
        query = query.where(key > stretch.after)
    rows = (await session.execute(query.order_by(key).limit(stretch.limit))).all()
    after = rows[-1].id if len(rows) == stretch.limit else None
    if not (rows and stretch.keep):
        return rows, after, 0
    again = query.where(key.in_([row.id for row in rows])).order_by(key)
    locked = (await session.execute(again.with_for_update(of=lock, skip_locked=True))).all()
    return locked, after, len(rows) - len(locked)
