"""What a run has shown, as values: by partner, offering, leg, month and day."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import msgspec

from local.simulation.agencies import Agency
from local.simulation.engine import Simulation
from local.simulation.tally import Tally
from local.simulation.world import Plan, World, days_of

LEGS = (("acceptance",), ("first_review", "handling"), ("promise",))
"""Clocks whose breaches are shown together: a first review is the first part of handling."""
HOUR = 3_600_000_000


class Kept(msgspec.Struct, frozen=True):
    """Clocks of one kind that ended, and how many of them had breached."""

    clocks: int
    breached: int

    @property
    def percent(self) -> float:
        """The breach rate."""
        return 100 * self.breached / self.clocks if self.clocks else 0.0


class Partner(msgspec.Struct, frozen=True):
    """One partner: what came to it, and its breaches by leg."""

    key: str
    name: str
    offered: int
    accepted: int
    bounced: int
    lapsed: int
    completed: int
    acceptance: Kept
    handling: Kept
    promise: Kept


class Length(msgspec.Struct, frozen=True):
    """How long a leg lasts, in hours by the wall clock."""

    leg: str
    count: int
    median_hours: float
    p90_hours: float


class Load(msgspec.Struct, frozen=True):
    """One day: what came in, what was done, what is open when it ends."""

    on: date
    worked: bool
    submitted: int
    completed: int
    open: int
    warnings: int
    breaches: int


class Report(msgspec.Struct, frozen=True):
    """A whole run."""

    submitted: int
    completed: int
    withdrawn: int
    expired: int
    rulings: int
    fell_silent: int
    faults: int
    promise: Kept
    partners: list[Partner]
    offerings: dict[str, Kept]
    lengths: list[Length]
    rungs: dict[str, int]
    days: list[Load]


def play(plan: Plan) -> tuple[Report, Tally]:
    """Run a plan; raises InvalidBody, BadTable, CalendarUnknown."""
    world = World(plan)
    tally = Simulation(world).run()
    return report_of(world, tally), tally


def report_of(world: World, tally: Tally) -> Report:
    """A run in numbers."""
    whole: Counter[str] = Counter()
    for (_, what), number in tally.by_partner.items():
        whole[what] += number
    agencies = [each for each in world.agencies if each.key != world.centre.key]
    return Report(
        submitted=whole["submitted"],
        completed=whole["completed"],
        withdrawn=whole["withdrawn"],
        expired=whole["expired"],
        rulings=whole["rulings"],
        fell_silent=whole["fell_silent"],
        faults=len(tally.faults),
        promise=_kept(tally, ("promise",), {partner for partner, _, _ in tally.clocks}),
        partners=[_partner(tally, agency) for agency in agencies],
        offerings={
            code: Kept(
                tally.offerings[code, False] + tally.offerings[code, True],
                tally.offerings[code, True],
            )
            for code in sorted(world.versions)
        },
        lengths=[_length(leg, tally.lengths[leg]) for leg in sorted(tally.lengths)],
        rungs={f"{leg}.{rung}": n for (leg, rung), n in sorted(tally.rungs.items())},
        days=_days(world, tally),
    )


def _kept(tally: Tally, legs: Sequence[str], partners: Iterable[UUID | None]) -> Kept:
    places = [(partner, leg) for partner in partners for leg in legs]
    in_time, late = (sum(tally.clocks[*place, how] for place in places) for how in (False, True))
    return Kept(in_time + late, late)


def _partner(tally: Tally, agency: Agency) -> Partner:
    def number(what: str) -> int:
        return tally.by_partner[agency.partner_id, what]

    acceptance, handling, promise = (_kept(tally, legs, [agency.partner_id]) for legs in LEGS)
    return Partner(
        agency.key, agency.name, number("offered"), number("accepted"), number("bounced"),
        number("lapsed"), number("completed"), acceptance, handling, promise,
    )  # fmt: skip


def _length(leg: str, microseconds: list[int]) -> Length:
    ordered = sorted(microseconds)
    p90 = ordered[int(len(ordered) * 0.9)]
    hours = (round(each / HOUR, 1) for each in (statistics.median(ordered), p90))
    return Length(leg, len(ordered), *hours)


def _days(world: World, tally: Tally) -> list[Load]:
    found, open_now = [], 0
    for day in days_of(world.plan):
        had = tally.by_day.get(day, Counter())
        open_now += had["submitted"] - had["completed"] - had["withdrawn"] - had["expired"]
        worked = world.working_time.calendar.is_workday(day)
        found.append(
            Load(
                day, worked, had["submitted"], had["completed"], open_now, had["warnings"],
                had["breaches"],
            )
        )  # fmt: skip
    return found
