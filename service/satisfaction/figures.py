"""好评率, 满意度, 主动评价率 and their intervals, from exact counts (satisfaction.md 3). Pure.

Nothing is rounded before the end: counts are integers, shares fractions, the interval's root is
taken to 50 digits.
"""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction

import msgspec

GRADES = (1, 2, 3, 4, 5)
GRADE_NAMES = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
BAD = (1, 2)
WEIGHTS = (0, 3, 6, 8, 10)
"""Weights of grades 1 to 5 as shipped; those in force are officials' data (F2)."""

Z = Fraction(1_959_963_984_540_054, 10**15)
"""The normal quantile of a 95% interval."""

EXACT = Context(prec=50)


class Counts(msgspec.Struct, frozen=True):
    """What one cell of figures is made of; `grades` counts active, non-void ratings of 1 to 5."""

    grades: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    voided: int = 0
    defaults: int = 0
    completed: int = 0
    completed_in_time: int = 0
    redeemed: int = 0
    breached_acceptance: int = 0
    breached_handling: int = 0
    breached_promise: int = 0
    called_back: int = 0
    call_backs_ended: int = 0
    rectified_in_time: int = 0
    rectifications_ended: int = 0
    follow_ups: int = 0
    follow_ups_good: int = 0
    void_acceptance: int = 0
    void_handling: int = 0
    void_promise: int = 0
    completed_excused: int = 0

    @property
    def n(self) -> int:
        """Active, non-void ratings."""
        return sum(self.grades)

    @property
    def good(self) -> int:
        """Grades 5, 4 and 3 (F1)."""
        return self.grades[4] + self.grades[3] + self.grades[2]

    @property
    def rateable(self) -> int:
        """Completions that were rated or whose window is over (F3); a void rating was one too."""
        return self.n + self.voided + self.defaults

    def __add__(self, other: "Counts") -> "Counts":
        one, two = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        grades = tuple(a + b for a, b in zip(one[0], two[0], strict=True))
        return Counts(grades, *(a + b for a, b in zip(one[1:], two[1:], strict=True)))

    def times(self, number: int) -> "Counts":
        """So many alike."""
        grades, *rest = msgspec.structs.astuple(self)
        return Counts(tuple(each * number for each in grades), *(each * number for each in rest))


def total(cells: Iterable[Counts]) -> Counts:
    """All cells together."""
    found = Counts()
    for cell in cells:
        found = found + cell
    return found


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One share of `n` with its Wilson 95% interval, to four decimals (F5).

    `value` is null where there is nothing to count, and where it is suppressed (F6).
    """

    value: float | None = None
    n: int | None = 0
    low: float | None = None
    high: float | None = None
    suppressed: bool = False


SUPPRESSED = Share(n=None, suppressed=True)


def four(exact: Fraction) -> float:
    """To four decimals, half to even (F5)."""
    return float(round(exact, 4))


def wilson(share: Fraction, n: int) -> tuple[Fraction, Fraction]:
    """The Wilson score interval of a share of `n` > 0, at 95%."""
    square = Z * Z
    spread = share * (1 - share) / n + square / (4 * n * n)
    root = EXACT.sqrt(EXACT.divide(Decimal(spread.numerator), Decimal(spread.denominator)))
    middle, half = share + square / (2 * n), Z * Fraction(root)
    scale = 1 + square / n
    # At 0 and 1 an end is exactly that; the root's last digit must not carry it beyond.
    return max(Fraction(0), (middle - half) / scale), min(Fraction(1), (middle + half) / scale)


def share(part: Fraction | int, n: int) -> Share:
    """`part` of `n` as a share."""
    if n == 0:
        return Share()
    exact = Fraction(part) / n
    low, high = wilson(exact, n)
    return Share(value=four(exact), n=n, low=four(low), high=four(high))


def good_rate(counts: Counts) -> Share:
    """好评率: grades 5, 4 and 3 of all (F1)."""
    return share(counts.good, counts.n)


def satisfaction(counts: Counts, weights: Sequence[int] = WEIGHTS) -> Share:
    """满意度: the mean weight over ten (F2); its interval treats the mean as a share, which is wide
    enough, since no values between 0 and 1 with that mean vary more than 0 and 1 do."""
    points = sum(weight * count for weight, count in zip(weights, counts.grades, strict=True))
    return share(Fraction(points, 10), counts.n)


def active_rate(counts: Counts) -> Share:
    """主动评价率: ratings that somebody gave, of the completions that could be rated (F3)."""
    return share(counts.n, counts.rateable)


def called_back_rate(counts: Counts) -> Share:
    """回访率: bad ratings called back, of those whose call-back clock ended (F4)."""
    return share(counts.called_back, counts.call_backs_ended)


def rectified_in_time_rate(counts: Counts) -> Share:
    """按期整改率: rectified in time, of the rectifications whose clock ended (F4)."""
    return share(counts.rectified_in_time, counts.rectifications_ended)


def follow_up_rate(counts: Counts) -> Share:
    """追评好评率: follow-ups of grades 5, 4 and 3 of all follow-ups; a figure of its own (G5)."""
    return share(counts.follow_ups_good, counts.follow_ups)


def on_time(counts: Counts) -> Share:
    """按时办结率: requests completed within the holder's promise."""
    return share(counts.completed_in_time, counts.completed)


def on_time_excused(counts: Counts) -> Share:
    """The same where a late completion whose breach was voided counts as in time (time.md E3)."""
    return share(counts.completed_in_time + counts.completed_excused, counts.completed)
