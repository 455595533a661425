"""Figures: a set worked by hand, and the Wilson interval against its definition."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.satisfaction import figures
from service.satisfaction.figures import Counts, Share

BY_HAND = Counts(grades=(1, 2, 3, 7, 12), voided=1, defaults=4)
"""25 ratings: 12 × 5, 7 × 4, 3 × 3, 2 × 2, 1 × 1.

好评率 (12 + 7 + 3) / 25 = 22/25 = 0.88.
满意度 (12·10 + 7·8 + 3·6 + 2·3 + 0) / 250 = 200/250 = 0.8.
主动评价率 25 / (25 + 1 void + 4 defaults) = 25/30 = 0.8333.
Wilson of 22/25, z² = 3.841458821: middle (0.88 + 0.07682918) / 1.15365835 = 0.8293869,
half 1.95996398 · √(0.1056/25 + 3.841458821/2500) / 1.15365835 = 0.1289449.
"""


def test_the_set_worked_by_hand() -> None:
    assert figures.good_rate(BY_HAND) == Share(value=0.88, n=25, low=0.7004, high=0.9583)
    assert figures.satisfaction(BY_HAND).value == 0.8
    assert figures.satisfaction(BY_HAND).n == 25
    assert figures.active_rate(BY_HAND).value == 0.8333
    assert figures.active_rate(BY_HAND).n == 30


def test_weights_are_data() -> None:
    assert figures.satisfaction(BY_HAND, (0, 0, 0, 0, 10)).value == 0.48


def test_nothing_rated_is_null_and_not_zero() -> None:
    assert figures.good_rate(Counts()) == Share(value=None, n=0, low=None, high=None)


def test_half_goes_to_even() -> None:
    # 1/32 = 0.03125 and 3/32 = 0.09375: both exactly between two numbers of four decimals.
    assert figures.four(Fraction(1, 32)) == 0.0312
    assert figures.four(Fraction(3, 32)) == 0.0938


@pytest.mark.parametrize("n", [1, 3, 10, 1000])
def test_an_interval_ends_exactly_at_none_and_all(n: int) -> None:
    assert figures.wilson(Fraction(0), n)[0] == 0
    assert figures.wilson(Fraction(1), n)[1] == 1
    assert str(figures.share(0, n).low) == "0.0"


@pytest.mark.parametrize(
    ("good", "n", "low", "high"),
    # Newcombe 1998, table I, method 3 (Wilson score), to four decimals.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals_are_met(good: int, n: int, low: float, high: float) -> None:
    found = figures.share(good, n)
    assert (found.low, found.high) == (low, high)


def solved(good: int, n: int, *, upper: bool) -> float:
    """Where the score test just fails, by halving: the interval's definition, not its formula."""
    z, seen = float(figures.Z), good / n
    low, high = (seen, 1.0) if upper else (0.0, seen)
    for _ in range(200):
        p = (low + high) / 2
        rejected = abs(seen - p) > z * (p * (1 - p) / n) ** 0.5
        if rejected == upper:
            high = p
        else:
            low = p
    return (low + high) / 2


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_where_the_score_test_just_fails(counted: tuple[int, int]) -> None:
    good, n = counted
    low, high = figures.wilson(Fraction(good, n), n)
    assert abs(float(low) - solved(good, n, upper=False)) < 1e-9
    assert abs(float(high) - solved(good, n, upper=True)) < 1e-9


grades = st.tuples(*[st.integers(0, 200)] * 5)


@given(grades, grades)
def test_cells_add_up_to_their_total(one: tuple[int, ...], two: tuple[int, ...]) -> None:
    a, b = Counts(grades=one), Counts(grades=two)  # type: ignore[arg-type]
    both = figures.total([a, b])
    assert (both.n, both.good) == (a.n + b.n, a.good + b.good)


@given(grades)
def test_a_share_lies_in_its_interval_and_between_nothing_and_all(seen: tuple[int, ...]) -> None:
    counts = Counts(grades=seen)  # type: ignore[arg-type]
    for found in (figures.good_rate(counts), figures.satisfaction(counts)):
        if found.value is not None:
            assert found.low is not None
            assert found.high is not None
            assert 0 <= found.low <= found.value <= found.high <= 1
