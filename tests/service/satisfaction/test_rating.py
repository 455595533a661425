"""Who may rate what, when, how often, and with which tags (satisfaction.md 1)."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from events import log
from service.problems import InvalidBody, NotFound, Problem, Stale, WrongState
from service.requests.models import State
from service.satisfaction import rating, rules
from service.satisfaction.models import BadRating, Rating
from service.satisfaction.rating import NewRating
from service.satisfaction.rules import Tag
from tests.service.satisfaction.make import BAD, GOOD, MONDAY, Stage

TAGS = {"510": Tag("510", 5, "服务热情效率高"), "114": Tag("114", 1, "服务态度生硬")}


def refusal(given: NewRating) -> Problem:
    with pytest.raises(Problem) as raised:
        rating.check(given, TAGS)
    return raised.value


def test_a_tag_belongs_to_its_grade() -> None:
    rating.check(NewRating(grade=5, tags=["510"]), TAGS)
    found = refusal(NewRating(grade=4, tags=["510"]))
    assert (found.status, found.code) == (422, "tag-of-other-grade")
    assert found.members()["errors"][0]["pointer"] == "/tags/0"


def test_an_unknown_tag_is_told_where_it_stands() -> None:
    found = refusal(NewRating(grade=5, tags=["510", "999"]))
    assert isinstance(found, InvalidBody)
    assert found.members()["errors"][0]["pointer"] == "/tags/1"


@pytest.mark.parametrize("grade", [1, 2])
@pytest.mark.parametrize("comment", [None, "", "  \n"])
def test_a_bad_rating_says_why(grade: int, comment: str | None) -> None:
    found = refusal(NewRating(grade=grade, comment=comment))
    assert (found.status, found.code) == (422, "bad-rating-needs-reason")


def test_a_tag_or_a_comment_is_reason_enough_and_a_good_rating_needs_none() -> None:
    rating.check(NewRating(grade=1, tags=["114"]), TAGS)
    rating.check(NewRating(grade=2, comment="等了两周"), TAGS)
    rating.check(NewRating(grade=3), TAGS)


async def test_a_completed_request_is_rated_with_its_event(stage: Stage) -> None:
    request = await stage.request()
    made = await rating.rate_request(stage.session, request.id, GOOD, stage.holder, MONDAY)
    assert (made.grade, made.partner_id, made.region) == (5, stage.housing, "370102")
    assert (made.sector, made.category, made.origin) == ("public", 3, "active")
    story = await log.of_subject(stage.session, f"ratings/{made.id}")
    assert [row.type for row in story] == ["hck.rating.given.v1"]
    assert story[0].data["about"] == f"requests/{request.id}"
    assert story[0].role == "talent"
    assert await stage.session.scalar(select(BadRating)) is None


async def test_a_redemption_counts_where_its_counter_is(stage: Stage) -> None:
    done = await stage.redemption()
    made = await rating.rate_redemption(stage.session, done.id, GOOD, stage.holder, MONDAY)
    assert (made.partner_id, made.region, made.offering) == (stage.schools, "370102", "CT-01")


async def test_a_second_rating_is_refused_and_changes_nothing(stage: Stage) -> None:
    request = await stage.request()
    await rating.rate_request(stage.session, request.id, GOOD, stage.holder, MONDAY)
    with pytest.raises(rating.AlreadyRated):
        await rating.rate_request(stage.session, request.id, BAD, stage.holder, MONDAY)
    kept = (await stage.session.scalars(select(Rating))).one()
    assert kept.grade == 5


async def test_somebody_elses_request_is_not_there(stage: Stage) -> None:
    request = await stage.request()
    for by in (stage.officer, await Stage(stage.session).set()):
        caller = by.holder if isinstance(by, Stage) else by
        with pytest.raises(NotFound):
            await rating.rate_request(stage.session, request.id, GOOD, caller, MONDAY)
    with pytest.raises(NotFound):
        await rating.rate_redemption(stage.session, uuid4(), GOOD, stage.holder, MONDAY)


@pytest.mark.parametrize("state", [each for each in State if each is not State.COMPLETED])
async def test_only_what_is_completed_can_be_rated(stage: Stage, state: State) -> None:
    request = await stage.request(state)
    with pytest.raises(WrongState) as refused:
        await rating.rate_request(stage.session, request.id, GOOD, stage.holder, MONDAY)
    assert refused.value.state == state


@pytest.mark.parametrize(
    ("at", "open_still"),
    [("2026-04-01T23:59:59+08:00", True), ("2026-04-02T00:00:00+08:00", False)],
)
async def test_the_window_ends_with_the_thirtieth_day(
    stage: Stage, at: str, open_still: bool
) -> None:
    request = await stage.request(at=MONDAY)
    now = datetime.fromisoformat(at)
    if open_still:
        await rating.rate_request(stage.session, request.id, GOOD, stage.holder, now)
        return
    with pytest.raises(rating.WindowOver):
        await rating.rate_request(stage.session, request.id, GOOD, stage.holder, now)


async def test_a_bad_rating_opens_a_case_due_the_next_working_day(stage: Stage) -> None:
    friday = MONDAY + timedelta(days=4)
    request = await stage.request(at=MONDAY)
    made = await rating.rate_request(stage.session, request.id, BAD, stage.holder, friday)
    case = (await stage.session.scalars(select(BadRating))).one()
    assert (case.rating_id, case.state, case.opened_at) == (made.id, "open", friday)
    assert case.call_back_due_at == datetime.fromisoformat("2026-03-10T00:00:00+08:00")


async def test_an_etag_need_not_be_sent_but_is_kept(stage: Stage) -> None:
    request = await stage.request()
    with pytest.raises(Stale):
        await rating.rate_request(
            stage.session, request.id, GOOD, stage.holder, MONDAY, revision=99
        )
    made = await rating.rate_request(
        stage.session, request.id, GOOD, stage.holder, MONDAY, revision=request.revision
    )
    assert made.grade == 5


async def test_a_comment_is_kept_sealed_and_in_no_event(stage: Stage) -> None:
    request = await stage.request()
    made = await rating.rate_request(stage.session, request.id, BAD, stage.holder, MONDAY)
    story = await log.of_subject(stage.session, f"ratings/{made.id}")
    assert "林小满" not in str(story)
    raw = await stage.session.scalar(text("SELECT comment FROM ratings"))
    assert "林小满" in (made.comment or "")
    assert "林小满".encode() not in raw


async def test_the_officials_numbers_are_those_of_the_specification(stage: Stage) -> None:
    assert await rules.in_force(stage.session) == rules.Rules()
    assert len(await rules.tags(stage.session)) == 40
    assert "other-service" in await rules.void_reasons(stage.session)


def test_a_rule_that_is_missing_is_the_shipped_one() -> None:
    found = rules.read([{"name": "window_days", "value": "60"}, {"name": "weight_3", "value": "5"}])
    assert (found.window_days, found.weights) == (60, (0, 3, 5, 8, 10))
