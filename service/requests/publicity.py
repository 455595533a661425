"""公示: which days it may run (guide.md 3.4, time.md P1). No session."""

from datetime import date, datetime, time, timedelta

from service.offerings.models import OfferingVersion
from service.problems import FieldError, InvalidBody, Problem
from service.worktime.hours import SHANGHAI

LONGEST = timedelta(days=30)
"""A pause that the partner sets itself must not swallow the promise (A)."""


class NoPublicity(Problem):
    """The offering foresees no 公示, so nothing may stand still for one."""

    code = "publicity-not-foreseen"
    status = 409
    title = "此事项不设公示"
    advice = "请直接办理;确需公示的,请联系专家中心修改事项。"


def check(version: OfferingVersion, begins_on: date, ends_on: date, now: datetime) -> None:
    """From today, to a day not before it and not too far; raises NoPublicity, InvalidBody."""
    if not version.publicity_wd:
        raise NoPublicity
    if begins_on != now.astimezone(SHANGHAI).date():
        raise InvalidBody(FieldError("/from", "not-today", "公示自提交当日起,请填今天的日期。"))
    if not begins_on <= ends_on <= begins_on + LONGEST:
        text = f"公示的最后一天应在今天到 {LONGEST.days} 天之内。"
        raise InvalidBody(FieldError("/to", "out-of-range", text))


def end_of(ends_on: date) -> datetime:
    """The instant at which 公示 is over: 24:00 of its last day."""
    return datetime.combine(ends_on + timedelta(days=1), time.min, SHANGHAI)
