"""Work in a partner's opening hours takes as long as a budget of working minutes would."""

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from local.simulation.opening import Opening
from service.worktime.current import shipped
from service.worktime.hours import SHANGHAI, Span
from service.worktime.reckoning import WorkingMinutes, due

HOURS = (Span(time(9), time(11, 30)), Span(time(14), time(17)))
CALENDAR = shipped().calendar.at((), (), HOURS)
OPENING = Opening(CALENDAR, date(2026, 1, 1), date(2027, 1, 1))
BEGIN = datetime(2026, 1, 1, tzinfo=SHANGHAI)


@given(st.integers(0, 300 * 86_400), st.integers(1, 6_000))
def test_it_ends_where_the_budget_would(second: int, minutes: int) -> None:
    start = BEGIN + timedelta(seconds=second)
    expected = due(start, WorkingMinutes(minutes), CALENDAR).due_at
    assert expected is not None
    if expected.year == 2026:
        assert OPENING.after(minutes, start) == expected


def test_the_next_day_is_the_next_working_day() -> None:
    before_national_day = datetime(2026, 9, 30, 16, tzinfo=SHANGHAI)
    assert OPENING.next_day(before_national_day) == datetime(2026, 10, 8, 9, tzinfo=SHANGHAI)
