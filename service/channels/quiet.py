"""静默时段: when nothing goes out, and how long facts are gathered into one message.

The officials' table `quiet_hours`: by region and role; the nearest region's row holds, and there
the role's own before `*`. `rest_days` quiet: nothing goes out on days that are no working days.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Role
from service.reference import regions, tables
from service.reference.tables import BadTable, Row
from service.worktime.calendars import Calendar, CalendarUnknown
from service.worktime.current import current
from service.worktime.hours import SHANGHAI, at

TABLE = "quiet_hours"
ANYBODY = "*"
LONGEST = 31
"""Days that are looked through for an hour that is not quiet; 春节 is a third of that."""


class Quiet(msgspec.Struct, frozen=True):
    """One row: quiet from `begins` to `ends` (over midnight where it ends earlier)."""

    begins: time
    ends: time
    rest_days: bool = False
    gather: timedelta = timedelta()

    def holds(self, now: datetime, calendar: Calendar) -> bool:
        """Whether nothing goes out at this instant."""
        local = now.astimezone(SHANGHAI)
        if self.rest_days and not _is_workday(calendar, local):
            return True
        if self.begins <= self.ends:
            return self.begins <= local.time() < self.ends
        return local.time() >= self.begins or local.time() < self.ends

    def next_open(self, now: datetime, calendar: Calendar) -> datetime:
        """The first instant from `now` on that is not quiet."""
        if not self.holds(now, calendar):
            return now
        today = now.astimezone(SHANGHAI).date()
        for days in range(LONGEST):
            day = today + timedelta(days=days)
            for moment in (at(day, time.min), at(day, self.ends)):
                if moment > now and not self.holds(moment, calendar):
                    return moment
        return now + timedelta(days=LONGEST)


def _is_workday(calendar: Calendar, local: datetime) -> bool:
    try:
        return calendar.is_workday(local.date())
    except CalendarUnknown:
        return True  # better told on a rest day than never


NEVER = Quiet(time.min, time.min)


class Hours:
    """All rows, and the calendars by which a day is one of rest."""

    def __init__(
        self, rows: Iterable[Row], places: regions.Regions, calendars: Mapping[str, Calendar]
    ) -> None:
        self._rows = {(row["region"], row["role"]): _quiet(row) for row in rows}
        self._places, self._calendars = places, calendars

    def of(self, region: str, role: str) -> Quiet:
        """The row that holds for somebody of this role there."""
        for place in self._places.chain(region):
            for who in (role, ANYBODY):
                if (place, who) in self._rows:
                    return self._rows[place, who]
        return NEVER

    def next_open(self, region: str, role: str, now: datetime) -> datetime:
        """The first instant from `now` on at which they may be disturbed."""
        return self.of(region, role).next_open(now, self._calendars[region])

    def gathered(self, region: str, role: str, now: datetime) -> datetime:
        """When a message that begins to gather now goes out."""
        return self.next_open(region, role, now + self.of(region, role).gather)


async def hours(session: AsyncSession, places: Iterable[str]) -> Hours:
    """The table in force, with the calendars of these regions."""
    working_time = await current(session)
    calendars = {place: working_time.of(place) for place in places}
    return Hours(await tables.rows_of(session, TABLE), await regions.of(session), calendars)


def _quiet(row: Row) -> Quiet:
    return Quiet(
        time.fromisoformat(row["from"]),
        time.fromisoformat(row["to"]),
        row["rest_days"] == "quiet",
        timedelta(minutes=int(row["gather_minutes"] or 0)),
    )


async def _check(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line that is wrong."""
    places = await regions.of(session)
    for number, row in enumerate(rows, 2):
        if row["region"] not in places.by_code:
            raise BadTable(f"第 {number} 行: 没有行政区划“{row['region']}”。")
        if row["role"] not in {ANYBODY, *Role}:
            raise BadTable(f"第 {number} 行: 没有角色“{row['role']}”。")
        if row["rest_days"] not in ("quiet", "open"):
            raise BadTable(f"第 {number} 行: rest_days 应是 quiet 或 open。")
        minutes = row["gather_minutes"]
        if not (minutes.isascii() and minutes.isdigit() and int(minutes[:4]) <= 240):
            raise BadTable(f"第 {number} 行: gather_minutes 应是 0 至 240 的整数。")
        try:
            _quiet(row)
        except ValueError as wrong:
            raise BadTable(f"第 {number} 行: 时间应写成 21:00。") from wrong


tables.on_load(TABLE, _check)
