"""What a partner's past says of a case that has got so far."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.requests.forecasting.past import LEAST, Past
from service.requests.forecasting.progress import STEPS, part_of_day, step_at
from service.worktime.current import shipped
from service.worktime.hours import at
from service.worktime.pauses import Pause
from service.worktime.reckoning import WorkingDays, WorkingMinutes, due

CALENDAR = shipped().of("370100")
MONDAY = at(date(2026, 3, 2), time(10))


def past(*told: tuple[str, str, int, int]) -> Past[str]:
    """Cases of handling: partner, offering, the step in which they ended, how many."""
    known = Past[str]()
    for partner, offering, step, cases in told:
        known.add("handling", partner, offering, step, cases)
    return known


def chance(known: Past[str], step: int, partner: str = "住建", offering: str = "HO-01") -> float:
    found = known.chance("handling", partner, offering, step)
    assert found is not None
    return found.probability


def test_with_too_little_past_nothing_is_said() -> None:
    known = past(("住建", "HO-01", 5, LEAST - 1), ("教育", "ED-01", 5, 500))
    assert known.chance("handling", "住建", "HO-01", 3) is None
    assert known.chance("acceptance", "教育", "ED-01", 3) is None
    known.add("handling", "住建", "HO-02", 9)
    assert known.chance("handling", "住建", "HO-01", 3) is not None


def test_much_past_of_the_same_offering_speaks_for_itself() -> None:
    known = past(("住建", "HO-01", 12, 600), ("住建", "HO-01", STEPS, 400))
    assert chance(known, 0) == pytest.approx(0.4, abs=0.01)
    assert chance(known, 13) > 0.95  # of those that got past step 12 each one breached


def test_a_rare_offering_borrows_from_the_partner_and_a_new_partner_from_all() -> None:
    known = past(
        ("住建", "HO-01", STEPS, 90), ("住建", "HO-01", 5, 10), ("教育", "ED-01", 5, 1000),
        ("银行", "FI-01", 5, LEAST),
    )  # fmt: skip
    assert chance(known, 0, offering="HO-02") > 0.5
    everybody = 90 / (90 + 10 + 1000 + LEAST)
    assert 0 < chance(known, 0, partner="银行", offering="FI-01") < everybody
    assert chance(known, 19, partner="银行", offering="FI-01") > 0.5  # whoever got there was late


def test_a_chance_says_what_it_is_taken_from() -> None:
    known = past(("住建", "HO-01", 12, 30), ("住建", "HO-02", STEPS, 6))
    found = known.chance("handling", "住建", "HO-01", 13)
    assert found is not None
    assert (found.offering.cases, found.partner.cases, found.partner.breached) == (0, 6, 6)


@given(
    st.lists(st.tuples(st.sampled_from("甲乙丙"), st.sampled_from(("HO-01", "HO-02")),
                       st.integers(0, STEPS), st.integers(1, 40)), min_size=1, max_size=12),
    st.integers(0, STEPS - 1),
)  # fmt: skip
def test_it_is_a_probability_and_one_more_breach_never_lowers_it(
    told: list[tuple[str, str, int, int]], step: int
) -> None:
    known = past(*told, ("甲", "HO-01", 0, LEAST))
    before = chance(known, step, partner="甲")
    assert 0 < before < 1
    known.add("handling", "甲", "HO-01", STEPS)
    assert chance(known, step, partner="甲") >= before


def test_the_last_afternoon_is_further_than_the_last_morning() -> None:
    five = WorkingDays(5)
    assert step_at(MONDAY, MONDAY, five, CALENDAR) == 0
    morning, noon, night = (at(date(2026, 3, 9), time(h)) for h in (9, 13, 23))
    steps = [step_at(now, MONDAY, five, CALENDAR) for now in (morning, noon, night)]
    assert steps == [16, 17, 19]
    assert due(MONDAY, five, CALENDAR).due_at == at(date(2026, 3, 10), time())


def test_a_day_off_and_a_pause_take_nothing_further() -> None:
    sunday = at(date(2026, 3, 8), time(15))
    assert step_at(sunday, MONDAY, WorkingDays(5), CALENDAR) == 16
    paused = [Pause(at(date(2026, 3, 4), time(11)), None)]
    for day in (4, 6, 20):
        now = at(date(2026, 3, day), time(17))
        assert step_at(now, MONDAY, WorkingDays(5), CALENDAR, paused) == 4


def test_minutes_go_by_business_hours() -> None:
    assert part_of_day(at(date(2026, 3, 3), time(12, 30)), CALENDAR) == pytest.approx(180 / 420)
    sixteen = WorkingMinutes(960)
    assert step_at(at(date(2026, 3, 2), time(12)), MONDAY, sixteen, CALENDAR) == 2


@given(st.integers(1, 30), st.lists(st.integers(0, 60 * 24 * 45), min_size=2, max_size=6))
def test_it_only_goes_on(days: int, minutes: list[int]) -> None:
    steps = [
        step_at(MONDAY + timedelta(minutes=m), MONDAY, WorkingDays(days), CALENDAR)
        for m in sorted(minutes)
    ]
    assert steps == sorted(steps)
    assert all(0 <= step < STEPS for step in steps)


def test_before_the_end_of_the_budget_a_case_is_in_no_breach() -> None:
    almost = due(MONDAY, WorkingDays(1), CALENDAR).due_at
    assert almost is not None
    last: datetime = almost - timedelta(microseconds=1)
    assert step_at(last, MONDAY, WorkingDays(1), CALENDAR) == STEPS - 1
