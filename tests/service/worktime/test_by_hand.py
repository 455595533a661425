"""Deadlines by a wall calendar: year ends, 调休, long holidays, pauses, minutes."""

from datetime import datetime

import pytest

from service.worktime.calendars import Kind
from service.worktime.current import shipped
from service.worktime.hours import SHANGHAI
from service.worktime.pauses import Pause
from service.worktime.reckoning import Series, WorkingDays, WorkingMinutes, due
from service.worktime.words import display

CALENDAR = shipped().of("370000")


def at(text: str) -> datetime:
    """`2026-03-02 10:00`, in Shanghai unless it says otherwise."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


def pauses_of(text: str) -> list[Pause]:
    """`03-04 10:00 > 03-06 09:00, …` in 2026."""
    stretches = [each.split(">") for each in text.split(",") if each]
    return [
        Pause(at(f"2026-{begin.strip()}"), at(f"2026-{end.strip()}") if end.strip() else None)
        for begin, end in stretches
    ]


# 2 March 2026 is a Monday.
DAYS = [
    ("2026-03-02 10:00", 1, "3月3日(周二)24:00"),
    ("2026-03-02 10:00", 5, "3月9日(周一)24:00"),
    ("2026-03-02 00:00", 1, "3月3日(周二)24:00"),
    ("2026-03-02 23:59:59.999999", 1, "3月3日(周二)24:00"),
    ("2026-03-02T15:59:59+00:00", 1, "3月3日(周二)24:00"),
    ("2026-03-02T16:00:00+00:00", 1, "3月4日(周三)24:00"),
    ("2026-03-06 17:00", 1, "3月9日(周一)24:00"),
    ("2026-03-07 10:00", 1, "3月9日(周一)24:00"),  # a rest day is day 0 all the same
    ("2026-03-08 23:59", 2, "3月10日(周二)24:00"),
    ("2025-12-31 10:00", 1, "1月4日(周日)24:00"),  # over New Year to a Sunday worked
    ("2025-12-30 10:00", 3, "1月5日(周一)24:00"),
    ("2026-01-03 10:00", 1, "1月4日(周日)24:00"),
    ("2026-01-04 10:00", 1, "1月5日(周一)24:00"),  # a Sunday worked is a day 0 like any other
    ("2026-02-13 10:00", 1, "2月14日(周六)24:00"),
    ("2026-02-13 10:00", 2, "2月24日(周二)24:00"),  # over the whole Spring Festival
    ("2026-02-14 10:00", 5, "2月28日(周六)24:00"),
    ("2026-02-17 10:00", 1, "2月24日(周二)24:00"),  # on New Year's Day itself
    ("2026-04-03 16:00", 1, "4月7日(周二)24:00"),
    ("2026-04-30 10:00", 3, "5月8日(周五)24:00"),
    ("2026-04-30 10:00", 4, "5月9日(周六)24:00"),
    ("2026-05-09 10:00", 1, "5月11日(周一)24:00"),
    ("2026-06-18 10:00", 1, "6月22日(周一)24:00"),
    ("2026-09-18 10:00", 1, "9月20日(周日)24:00"),
    ("2026-09-18 10:00", 2, "9月21日(周一)24:00"),
    ("2026-09-24 10:00", 1, "9月28日(周一)24:00"),
    ("2026-09-28 10:00", 5, "10月10日(周六)24:00"),
    ("2025-09-26 10:00", 1, "9月28日(周日)24:00"),
    ("2025-09-30 10:00", 2, "10月10日(周五)24:00"),
    ("2025-09-30 10:00", 3, "10月11日(周六)24:00"),
    ("2024-02-02 10:00", 1, "2月4日(周日)24:00"),
    ("2024-02-08 10:00", 2, "2月18日(周日)24:00"),  # the Eve was worked, then eight days were not
    ("2024-02-09 17:00", 2, "2月19日(周一)24:00"),
    ("2024-04-03 10:00", 1, "4月7日(周日)24:00"),
    ("2024-04-26 10:00", 1, "4月28日(周日)24:00"),
    ("2024-04-30 10:00", 2, "5月7日(周二)24:00"),
    ("2024-05-10 10:00", 1, "5月11日(周六)24:00"),
    ("2024-06-07 10:00", 1, "6月11日(周二)24:00"),
    ("2024-09-13 10:00", 1, "9月14日(周六)24:00"),
    ("2024-09-13 10:00", 2, "9月18日(周三)24:00"),
    ("2024-09-27 10:00", 1, "9月29日(周日)24:00"),
    ("2024-09-30 10:00", 1, "10月8日(周二)24:00"),
    ("2024-10-11 10:00", 1, "10月12日(周六)24:00"),
    ("2024-12-31 10:00", 1, "1月2日(周四)24:00"),  # one day only
    ("2025-01-24 10:00", 1, "1月26日(周日)24:00"),
    ("2025-01-27 10:00", 1, "2月5日(周三)24:00"),
    ("2025-02-07 10:00", 1, "2月8日(周六)24:00"),
    ("2025-04-03 10:00", 1, "4月7日(周一)24:00"),
    ("2025-04-25 10:00", 1, "4月27日(周日)24:00"),
    ("2025-04-30 10:00", 1, "5月6日(周二)24:00"),
    ("2025-05-30 10:00", 1, "6月3日(周二)24:00"),
    ("2025-10-10 10:00", 1, "10月11日(周六)24:00"),
    ("2020-01-23 10:00", 1, "2月3日(周一)24:00"),  # the prolonged festival of 2020
    ("2015-09-02 10:00", 1, "9月6日(周日)24:00"),  # the 70th anniversary
    ("2026-12-30 10:00", 1, "12月31日(周四)24:00"),
    ("2026-12-31 10:00", 1, "1月4日(周一)24:00"),
    ("2027-02-04 10:00", 1, "2月9日(周二)24:00"),  # the Eve and 1st–3rd, two of them a weekend
    ("2027-09-30 10:00", 1, "10月4日(周一)24:00"),
]


@pytest.mark.parametrize(("start", "n", "expected"), DAYS)
def test_b2_working_days(start: str, n: int, expected: str) -> None:
    end = due(at(start), WorkingDays(n), CALENDAR).due_at
    assert end is not None
    assert display(end) == expected


# Five working days from Monday 2 March 2026 at ten, due on Monday the 9th when nothing pauses.
PAUSED_DAYS = [
    ("", "3月9日(周一)24:00"),
    ("03-04 10:00 > 03-06 09:00", "3月12日(周四)24:00"),
    ("03-04 10:00 > 03-04 15:00", "3月9日(周一)24:00"),
    ("03-02 11:00 > 03-02 15:00", "3月9日(周一)24:00"),  # day 0 is granted once
    ("03-02 15:00 > 03-04 09:00", "3月11日(周三)24:00"),
    ("03-04 10:00 > 03-07 12:00", "3月12日(周四)24:00"),  # resumed on a Saturday
    ("03-04 10:00 > 03-06 00:00", "3月12日(周四)24:00"),  # 00:00 is the day that it begins
    ("03-05 00:00 > 03-06 09:00", "3月11日(周三)24:00"),  # the 4th was run to its end
    ("03-04 23:59 > 03-05 00:01", "3月11日(周三)24:00"),  # two minutes cost two days
    ("03-03 09:00 > 03-03 10:00, 03-04 10:00 > 03-05 10:00", "3月11日(周三)24:00"),
    ("03-04 10:00 > 03-05 10:00, 03-05 14:00 > 03-05 15:00", "3月11日(周三)24:00"),
    ("03-04 10:00 > 03-05 10:00, 03-05 14:00 > 03-06 10:00", "3月12日(周四)24:00"),
    ("03-05 14:00 > 03-06 10:00, 03-04 10:00 > 03-05 10:00", "3月12日(周四)24:00"),
    ("03-04 10:00 > 03-05 10:00, 03-05 10:00 > 03-06 10:00", "3月12日(周四)24:00"),
    ("03-10 00:00 > 03-12 09:00", "3月9日(周一)24:00"),  # begun when it was due: too late
    ("03-09 23:59 > 03-12 09:00", "3月13日(周五)24:00"),
    ("02-20 10:00 > 02-27 10:00", "3月9日(周一)24:00"),  # over before the start
    ("02-20 10:00 > 03-03 10:00", "3月10日(周二)24:00"),
    ("03-06 18:00 > 03-08 10:00", "3月10日(周二)24:00"),  # a Friday evening to a Sunday
    ("03-07 10:00 > 03-08 10:00", "3月9日(周一)24:00"),  # within the weekend
    ("03-07 10:00 > 03-09 08:00", "3月10日(周二)24:00"),
]


@pytest.mark.parametrize(("pauses", "expected"), PAUSED_DAYS)
def test_p3_working_days_with_pauses(pauses: str, expected: str) -> None:
    end = due(at("2026-03-02 10:00"), WorkingDays(5), CALENDAR, pauses_of(pauses)).due_at
    assert end is not None
    assert display(end) == expected


MINUTES = [
    ("2026-03-02 10:00", 60, "3月2日(周一)11:00"),
    ("2026-03-02 11:00", 60, "3月2日(周一)12:00"),
    ("2026-03-02 11:00", 61, "3月2日(周一)13:31"),
    ("2026-03-02 12:30", 1, "3月2日(周一)13:31"),
    ("2026-03-02 12:00", 1, "3月2日(周一)13:31"),
    ("2026-03-02 08:00", 420, "3月2日(周一)17:30"),
    ("2026-03-02 08:00", 421, "3月3日(周二)09:01"),
    ("2026-03-02 10:00", 480, "3月3日(周二)11:00"),
    ("2026-03-02 09:00", 2100, "3月6日(周五)17:30"),
    ("2026-03-02 10:00:30", 1, "3月2日(周一)10:01:30"),
    ("2026-03-06 17:00", 60, "3月9日(周一)09:30"),
    ("2026-03-06 17:30", 1, "3月9日(周一)09:01"),
    ("2026-03-07 10:00", 30, "3月9日(周一)09:30"),
    ("2026-02-13 17:00", 60, "2月14日(周六)09:30"),
    ("2026-09-30 17:20", 20, "10月8日(周四)09:10"),
    ("2026-12-31 17:00", 60, "1月4日(周一)09:30"),
]


@pytest.mark.parametrize(("start", "n", "expected"), MINUTES)
def test_b3_working_minutes(start: str, n: int, expected: str) -> None:
    end = due(at(start), WorkingMinutes(n), CALENDAR).due_at
    assert end is not None
    assert display(end) == expected


PAUSED_MINUTES = [
    ("2026-03-02 10:00", 60, "03-02 10:30 > 03-02 11:30", "3月2日(周一)12:00"),
    ("2026-03-02 10:00", 120, "03-02 11:30 > 03-02 14:00", "3月2日(周一)14:30"),
    ("2026-03-02 10:00", 60, "03-02 10:30 > 03-04 09:30", "3月4日(周三)10:00"),
    ("2026-03-02 10:00", 500, "03-02 18:00 > 03-03 08:00", "3月3日(周二)11:20"),
    ("2026-03-02 10:00", 60, "03-02 11:00 > 03-04 09:30", "3月2日(周一)11:00"),
    ("2026-03-02 10:00", 60, "03-02 10:59 > 03-02 12:00", "3月2日(周一)13:31"),
]


@pytest.mark.parametrize(("start", "n", "pauses", "expected"), PAUSED_MINUTES)
def test_p2_paused_minutes_are_not_consumed(start: str, n: int, pauses: str, expected: str) -> None:
    end = due(at(start), WorkingMinutes(n), CALENDAR, pauses_of(pauses)).due_at
    assert end is not None
    assert display(end) == expected


def test_c2_each_weekend_day_that_was_worked_of_2024_to_2026_ends_a_deadline_by_hand() -> None:
    ends = {
        due(at(start), WorkingDays(n), CALENDAR).days[-1].date for start, n, _ in DAYS
    }  # fmt: skip
    worked = {
        on for on, day in CALENDAR.special.items()
        if day.kind is Kind.MAKEUP and 2024 <= on.year <= 2026
    }  # fmt: skip
    assert len(worked) == 19
    assert worked <= ends


def test_a_promise_is_eight_hours_to_accept_and_then_five_days() -> None:
    promise = Series((WorkingMinutes(480), WorkingDays(5)))
    found = due(at("2026-03-02 10:00"), promise, CALENDAR)
    assert found.due_at == at("2026-03-11 00:00")  # accepted by Tuesday 11:00, its day 0
    assert [(used.unit, used.n) for used in found.parts] == [
        ("working_minutes", 480), ("working_days", 5),
    ]  # fmt: skip
    tuesday = found.days[1]
    assert tuesday.counted
    assert "120 分钟" in tuesday.why
    assert "起算日" in tuesday.why


def test_p4_a_pause_that_lasts_leaves_no_deadline_only_what_is_left() -> None:
    found = due(at("2026-03-02 10:00"), WorkingDays(5), CALENDAR, pauses_of("03-05 10:00 >"))
    assert (found.due_at, found.consumed, found.left) == (None, 2, 3)
    assert found.days[-1].date.day == 5
    minutes = due(at("2026-03-02 10:00"), WorkingMinutes(60), CALENDAR, pauses_of("03-02 10:40 >"))
    assert (minutes.due_at, minutes.consumed, minutes.left) == (None, 40, 20)
    promise = Series((WorkingMinutes(60), WorkingDays(5)))
    whole = due(at("2026-03-02 10:00"), promise, CALENDAR, pauses_of("03-02 10:40 >"))
    assert [used.left for used in whole.parts] == [20, 5]


def test_b4_only_a_deadline_that_leans_on_a_provisional_year_is_provisional() -> None:
    on_the_last_day = due(at("2026-12-30 10:00"), WorkingDays(1), CALENDAR)
    assert (on_the_last_day.due_at, on_the_last_day.provisional) == (at("2027-01-01 00:00"), False)
    assert due(at("2026-12-31 10:00"), WorkingDays(1), CALENDAR).provisional
    assert due(at("2026-12-31 17:00"), WorkingMinutes(60), CALENDAR).provisional
    assert not due(at("2026-12-31 17:00"), WorkingMinutes(30), CALENDAR).provisional
