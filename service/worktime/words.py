"""Deadlines and their reasons in words for people (time.md 7)."""

from datetime import datetime, timedelta

from service.worktime.calendars import Day, Kind
from service.worktime.hours import SHANGHAI

WEEKDAYS = "一二三四五六日"

DAY_ZERO = "起算日,不计入(民法典第二百零一条)"
PAUSED = "暂停计时,不计入"
RESUMED = "恢复计时之日,作为新的起算日,不计入"
CLOSED = "工作时间之外,不计入"


def rest(day: Day) -> str:
    """Why a date is not worked."""
    if day.kind is Kind.HOLIDAY:
        return f"{day.name or '节假日'}放假,不计入"
    return f"休息日({day.name}),不计入" if day.name else "休息日,不计入"


def makeup(day: Day) -> str:
    """Why a weekend day is worked."""
    return f"{day.name}调休上班" if day.name else "调休上班"


def minutes(span: timedelta) -> str:
    """`180 分钟`; to the nearest second, so that two parts of a minute still add up."""
    whole, rest_of = divmod(timedelta(seconds=round(span.total_seconds())), timedelta(minutes=1))
    return f"{whole} 分钟" + (f" {rest_of.seconds} 秒" if rest_of else "")


def display(due_at: datetime) -> str:
    """`3月9日(周一)24:00`: midnight is the end of the day that people count (time.md B2, D2)."""
    local = due_at.astimezone(SHANGHAI)
    clock = f"{local:%H:%M}"
    if local.time().replace(tzinfo=None) == datetime.min.time():
        local, clock = local - timedelta(days=1), "24:00"
    elif local.second or local.microsecond:
        clock = f"{local:%H:%M:%S}"
    return f"{local.month}月{local.day}日(周{WEEKDAYS[local.weekday()]}){clock}"


def until(due_at: datetime) -> str:
    """As `display`, without seconds, which nobody plans by: in time by this is in time."""
    return display(due_at.replace(second=0, microsecond=0))
