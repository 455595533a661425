"""The past of partners, and what it says of a case that has got so far. Pure.

The chance of a breach is, of the partner's earlier cases of the same offering that had got as far,
the part that breached. Where those are few, the partner's other cases and then everybody's weigh
in: as if so many cases of theirs (`FROM_PARTNER`, `FROM_ALL`) had been seen here too.
"""

from typing import Generic, TypeVar

import msgspec

from service.requests.forecasting.progress import STEPS

Who = TypeVar("Who")

FROM_PARTNER, FROM_ALL = 30, 20
"""How many cases the wider past is worth (chosen by back-test, docs/performance.md)."""
LEAST = 20
"""A partner with fewer ended cases of a leg is told nothing: too little past."""


class Reached(msgspec.Struct, frozen=True):
    """Of how many cases that had got so far, how many breached."""

    cases: int = 0
    breached: int = 0


class Chance(msgspec.Struct, frozen=True):
    """How probable a breach is, 0 to 1, and what that is taken from."""

    probability: float
    offering: Reached
    partner: Reached
    everybody: Reached


class Past(Generic[Who]):
    """Ended cases by leg, partner and offering: how many ended in each step of their budget."""

    def __init__(self) -> None:
        self._ends: dict[tuple[str, Who | None, str | None], list[int]] = {}

    def add(self, leg: str, partner: Who, offering: str, step: int, cases: int = 1) -> None:
        """Cases that ended in a step; `STEPS` is the breach."""
        for key in ((leg, partner, offering), (leg, partner, None), (leg, None, None)):
            self._ends.setdefault(key, [0] * (STEPS + 1))[step] += cases

    def reached(self, leg: str, partner: Who | None, offering: str | None, step: int) -> Reached:
        """Who got to a step; a partner of None is everybody, an offering of None all of them."""
        ends = self._ends.get((leg, partner, offering))
        return Reached(sum(ends[step:]), ends[STEPS]) if ends else Reached()

    def chance(self, leg: str, partner: Who, offering: str, step: int) -> Chance | None:
        """How probable a breach is for a case in that step; None where there is too little past."""
        if self.reached(leg, partner, None, 0).cases < LEAST:
            return None
        everybody = self.reached(leg, None, None, step)
        theirs = self.reached(leg, partner, None, step)
        own = self.reached(leg, partner, offering, step)
        # Nobody at all got so far: one case that breached and one that did not are imagined.
        whole = (everybody.breached + 1) / (everybody.cases + 2)
        wider = _mixed(theirs, whole, FROM_ALL)
        return Chance(_mixed(own, wider, FROM_PARTNER), own, theirs, everybody)


def _mixed(seen: Reached, wider: float, worth: int) -> float:
    return (seen.breached + worth * wider) / (seen.cases + worth)
