"""What is counted while a run goes on; plain numbers, in the order of the virtual clock."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from service.requests.legs import Leg
from service.worktime.hours import SHANGHAI
from service.worktime.pauses import Pause
from service.worktime.reckoning import AnyBudget
from service.worktime.rungs import Fall


class Stopped(NamedTuple):
    """A clock that ended: whose, what for, when, and whether its breach had fallen."""

    partner_id: UUID | None
    offering: str
    region: str
    leg: str
    started_at: datetime
    budget: AnyBudget
    pauses: tuple[Pause, ...]
    stopped_at: datetime
    breached_at: datetime | None


class Tally:
    """Everything that a report is made of."""

    def __init__(self) -> None:
        self.by_partner: Counter[tuple[UUID | None, str]] = Counter()
        self.by_day: dict[date, Counter[str]] = {}
        self.clocks: Counter[tuple[UUID | None, str, bool]] = Counter()
        self.offerings: Counter[tuple[str, bool]] = Counter()
        self.rungs: Counter[tuple[str, str]] = Counter()
        self.lengths: dict[str, list[int]] = {}
        self.faults: list[str] = []
        self.history: list[Stopped] = []

    def count(self, what: str, partner_id: UUID | None, now: datetime) -> None:
        """Something happened at a partner, or at nobody's."""
        self.by_partner[partner_id, what] += 1
        self._day(now)[what] += 1

    def _day(self, now: datetime) -> Counter[str]:
        return self.by_day.setdefault(now.astimezone(SHANGHAI).date(), Counter())

    def stopped(self, clock: Stopped, fell: Iterable[Fall]) -> None:
        """A clock ended, and these of its rungs had fired."""
        self.history.append(clock)
        late = clock.breached_at is not None
        self.clocks[clock.partner_id, clock.leg, late] += 1
        if clock.leg == "promise":
            self.offerings[clock.offering, late] += 1
        for fall in fell:
            self.rungs[clock.leg, fall.rung] += 1
            self._day(fall.at)["breaches" if fall.rung == "breach" else "warnings"] += 1

    def legs(self, cut: Sequence[Leg], faults: Sequence[str]) -> None:
        """A request ended: the lengths of its legs, and what does not add up."""
        self.faults += faults
        for leg in cut:
            name = f"pause:{leg.reason}" if leg.reason else leg.leg
            self.lengths.setdefault(name, []).append(leg.microseconds)
