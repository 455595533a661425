"""How instants and spans are said."""

from datetime import datetime, timedelta

from service.worktime.hours import SHANGHAI
from service.worktime.words import minutes, until


def test_a_deadline_is_said_without_seconds_and_never_later_than_it_is() -> None:
    due_at = datetime(2026, 11, 27, 15, 6, 59, 999_999, tzinfo=SHANGHAI)
    assert until(due_at) == "11月27日(周五)15:06"


def test_midnight_is_the_end_of_the_day_before() -> None:
    assert until(datetime(2026, 3, 10, tzinfo=SHANGHAI)) == "3月9日(周一)24:00"


def test_two_parts_of_a_minute_add_up_in_whole_seconds() -> None:
    first = timedelta(minutes=262, seconds=4, microseconds=514_800)
    assert minutes(first) == "262 分钟 5 秒"
    assert minutes(timedelta(minutes=540) - first) == "277 分钟 55 秒"
    assert minutes(timedelta(minutes=3)) == "3 分钟"
