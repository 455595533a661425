"""The centre's tables: by each dimension, within its regions, risk as it is now (api.md 6.2)."""

from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.auth.callers import Role
from service.problems import InvalidBody, NotFound
from service.reference import regions
from service.requests.models import Clock, Dispatch, Request, State
from service.satisfaction import breakdown, case_clocks, rating
from service.satisfaction.breakdown import Dimension, Period, Scope
from service.satisfaction.figures import Counts
from service.satisfaction.overview import Overview, overview
from service.satisfaction.rating import NewRating
from tests.service.satisfaction.make import BAD, MONDAY, Stage
from tests.workers.test_facts import count_all
from workers.facts import count_facts

ALWAYS = Period()


async def rated(stage: Stage, grade: int, **given: object) -> None:
    request = await stage.request(**given)  # type: ignore[arg-type]
    at = request.completed_at
    assert at is not None
    said = NewRating(grade=grade, comment="如题")
    made = await rating.rate_request(stage.session, request.id, said, stage.holder, at)
    for subject in (f"requests/{request.id}", f"ratings/{made.id}"):
        await count_facts(stage.session, subject)


async def everywhere(session: AsyncSession) -> Scope:
    places = await regions.of(session)
    return Scope("370000", places.children("370000"))


async def ns(stage: Stage, by: Dimension, scope: Scope, period: Period = ALWAYS) -> dict[str, int]:
    found = await breakdown.counts_by(stage.session, by, scope, period)
    return {key: counts.n for key, counts in found.items()}


@pytest.fixture
async def counted(stage: Stage) -> Stage:
    await rated(stage, 5, region="370102")
    await rated(stage, 4, region="370100", offering="ED-01", partner_id=stage.schools)
    await rated(stage, 2, region="370202", offering="FI-01", category=5)
    await rated(stage, 3, region="370000", at=MONDAY + timedelta(days=30))
    return stage


async def test_each_dimension_divides_the_same_ratings(counted: Stage) -> None:
    scope = await everywhere(counted.session)
    by = {each: await ns(counted, each, scope) for each in Dimension}
    assert by[Dimension.OFFERING] == {"HO-01": 2, "ED-01": 1, "FI-01": 1}
    assert by[Dimension.PARTNER] == {str(counted.housing): 3, str(counted.schools): 1}
    assert by[Dimension.SECTOR] == {"public": 3, "market": 1}
    assert by[Dimension.CATEGORY] == {"3": 3, "5": 1}
    assert by[Dimension.MONTH] == {"2026-03": 3, "2026-04": 1}
    assert by[Dimension.DAY] == {"2026-03-02": 3, "2026-04-01": 1}
    assert {sum(found.values()) for found in by.values()} == {4}


async def test_a_regions_figures_include_its_children(counted: Stage) -> None:
    scope = await everywhere(counted.session)
    assert await ns(counted, Dimension.REGION, scope) == {"370000": 1, "370100": 2, "370200": 1}
    jinan = await breakdown.scope_of(counted.session, counted.officer, "370100")
    assert await ns(counted, Dimension.REGION, jinan) == {"370100": 1, "370102": 1}


async def test_both_ends_of_a_period_are_included(counted: Stage) -> None:
    scope = await everywhere(counted.session)
    march = Period(date(2026, 3, 2), date(2026, 3, 2))
    assert sum((await ns(counted, Dimension.OFFERING, scope, march)).values()) == 3
    april = Period(date(2026, 3, 3), None)
    assert sum((await ns(counted, Dimension.OFFERING, scope, april)).values()) == 1
    with pytest.raises(InvalidBody):
        breakdown.period_of(date(2026, 3, 2), date(2026, 3, 1))


async def test_a_citys_centre_sees_its_city_and_nothing_else(counted: Stage) -> None:
    qingdao = await counted.account(Role.CENTRE, region="370200")
    mine = await breakdown.scope_of(counted.session, qingdao, None)
    assert mine.region == "370200"
    assert await ns(counted, Dimension.OFFERING, mine) == {"FI-01": 1}
    with pytest.raises(NotFound):
        await breakdown.scope_of(counted.session, qingdao, "370100")


async def test_every_key_has_a_name_that_people_know(counted: Stage) -> None:
    scope = await everywhere(counted.session)
    for by in set(Dimension) - {Dimension.MONTH, Dimension.DAY}:
        names = await breakdown.names_of(counted.session, by)
        assert all(names[key] for key in await ns(counted, by, scope))


async def look(stage: Stage, period: Period = ALWAYS) -> Overview:
    return await overview(stage.session, await everywhere(stage.session), period, MONDAY)


async def test_the_overview_agrees_with_the_tables(counted: Stage) -> None:
    found = await look(counted)
    assert found.satisfaction.good_rate.value == 0.75
    assert found.satisfaction.satisfaction.value == 0.675
    assert found.satisfaction.good_rate.n == 4
    assert (found.funnel.submitted, found.funnel.completed, found.funnel.rated) == (4, 4, 4)
    assert (found.on_time.value, found.on_time.n) == (1.0, 4)


async def test_an_empty_overview_is_empty_and_not_an_error(stage: Stage) -> None:
    found = await look(stage)
    assert (found.risk.open, found.satisfaction.good_rate.value) == (0, None)


async def clock(stage: Stage, row: Request, leg: str, hours: int, breached: bool = False) -> None:
    due_at = MONDAY + timedelta(hours=hours)
    stage.session.add(
        Clock(
            id=ids.new_id(), request_id=row.id, leg=leg, budget={}, region=row.region,
            calendar_version=1, generation=1, started_at=MONDAY - timedelta(days=9), due_at=due_at,
            provisional=False, stopped_at=None, breached_at=due_at if breached else None,
            next_at=None, next_rung=None,
        )
    )  # fmt: skip
    await stage.session.flush()


async def test_risk_counts_each_open_request_once(stage: Stage) -> None:
    today = await stage.request(State.ACCEPTED)
    await clock(stage, today, "promise", 14)  # 24:00 today
    late = await stage.request(State.ACCEPTED)
    await clock(stage, late, "promise", -1, breached=True)
    await clock(stage, late, "handling", -1, breached=True)
    later = await stage.request(State.ACCEPTED)
    await clock(stage, later, "promise", 15)
    await stage.request(State.IN_RULING, partner_id=None)
    await stage.request()
    risk = (await look(stage)).risk
    assert (risk.open, risk.due_today, risk.breached, risk.in_ruling) == (4, 1, 1, 1)


async def test_a_holders_own_late_correction_is_nobodys_breach(stage: Stage) -> None:
    waiting = await stage.request(State.AWAITING_CORRECTION)
    await clock(stage, waiting, "correction", -1)
    assert (await look(stage)).risk.breached == 0


async def test_bad_ratings_wait_for_their_call_back(stage: Stage) -> None:
    request = await stage.request()
    await rating.rate_request(stage.session, request.id, BAD, stage.holder, MONDAY)
    found = await look(stage)
    assert (found.risk.bad_ratings_uncalled, found.risk.bad_ratings_overdue) == (1, 0)
    assert found.called_back_rate.n == 0
    scope = await everywhere(stage.session)
    later = MONDAY + timedelta(days=2)
    await case_clocks.fire_due(stage.session, later, 20)
    await count_all(stage.session)
    late = await overview(stage.session, scope, ALWAYS, later)
    assert (late.risk.bad_ratings_overdue, late.called_back_rate.value) == (1, 0.0)


async def offered(stage: Stage, hours_ago: int, due_in: int) -> None:
    row = await stage.request(State.OFFERED, accepted_at=None)
    at = MONDAY - timedelta(hours=hours_ago)
    stage.session.add(
        Dispatch(
            id=ids.new_id(), request_id=row.id, partner_id=stage.housing, round=1, considered=[],
            offered_at=at, ended_at=None, end=None, reason=None, note=None,
        )
    )  # fmt: skip
    await clock(stage, row, "acceptance", due_in)


async def test_a_partner_that_does_not_answer_is_named(stage: Stage) -> None:
    await offered(stage, hours_ago=2, due_in=6)
    assert (await look(stage)).risk.partners_not_answering == []
    await offered(stage, hours_ago=30, due_in=-6)
    (silent,) = (await look(stage)).risk.partners_not_answering
    assert (silent.name, silent.waiting, silent.overdue) == ("某市住建局", 2, 1)


async def test_counts_that_are_kept_are_what_the_tables_show(counted: Stage) -> None:
    scope = await everywhere(counted.session)
    found = await breakdown.all_counts(counted.session, scope, ALWAYS)
    assert found == Counts((0, 1, 1, 1, 1), completed=4, completed_in_time=4)
