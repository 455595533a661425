"""Default ratings: recorded once the window is over, once each, and shown apart (G4)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from events import log
from service.satisfaction import defaults, rating
from service.satisfaction.models import Rating
from tests.service.satisfaction.make import GOOD, MONDAY, Stage

LAST_DAY = datetime.fromisoformat("2026-04-01T23:59:59+08:00")
OVER = datetime.fromisoformat("2026-04-02T00:00:00+08:00")


async def given(stage: Stage) -> list[Rating]:
    query = select(Rating).where(Rating.origin == "default").order_by(Rating.id)
    return list((await stage.session.scalars(query)).all())


async def test_it_is_recorded_when_the_window_is_over_and_not_before(stage: Stage) -> None:
    request = await stage.request()
    assert await defaults.record_due(stage.session, LAST_DAY) == 0
    assert await defaults.record_due(stage.session, OVER) == 1
    (made,) = await given(stage)
    assert (made.grade, made.request_id, made.tags) == (5, request.id, [])
    assert made.rated_at == OVER
    (told,) = await log.of_subject(stage.session, f"ratings/{made.id}")
    assert (told.data["origin"], told.actor) == ("default", "system")


async def test_what_was_rated_gets_none(stage: Stage) -> None:
    request = await stage.request()
    await rating.rate_request(stage.session, request.id, GOOD, stage.holder, MONDAY)
    assert await defaults.record_due(stage.session, OVER) == 0


async def test_redemptions_get_theirs_too(stage: Stage) -> None:
    done = await stage.redemption()
    assert await defaults.record_due(stage.session, OVER) == 1
    assert [each.redemption_id for each in await given(stage)] == [done.id]


async def test_a_second_sweep_records_nothing_again(stage: Stage) -> None:
    await stage.request()
    await defaults.record_due(stage.session, OVER)
    assert await defaults.record_due(stage.session, OVER) == 0
    assert await defaults.record_due(stage.session, OVER + timedelta(days=9)) == 0
    assert len(await given(stage)) == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_a_small_limit_leaves_none_behind(stage: Stage, limit: int) -> None:
    # Three of the same instant, so that a limit cuts through them.
    for at in (MONDAY, MONDAY, MONDAY, MONDAY + timedelta(hours=1), MONDAY + timedelta(days=1)):
        await stage.request(at=at)
    await stage.redemption()
    late, done = OVER + timedelta(days=5), []
    while swept := await defaults.record_due(stage.session, late, limit):
        assert swept <= limit
        done.append(swept)
    assert sum(done) == len(await given(stage)) == 6


async def test_a_later_rating_is_refused(stage: Stage) -> None:
    request = await stage.request()
    await defaults.record_due(stage.session, OVER)
    with pytest.raises(rating.AlreadyRated):
        await rating.rate_request(stage.session, request.id, GOOD, stage.holder, OVER)
