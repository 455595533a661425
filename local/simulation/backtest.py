"""The forecast held against what came: made on many mornings with what was known then.

Each forecast is for the next five working days, by the product's own function over the run's past;
beside it two plainer ones, so that its worth can be seen: the share that came (which nobody could
know beforehand), and the partner's own rate.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

import msgspec

from local.simulation.tally import Stopped
from local.simulation.world import World, month_after
from service.requests.forecasting.noting import LEGS
from service.requests.forecasting.past import Past
from service.requests.forecasting.progress import STEPS, step_at
from service.requests.forecasting.queries import horizon_of
from service.worktime.hours import at
from service.worktime.reckoning import due

MORNING = time(9)
LEARN_MONTHS = 3
"""How much past there is before the first forecast."""
EVERY_DAYS = 7


class Made(msgspec.Struct, frozen=True):
    """One forecast of one open clock, and what came: did it breach within the five days."""

    on: date
    leg: str
    partner_id: UUID
    chance: float
    by_partner: float
    breached: bool


class Bucket(msgspec.Struct, frozen=True):
    """Forecasts that said about the same: how many, what they said, what came."""

    from_percent: int
    forecasts: int
    said_percent: float
    came_percent: float


class Score(msgspec.Struct, frozen=True):
    """How good they were. Brier: mean squared error, 0 is perfect; skill: how much of the base
    rate's error is gone."""

    leg: str
    forecasts: int
    breached: int
    brier: float
    base: float
    by_partner: float
    skill_percent: float
    expected: float
    off_a_week: float
    buckets: list[Bucket]


def mornings(world: World) -> list[datetime]:
    """When forecasts are made: a morning a week, from when there is some past."""
    day, found = month_after(world.plan.begins_on, LEARN_MONTHS), []
    while day < world.plan.ends_on:
        found.append(at(day, MORNING))
        day += timedelta(days=EVERY_DAYS)
    return found


def forecasts(world: World, history: Sequence[Stopped]) -> Iterator[Made]:
    """Every forecast that could have been made; raises CalendarUnknown."""
    seen = [each for each in history if each.leg in LEGS and each.partner_id is not None]
    starts = sorted(seen, key=lambda each: each.started_at)
    # What a clock came to is known when it stops, or already when it breaches.
    ends = sorted(seen, key=_known_at)
    past, open_now = Past[UUID](), list[tuple[datetime, int, Stopped]]()
    begun = known = 0
    for morning in mornings(world):
        while known < len(ends) and _known_at(ends[known]) <= morning:
            _learn(past, world, ends[known])
            known += 1
        while begun < len(starts) and starts[begun].started_at <= morning:
            heapq.heappush(open_now, (_known_at(starts[begun]), begun, starts[begun]))
            begun += 1
        while open_now and open_now[0][0] <= morning:
            heapq.heappop(open_now)
        yield from _made(past, world, morning, [each for _, _, each in sorted(open_now)])


def _known_at(clock: Stopped) -> datetime:
    return min(clock.stopped_at, clock.breached_at or clock.stopped_at)


def _learn(past: Past[UUID], world: World, clock: Stopped) -> None:
    assert clock.partner_id is not None  # noqa: S101 - left out before
    step = STEPS if clock.breached_at else _step(world, clock, clock.stopped_at)
    past.add(clock.leg, clock.partner_id, clock.offering, step)


def _step(world: World, clock: Stopped, now: datetime) -> int:
    calendar = world.working_time.of(clock.region)
    return step_at(now, clock.started_at, clock.budget, calendar, clock.pauses)


def _made(
    past: Past[UUID], world: World, morning: datetime, clocks: Sequence[Stopped]
) -> Iterator[Made]:
    for clock in clocks:
        calendar = world.working_time.of(clock.region)
        until = horizon_of(calendar, morning)
        pauses = [each for each in clock.pauses if each.begin <= morning]
        if any(each.end is None or each.end > morning for each in pauses):
            continue  # it stands still: there is nothing to be due
        due_at = due(clock.started_at, clock.budget, calendar, pauses).due_at
        if due_at is None or not morning < due_at <= until or clock.partner_id is None:
            continue
        step = _step(world, clock, morning)
        chance = past.chance(clock.leg, clock.partner_id, clock.offering, step)
        if chance is not None:
            yield Made(
                morning.date(), clock.leg, clock.partner_id, chance.probability,
                _rate(past, clock.leg, clock.partner_id),
                clock.breached_at is not None and clock.breached_at <= until,
            )  # fmt: skip


def _rate(past: Past[UUID], leg: str, partner: UUID) -> float:
    whole = past.reached(leg, partner, None, 0)
    return whole.breached / whole.cases if whole.cases else 0.0


def scores(made: Sequence[Made]) -> list[Score]:
    """Each leg's forecasts together."""
    return [_score(leg, found) for leg in LEGS if (found := [m for m in made if m.leg == leg])]


def _score(leg: str, made: Sequence[Made]) -> Score:
    came = sum(each.breached for each in made) / len(made)
    brier, by_partner = (
        sum((getattr(each, name) - each.breached) ** 2 for each in made) / len(made)
        for name in ("chance", "by_partner")
    )
    base = came * (1 - came)
    return Score(
        leg, len(made), sum(each.breached for each in made), round(brier, 5), round(base, 5),
        round(by_partner, 5), round(100 * (1 - brier / base), 1) if base else 0.0,
        round(sum(each.chance for each in made), 1), round(_off_a_week(made), 2), _buckets(made),
    )  # fmt: skip


def _off_a_week(made: Sequence[Made]) -> float:
    """By how many breaches a partner's week is missed on average."""
    weeks: dict[tuple[date, UUID], float] = {}
    for each in made:
        week = each.on, each.partner_id
        weeks[week] = weeks.get(week, 0.0) + each.chance - each.breached
    return sum(abs(off) for off in weeks.values()) / len(weeks)


def _buckets(made: Sequence[Made]) -> list[Bucket]:
    tenths: dict[int, list[Made]] = {}
    for each in made:
        tenths.setdefault(min(9, int(each.chance * 10)), []).append(each)
    return [
        Bucket(
            tenth * 10, len(found), round(100 * sum(m.chance for m in found) / len(found), 1),
            round(100 * sum(m.breached for m in found) / len(found), 1),
        )
        for tenth, found in sorted(tenths.items())
    ]  # fmt: skip
