"""Chance: numbers that depend on the seed and on what is drawn, never on what was drawn before.

So the same request meets the same fortune under another budget or calendar, and two runs differ by
what was changed alone.
"""

import hashlib
import math
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from statistics import NormalDist
from typing import Generic, TypeVar

T = TypeVar("T")
NORMAL = NormalDist()


class Draws:
    """The fortune of one request."""

    def __init__(self, seed: int, number: int) -> None:
        self._key = f"{seed}/{number}/"

    def uniform(self, what: str) -> float:
        """0 < u < 1."""
        drawn = hashlib.blake2b((self._key + what).encode(), digest_size=8).digest()
        return (int.from_bytes(drawn) + 0.5) / 2**64

    def happens(self, what: str, probability: float) -> bool:
        """Whether something of that probability does."""
        return self.uniform(what) < probability

    def around(self, what: str, median: float, spread: float) -> float:
        """Log-normal: half of all are below `median`; `spread` is the logarithm's deviation."""
        u = min(max(self.uniform(what), 1e-12), 1 - 1e-12)
        return median * math.exp(spread * NORMAL.inv_cdf(u))


class Weighted(Generic[T]):
    """Things to choose from, the heavier the more often."""

    def __init__(self, things: Sequence[T], weights: Sequence[float]) -> None:
        self.things, self._sums = things, list(accumulate(weights))

    def at(self, u: float) -> T:
        """The thing at the u-th part of all the weight."""
        return self.things[min(bisect(self._sums, u * self._sums[-1]), len(self.things) - 1)]
