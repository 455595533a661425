"""The forecast, read from the real tables at a moment that is handed in."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings.models import OfferingVersion
from service.partners.models import Partner
from service.reference import regions
from service.reference.tables import PROVINCE
from service.requests import clocks
from service.requests.forecasting.models import Pace
from service.requests.forecasting.noting import LEGS
from service.requests.forecasting.past import Chance, Past
from service.requests.forecasting.progress import step_at
from service.requests.models import Clock, Pause, Request
from service.worktime import reckoning
from service.worktime.calendars import Calendar
from service.worktime.current import current
from service.worktime.reckoning import WorkingDays

DAYS = 5
LOOK_BACK = timedelta(days=365)
"""How much of the past counts; what is older says little of today."""
LISTED = 200
"""So many cases are listed, the likeliest first; the sums are over all of them."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """一件快到期的申请:哪一段、何时到期、超期的可能(0–1)及其依据;过往太少时没有可能一项。"""

    request_id: UUID
    number: str
    partner_id: UUID
    partner: str
    offering: str
    name: str
    leg: str
    due_at: datetime
    chance: float | None
    why: str


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """一个单位:今后五个工作日到期的件数,其中预计超期几件(多半在 low 与 high 之间)。

    过往不足时只有到期件数,没有预计。
    """

    partner_id: UUID
    partner: str
    due: int
    judged: int
    expected: float | None
    low: int | None
    high: int | None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """今后五个工作日可能的超期。"""

    at: datetime
    until: datetime
    partners: Sequence[Expected]
    cases: Sequence[Case]


class _Open(msgspec.Struct, frozen=True):
    """A clock that is due soon, with what is said of its request."""

    clock: Clock
    number: str
    partner_id: UUID
    partner: str
    offering: str
    name: str


def horizon_of(calendar: Calendar, now: datetime) -> datetime:
    """The end of the fifth working day from now; raises CalendarUnknown."""
    return reckoning.due(now, WorkingDays(DAYS), calendar).due_at or now


async def forecast(
    session: AsyncSession,
    now: datetime,
    *,
    partner_id: UUID | None = None,
    within: Sequence[str] | None = None,
) -> Forecast:
    """Of one partner, or of the requests within regions; raises CalendarUnknown."""
    past = await past_of(session, now)
    until = horizon_of((await current(session)).of(PROVINCE), now)
    places = await regions.of(session)
    inside = None
    if within is not None:
        inside = [c for c in places.by_code if any(places.within(c, each) for each in within)]
    found = await _open(session, now, until, partner_id, inside)
    stood = await _pauses(session, [each.clock.request_id for each in found])
    cases = [await _case(session, each, past, stood, now) for each in found]
    likeliest = sorted(cases, key=lambda case: (-(case.chance or 0.0), case.due_at, case.number))
    return Forecast(at=now, until=until, partners=_expected(cases), cases=likeliest[:LISTED])


async def past_of(session: AsyncSession, now: datetime) -> Past[UUID]:
    """What was known at `now` of the year before it."""
    kind = (Pace.leg, Pace.partner_id, Pace.offering, Pace.step)
    query = (
        select(*kind, func.count())
        .where(Pace.known_at > now - LOOK_BACK, Pace.known_at <= now)
        .group_by(*kind)
    )
    past = Past[UUID]()
    for leg, partner_id, offering, step, cases in await session.execute(query):
        past.add(leg, partner_id, offering, step, cases)
    return past


async def _open(
    session: AsyncSession,
    now: datetime,
    until: datetime,
    partner_id: UUID | None,
    inside: Sequence[str] | None,
) -> list[_Open]:
    """Clocks that run and are due by then; one that stands still has no due (time.md P4)."""
    query = (
        select(
            Clock, Request.number, Partner.id, Partner.name, Request.offering,
            OfferingVersion.name_zh,
        )
        .join(Request, Request.id == Clock.request_id)
        .join(Partner, Partner.id == Request.partner_id)
        .join(OfferingVersion, OfferingVersion.id == Request.offering_version_id)
        .where(
            Clock.leg.in_(LEGS), Clock.stopped_at.is_(None), Clock.due_at > now,
            Clock.due_at <= until,
        )
        .order_by(Clock.due_at, Clock.id)
    )  # fmt: skip
    if partner_id is not None:
        query = query.where(Request.partner_id == partner_id)
    if inside is not None:
        query = query.where(Request.region.in_(inside))
    return [_Open(*row) for row in await session.execute(query)]


async def _pauses(
    session: AsyncSession, request_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Pause]]:
    found: dict[UUID, list[Pause]] = {}
    query = select(Pause).where(Pause.request_id.in_(request_ids)).order_by(Pause.began_at)
    for row in await session.scalars(query):
        found.setdefault(row.request_id, []).append(row)
    return found


async def _case(
    session: AsyncSession,
    each: _Open,
    past: Past[UUID],
    stood: Mapping[UUID, Sequence[Pause]],
    now: datetime,
) -> Case:
    clock = each.clock
    step = step_at(
        now,
        clock.started_at,
        reckoning.from_json(clock.budget),
        await clocks.calendar_of(session, clock),
        clocks.stretches_of(clock, stood.get(clock.request_id, ())),
    )
    chance = past.chance(clock.leg, each.partner_id, each.offering, step)
    return Case(
        request_id=clock.request_id,
        number=each.number,
        partner_id=each.partner_id,
        partner=each.partner,
        offering=each.offering,
        name=each.name,
        leg=clock.leg,
        due_at=clock.due_at or now,
        chance=None if chance is None else round(chance.probability, 3),
        why=why(chance),
    )


def why(chance: Chance | None) -> str:
    """What a chance is taken from, in words."""
    if chance is None:
        return "该单位过往办结的太少,不作预测"
    seen, wider = chance.offering, chance.partner
    own = f"该单位此事项过去一年走到这一步的 {seen.cases} 件中 {seen.breached} 件超期"
    return f"{own};该单位各事项 {wider.cases} 件中 {wider.breached} 件"


def _expected(cases: Sequence[Case]) -> list[Expected]:
    """Each partner's sum, the most breaches first."""
    by_partner: dict[UUID, list[Case]] = {}
    for case in cases:
        by_partner.setdefault(case.partner_id, []).append(case)
    found = [_of_partner(theirs) for theirs in by_partner.values()]
    return sorted(found, key=lambda each: (-(each.expected or 0.0), -each.due, each.partner))


def _of_partner(cases: Sequence[Case]) -> Expected:
    chances = [case.chance for case in cases if case.chance is not None]
    total = sum(chances)
    # Cases breach each for itself: the variance of the sum is the sum of the variances.
    spread = 1.28 * math.sqrt(sum(p * (1 - p) for p in chances))
    known = bool(chances)
    return Expected(
        partner_id=cases[0].partner_id,
        partner=cases[0].partner,
        due=len(cases),
        judged=len(chances),
        expected=round(total, 1) if known else None,
        low=max(0, math.floor(total - spread + 0.5)) if known else None,
        high=min(len(chances), math.ceil(total + spread - 0.5)) if known else None,
    )
