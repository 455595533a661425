"""Calendars: what kind of day each date is, for each region, and how sure that is (time.md 1).

Pure; `current.py` reads one from the officials' tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

import msgspec

from service.problems import Problem
from service.worktime.hours import USUAL, Hours
from service.worktime.statutory import NOTICES, STATUTE, Notice, provisional_holidays

FESTIVALS = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}
UNNAMED_NOTICE = "国务院办公厅节假日安排通知"


class CalendarUnknown(Problem):
    """A year for which no calendar is held (time.md C3)."""

    code = "calendar-unknown"
    status = 422
    title = "没有该年的工作日历"
    advice = "所及年份没有工作日历,请改用已公布或暂定的年份;新一年的日历公布后即可计算。"


class Kind(StrEnum):
    """Kinds of dates (time.md C2)."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


WORKED = (Kind.WORKDAY, Kind.MAKEUP)


class Day(msgspec.Struct, frozen=True):
    """One date: its kind, what it is called where it is special, and who says so."""

    kind: Kind
    name: str = ""
    source: str | None = None


class Overlay(msgspec.Struct, frozen=True):
    """A single day changed for a region and its children (time.md C4)."""

    on: date
    region: str
    kind: Kind
    reason: str
    source: str


class Year(msgspec.Struct, frozen=True):
    """How sure one year of a calendar is (time.md C3)."""

    state: Literal["published", "provisional"]
    notice: Notice | None = None


class Calendar:
    """One version of the calendar, as it holds in one place."""

    def __init__(
        self,
        version: int,
        years: Mapping[int, Year],
        days: Mapping[date, Day],
        *,
        overlays: Sequence[Overlay] = (),
        hours: Hours = USUAL,
    ) -> None:
        self.version, self.years, self.hours = version, years, hours
        self._days = {**days, **{o.on: Day(o.kind, o.reason, o.source) for o in overlays}}
        self.memo: dict[date, Any] = {}
        """What a reckoning has made of a date; the calendar itself never changes."""

    @cached_property
    def open_for(self) -> timedelta:
        """The business hours of a whole day."""
        day = date(2026, 3, 2)
        return sum((b - a for a, b in (span.on(day) for span in self.hours)), timedelta())

    @cached_property
    def open_words(self) -> str:
        """How a whole day is told."""
        return f"工作时间内计 {self.open_for // timedelta(minutes=1)} 分钟"

    def day(self, on: date) -> Day:
        """What a date is; raises CalendarUnknown."""
        if on.year not in self.years:
            raise CalendarUnknown(f"没有 {on.year} 年的工作日历。{CalendarUnknown.advice}")
        found = self._days.get(on)
        return found or (WEEKEND if on.weekday() >= 5 else WORKDAY)

    @property
    def special(self) -> Mapping[date, Day]:
        """The dates that are not what the plain week makes of them."""
        return self._days

    def kind_of(self, on: date) -> Kind:
        """The kind of a date; raises CalendarUnknown."""
        return self.day(on).kind

    def is_workday(self, on: date) -> bool:
        """Whether a date is worked (time.md C2); raises CalendarUnknown."""
        return self.kind_of(on) in WORKED

    def is_provisional(self, on: date) -> bool:
        """Whether the date's year still waits for its notice; raises CalendarUnknown."""
        self.day(on)
        return self.years[on.year].state == "provisional"

    def numbered(self, version: int) -> "Calendar":
        """The same days under another number."""
        return Calendar(version, self.years, self._days, hours=self.hours)

    def at(self, chain: Sequence[str], overlays: Sequence[Overlay], hours: Hours) -> "Calendar":
        """This calendar as it holds in a place; `chain` is the place and what it lies in."""
        # The nearest place has the last word on a day.
        theirs = [o for place in reversed(chain) for o in overlays if o.region == place]
        return Calendar(self.version, self.years, self._days, overlays=theirs, hours=hours)


WORKDAY, WEEKEND = Day(Kind.WORKDAY), Day(Kind.WEEKEND)


def build(
    version: int, rows: Iterable[Mapping[str, str]], notices: Mapping[int, Notice] = NOTICES
) -> Calendar:
    """A calendar of table rows `date, kind, name_en, state`, and the provisional year after them.

    A year with a row that is not `published` is provisional as a whole, by its rows.
    """
    days: dict[date, Day] = {}
    years: dict[int, Year] = {}
    for row in rows:
        on = date.fromisoformat(row["date"])
        days[on] = _day(on, row, notices)
        if row["state"] != "published":
            years[on.year] = Year("provisional")
        elif on.year not in years:
            years[on.year] = Year("published", notices.get(on.year))
    _add_provisional(days, years)
    return Calendar(version, years, days)


def _day(on: date, row: Mapping[str, str], notices: Mapping[int, Notice]) -> Day:
    name = FESTIVALS.get(row["name_en"], row["name_en"])
    if row["state"] != "published":
        return Day(Kind(row["kind"]), name, STATUTE)
    # The days around New Year that lie in December come from the notice for the next year.
    notice = notices.get(on.year + (on.month == 12))
    return Day(Kind(row["kind"]), name, notice.number if notice else UNNAMED_NOTICE)


def _add_provisional(days: dict[date, Day], years: dict[int, Year]) -> None:
    if not years:
        return
    year = max(years) + 1
    statutory = provisional_holidays(year)
    if years[year - 1].state == "published" and statutory is not None:
        years[year] = Year("provisional")
        for on, name in statutory.items():
            days.setdefault(on, Day(Kind.HOLIDAY, name, STATUTE))
