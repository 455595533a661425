"""The reckoning and a slow, independent one agree on whatever is thrown at them."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from service.worktime.current import shipped
from service.worktime.pauses import Pause
from service.worktime.reckoning import Series, WorkingDays, WorkingMinutes, due, left_at
from service.worktime.rungs import Rung, rungs
from tests.service.worktime import slow
from tests.service.worktime.slow import SHANGHAI, Stretch

CALENDAR = shipped().of("370102")
# Instants cluster where rules change: around midnights, openings, closings.
MINUTES = st.one_of(
    st.integers(0, 24 * 60 - 1),
    st.sampled_from([0, 1, 539, 540, 541, 719, 720, 809, 810, 1049, 1050, 1439]),
)


@st.composite
def instants(draw: st.DrawFn, first: int = 2004, last: int = 2024) -> datetime:
    start = datetime(draw(st.integers(first, last)), 1, 1, tzinfo=SHANGHAI)
    return start + timedelta(days=draw(st.integers(0, 364)), minutes=draw(MINUTES))


@st.composite
def stories(draw: st.DrawFn) -> tuple[datetime, list[Stretch]]:
    """A start and pauses after each other, some within one day, some over weeks."""
    start = draw(instants(first=2005))  # a pause may begin before it, in a year that is known
    at = start.replace(hour=0, minute=0) - timedelta(days=draw(st.integers(0, 3)))
    marks = [at := at + timedelta(minutes=0)]
    for _ in range(2 * draw(st.integers(0, 4))):
        days = draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3, 9]))
        moved = (marks[-1] + timedelta(days=days)).replace(hour=0, minute=0)
        marks.append(max(marks[-1], moved + timedelta(minutes=draw(MINUTES))))
    return start, list(zip(marks[1::2], marks[2::2], strict=True))


def pauses_of(stretches: list[Stretch]) -> list[Pause]:
    return [Pause(begin, end) for begin, end in stretches]


@given(story=stories(), n=st.integers(1, 40))
@settings(max_examples=400, deadline=None)
def test_working_days_agree_with_a_clock_walked_through_time(
    story: tuple[datetime, list[Stretch]], n: int
) -> None:
    start, stretches = story
    expected = slow.days_due(start, n, stretches)
    found = due(start, WorkingDays(n), CALENDAR, pauses_of(stretches))
    assert found.due_at == expected
    assert (found.consumed, found.left) == (n, 0)
    assert [line.number for line in found.days if line.counted] == list(range(1, n + 1))
    assert all((b.date - a.date).days == 1 for a, b in pairwise(found.days))


@given(story=stories(), n=st.integers(1, 900))
@settings(max_examples=60, deadline=None)
def test_working_minutes_agree_with_a_clock_walked_minute_by_minute(
    story: tuple[datetime, list[Stretch]], n: int
) -> None:
    start, stretches = story
    found = due(start, WorkingMinutes(n), CALENDAR, pauses_of(stretches))
    assert found.due_at == slow.minutes_due(start, n, stretches)


@given(story=stories(), minutes=st.integers(1, 900), days=st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_a_series_begins_each_budget_where_the_last_one_ended(
    story: tuple[datetime, list[Stretch]], minutes: int, days: int
) -> None:
    start, stretches = story
    promise = Series((WorkingMinutes(minutes), WorkingDays(days)))
    accepted = slow.minutes_due(start, minutes, stretches)
    found = due(start, promise, CALENDAR, pauses_of(stretches))
    assert found.due_at == slow.days_due(accepted, days, stretches)
    dates = [line.date for line in found.days]
    assert dates == sorted(set(dates))


@given(story=stories(), n=st.integers(1, 30), ahead=st.integers(0, 60 * 24 * 40))
@settings(max_examples=150, deadline=None)
def test_what_is_left_at_any_instant_ends_when_the_whole_would(
    story: tuple[datetime, list[Stretch]], n: int, ahead: int
) -> None:
    start, stretches = story
    pauses, now = pauses_of(stretches), start + timedelta(minutes=ahead)
    whole = due(start, WorkingDays(n), CALENDAR, pauses)
    so_far = left_at(now, start, WorkingDays(n), CALENDAR, pauses)
    assert whole.due_at is not None
    assert (so_far.left == 0) == (whole.due_at <= now)
    assert so_far.consumed == sum(
        line.counted
        and datetime.combine(line.date, datetime.min.time(), SHANGHAI) + timedelta(days=1) <= now
        for line in whole.days
    )


@given(start=instants(), n=st.integers(1, 60), hour=st.integers(0, 22), offset=st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_a_pause_within_one_date_never_moves_working_days(
    start: datetime, n: int, hour: int, offset: int
) -> None:
    day = (start + timedelta(days=offset)).replace(hour=hour, minute=0)
    pause = Pause(day, day + timedelta(minutes=59))
    plain = due(start, WorkingDays(n), CALENDAR)
    assert due(start, WorkingDays(n), CALENDAR, [pause]).due_at == plain.due_at


@given(story=stories(), n=st.integers(1, 250), by=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_more_budget_is_never_due_earlier_and_pauses_never_hasten(
    story: tuple[datetime, list[Stretch]], n: int, by: int
) -> None:
    start, stretches = story
    pauses = pauses_of(stretches)
    ends = [
        due(start, WorkingDays(each), CALENDAR, stood).due_at
        for each, stood in ((n, []), (n, pauses), (min(250, n + by), pauses))
    ]
    assert ends == sorted(ends, key=lambda end: end.timestamp() if end else 0)


LADDER = [Rung(each, each) for each in ("0.5", "0.8", "due", "breach", "breach+1", "breach+0m")]


@given(
    story=stories(),
    budget=st.one_of(st.integers(1, 40).map(WorkingDays), st.integers(1, 2000).map(WorkingMinutes)),
)
@settings(max_examples=80, deadline=None)
def test_every_rung_has_its_instant_between_start_and_breach_or_after_it(
    story: tuple[datetime, list[Stretch]], budget: WorkingDays | WorkingMinutes
) -> None:
    start, stretches = story
    pauses = pauses_of(stretches)
    found = rungs(start, budget, CALENDAR, LADDER, pauses)
    end = due(start, budget, CALENDAR, pauses).due_at
    assert end is not None
    at = {fall.rung: fall.at for fall in found}
    assert len(at) == len(LADDER)
    assert at["breach"] == at["breach+0m"] == end < at["breach+1"]
    assert start <= at["0.5"] <= at["0.8"] <= end
    assert start <= at["due"] < end
