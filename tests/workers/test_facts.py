"""Counts kept from facts: each once, in whatever order, and always what a recount finds (F8)."""

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.satisfaction import cases, counting, defaults, rating, recounting
from service.satisfaction.cases import NewRuling
from service.satisfaction.figures import Counts, total
from service.satisfaction.models import BadRating, Rating, Ruling
from service.satisfaction.rating import NewRating
from tests.service.satisfaction.make import BAD, GOOD, MONDAY, Stage
from workers.facts import count_facts


@pytest.fixture
async def stage(session: AsyncSession) -> Stage:
    return await Stage(session).set()


async def subjects(session: AsyncSession) -> list[str]:
    query = "SELECT DISTINCT subject FROM events WHERE subject ~ '^(req|red|rat)' ORDER BY subject"
    return list((await session.scalars(text(query))).all())


async def count_all(session: AsyncSession) -> None:
    await count_facts(session, *await subjects(session))


async def whole(session: AsyncSession) -> Counts:
    return total((await counting.kept(session)).values())


async def void(stage: Stage, given: Rating, now: datetime) -> None:
    case = select(BadRating).where(BadRating.rating_id == given.id)
    row = (await stage.session.scalars(case)).one()
    ruling = NewRuling(Ruling.VOID, reason="by-mistake")
    await cases.rule(stage.session, row.id, ruling, stage.officer, row.revision, now)


async def test_a_completed_and_rated_request_is_counted_by_all_its_dimensions(stage: Stage) -> None:
    request = await stage.request()
    await rating.rate_request(stage.session, request.id, GOOD, stage.holder, MONDAY)
    await count_all(stage.session)
    kept = await counting.kept(stage.session)
    (cell,) = kept
    assert (cell.offering, cell.partner_id, cell.region) == ("HO-01", stage.housing, "370102")
    assert (cell.sector, cell.category, cell.day) == ("public", 3, MONDAY.date())
    assert kept[cell] == Counts((0, 0, 0, 0, 1), completed=1, completed_in_time=1)


async def test_a_day_is_shanghais(stage: Stage) -> None:
    late = datetime.fromisoformat("2026-03-02T23:30:00+08:00")
    await stage.request(at=late)
    await stage.request(at=late + timedelta(hours=1))
    await count_all(stage.session)
    days = [cell.day.isoformat() for cell in sorted(await counting.kept(stage.session))]
    assert days == ["2026-03-02", "2026-03-03"]


async def test_a_message_that_comes_twice_counts_once(stage: Stage) -> None:
    request = await stage.request()
    subject = f"requests/{request.id}"
    assert await count_facts(stage.session, subject) == 1
    assert await count_facts(stage.session, subject) == 0
    assert (await whole(stage.session)).completed == 1


async def test_a_void_rating_leaves_its_grade_and_is_counted_apart(stage: Stage) -> None:
    request = await stage.request()
    given = await rating.rate_request(stage.session, request.id, BAD, stage.holder, MONDAY)
    await count_all(stage.session)
    assert (await whole(stage.session)).grades == (1, 0, 0, 0, 0)
    await void(stage, given, MONDAY + timedelta(days=40))
    await count_all(stage.session)
    found = await whole(stage.session)
    assert (found.n, found.voided, found.rateable) == (0, 1, 1)
    assert await recounting.differences(stage.session) == {}


async def test_a_rating_that_was_void_before_it_was_counted_comes_out_the_same(
    stage: Stage,
) -> None:
    request = await stage.request()
    given = await rating.rate_request(stage.session, request.id, BAD, stage.holder, MONDAY)
    await void(stage, given, MONDAY)
    await count_all(stage.session)
    assert (await whole(stage.session)).voided == 1
    assert await recounting.differences(stage.session) == {}


async def test_a_default_rating_enters_a_denominator_and_nothing_else(stage: Stage) -> None:
    await stage.request()
    assert await defaults.record_due(stage.session, MONDAY + timedelta(days=31)) == 1
    await count_all(stage.session)
    found = await whole(stage.session)
    assert (found.n, found.defaults, found.rateable) == (0, 1, 1)


async def test_missed_deadlines_count_by_leg_and_a_correction_for_nobody(stage: Stage) -> None:
    request = await stage.request(in_time=False)
    for leg in ("acceptance", "handling", "promise", "correction"):
        await stage.breach(request, leg)
    await count_all(stage.session)
    found = await whole(stage.session)
    by_leg = (found.breached_acceptance, found.breached_handling, found.breached_promise)
    assert by_leg == (1, 1, 1)
    assert (found.completed, found.completed_in_time) == (1, 0)


@pytest.mark.parametrize("seed", range(4))
async def test_in_any_order_and_however_often_the_counts_are_those_of_a_recount(
    stage: Stage, seed: int
) -> None:
    draw = random.Random(seed)
    await a_busy_month(stage, draw)
    heard = await subjects(stage.session)
    messages = heard * 2 + draw.choices(heard, k=len(heard))
    draw.shuffle(messages)
    for subject in messages:
        await count_facts(stage.session, subject)
    assert await recounting.differences(stage.session) == {}
    assert (await whole(stage.session)).n > 0


async def a_busy_month(stage: Stage, draw: random.Random) -> None:
    """Some thirty things done, most of them rated, one bad rating void, some windows over."""
    for number in range(30):
        at = MONDAY + timedelta(hours=draw.randrange(24 * 30))
        grade = draw.choice([1, 2, 3, 4, 5, 5])
        given = NewRating(grade=grade, comment="随手一写")
        if number % 3 == 0:
            done = await stage.redemption(at=at)
            made = await rating.rate_redemption(stage.session, done.id, given, stage.holder, at)
        else:
            offering = draw.choice(["HO-01", "ED-01", "FI-01"])
            request = await stage.request(at=at, offering=offering, in_time=draw.random() < 0.8)
            if draw.random() < 0.3:
                await stage.breach(request, draw.choice(["handling", "promise"]), at)
                continue
            made = await rating.rate_request(stage.session, request.id, given, stage.holder, at)
        if grade <= 2 and draw.random() < 0.5:
            await void(stage, made, at)
    await defaults.record_due(stage.session, MONDAY + timedelta(days=45))


async def test_a_count_that_was_bent_is_found(stage: Stage) -> None:
    await stage.request()
    await count_all(stage.session)
    await stage.session.execute(text("UPDATE figure_counts SET completed = 7"))
    ((kept, anew),) = (await recounting.differences(stage.session)).values()
    assert (kept.completed, anew.completed) == (7, 1)


async def test_what_the_worker_has_not_come_to_is_no_difference(stage: Stage) -> None:
    await stage.request()
    await count_all(stage.session)
    await stage.request(at=MONDAY + timedelta(days=1))
    assert await recounting.differences(stage.session) == {}
    assert await recounting.waiting(stage.session) == 1
    await count_all(stage.session)
    assert await recounting.waiting(stage.session) == 0


async def test_from_zero_the_counts_are_the_same_again(stage: Stage) -> None:
    await a_busy_month(stage, random.Random(11))
    await count_all(stage.session)
    kept = await counting.kept(stage.session)
    await stage.session.execute(text("UPDATE figure_counts SET grade_5 = grade_5 + 3"))
    assert await recounting.rebuild(stage.session) == len(kept)
    assert await counting.kept(stage.session) == kept
    assert await recounting.differences(stage.session) == {}
