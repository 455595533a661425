"""Months as the Civil Code counts them (民法典 §§ 201–203)."""

from datetime import date, datetime

import pytest

from service.worktime import months
from service.worktime.current import shipped
from service.worktime.hours import SHANGHAI


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        (date(2026, 3, 12), 1, date(2026, 4, 12)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 3, 31), 0, date(2026, 3, 31)),
    ],
)
def test_the_last_day_has_the_same_number_or_is_the_month_s_last(
    start: date, count: int, last: date
) -> None:
    assert months.same_day_later(start, count) == last


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-03-10T00:00", "2026-04-11T00:00"),  # a Friday
        ("2026-03-10T23:59", "2026-04-11T00:00"),  # the day of the start is not counted
        ("2026-03-12T10:00", "2026-04-14T00:00"),  # 12 April is a Sunday
        ("2026-09-01T10:00", "2026-10-09T00:00"),  # 1 October begins a week of holidays
        ("2026-01-31T10:00", "2026-03-01T00:00"),  # 28 February is worked, a Saturday
    ],
)
def test_it_ends_with_the_last_day_that_is_no_day_of_rest(start: str, due: str) -> None:
    calendar = shipped().of("370100")
    begun = datetime.fromisoformat(start).replace(tzinfo=SHANGHAI)
    assert months.due(begun, 1, calendar) == datetime.fromisoformat(due).replace(tzinfo=SHANGHAI)
