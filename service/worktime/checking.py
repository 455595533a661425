"""Officials' tables of working time are checked line by line before they are kept (time.md 1)."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import regions, tables
from service.reference.tables import BadTable, Row
from service.worktime.calendars import Kind

SPECIAL = (Kind.HOLIDAY, Kind.MAKEUP)
STATES = ("published", "provisional")


def _check_each(rows: Sequence[Row], check: Callable[[Row], str | None]) -> None:
    for number, row in enumerate(rows, 2):
        try:
            wrong = check(row)
        except ValueError:
            wrong = "日期或时间写法不对"
        if wrong:
            raise BadTable(f"第 {number} 行:{wrong}。")


def calendar_fault(row: Row) -> str | None:
    """What is wrong with a row of the calendar; raises ValueError for a date that is none."""
    on = date.fromisoformat(row["date"])
    if row["kind"] not in SPECIAL:
        return "kind 应为 holiday(放假)或 makeup(调休上班)"
    if row["kind"] == Kind.MAKEUP and on.weekday() < 5:
        return "调休上班的日子应是周六或周日"
    return None if row["state"] in STATES else "state 应为 published 或 provisional"


def notice_fault(row: Row) -> str | None:
    """What is wrong with a year's notice."""
    date.fromisoformat(row["published_on"])
    if not (row["year"].isdecimal() and len(row["year"]) == 4):
        return "year 应为四位年份"
    return None if row["notice"] and row["source"] else "须写明 notice(文号)和 source(来源)"


def overlay_fault(row: Row) -> str | None:
    """What is wrong with a row of the overlays; each has a source and a reason (C4)."""
    date.fromisoformat(row["date"])
    if row["kind"] not in tuple(Kind):
        return f"kind 应为 {'、'.join(Kind)} 之一"
    return None if row["reason"] and row["source"] else "须写明 reason(原因)和 source(依据)"


def hours_fault(row: Row) -> str | None:
    """What is wrong with a row of business hours."""
    opens, closes = time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"])
    if opens.tzinfo or closes.tzinfo:
        return "时间不带时区"
    return None if opens < closes else "opens 应早于 closes"


def check_no_overlap(rows: Sequence[Row]) -> None:
    """A region's stretches do not overlap; raises BadTable."""
    ends: dict[str, time] = {}
    for row in sorted(rows, key=lambda row: (row["region"], row["opens"])):
        opens, closes = time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"])
        if opens < ends.get(row["region"], time.min):
            raise BadTable(f"地区 {row['region']} 的工作时间互相重叠。")
        ends[row["region"]] = closes


async def check_calendar(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line."""
    _check_each(rows, calendar_fault)


async def check_notices(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line."""
    _check_each(rows, notice_fault)


async def check_overlays(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line."""
    _check_each(rows, overlay_fault)
    await _check_places(session, rows)


async def check_hours(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line or the region."""
    _check_each(rows, hours_fault)
    check_no_overlap(rows)
    await _check_places(session, rows)


async def _check_places(session: AsyncSession, rows: Sequence[Row]) -> None:
    known = await regions.of(session)
    if wrong := [row["region"] for row in rows if known.get(row["region"]) is None]:
        raise BadTable(f"没有这个行政区划:{'、'.join(sorted(set(wrong)))}。")


tables.on_load("calendar", check_calendar)
tables.on_load("calendar_notices", check_notices)
tables.on_load("calendar_overlays", check_overlays)
tables.on_load("business_hours", check_hours)
