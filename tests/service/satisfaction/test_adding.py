"""Supplement and follow-up: beside the rating, each once, in their days (satisfaction.md G5)."""

from datetime import datetime, timedelta

import pytest

from service.problems import InvalidBody, NotFound
from service.satisfaction import adding, case_queries, case_views, rating, recounting
from service.satisfaction.adding import NewSupplement
from service.satisfaction.cases import NewRuling
from service.satisfaction.models import Rating, Ruling
from service.satisfaction.rating import NewRating, TagOfOtherGrade
from tests.service.satisfaction.looping import FOUND, TUESDAY, Loop
from tests.service.satisfaction.make import GOOD, MONDAY
from tests.workers.test_facts import count_all, whole

MORE = NewSupplement(comment="补充:第二天又去了一次,电话 13800001234")
BETTER = NewRating(grade=4, comment="现在好多了")


async def first(loop: Loop) -> Rating:
    return await loop.session.get_one(Rating, loop.case.rating_id)


async def mended(loop: Loop) -> Rating:
    await loop.call_back(FOUND)
    await loop.rectify()
    await loop.rule(NewRuling(Ruling.ACCEPT))
    return await first(loop)


async def test_a_supplement_adds_words_and_never_a_grade(loop: Loop) -> None:
    row = await first(loop)
    await adding.supplement(loop.session, row.id, MORE, loop.stage.holder, TUESDAY)
    assert (row.grade, row.comment) == (1, "窗口让我跑了三次,电话 13800001234,我是林小满")
    (added,) = (await adding.of(loop.session, [row.id]))[row.id]
    assert (added.kind, added.grade, added.comment) == ("supplement", None, MORE.comment)
    assert [kind for kind, _ in await loop.story()] == ["given.v1", "supplemented.v1"]


async def test_a_supplement_comes_once_and_within_five_working_days(loop: Loop) -> None:
    row, holder = await first(loop), loop.stage.holder
    # Rated on Monday 2 March: Monday the 9th is the fifth working day.
    ends_at = datetime.fromisoformat("2026-03-10T00:00:00+08:00")
    with pytest.raises(adding.AdditionOver):
        await adding.supplement(loop.session, row.id, MORE, holder, ends_at)
    last = ends_at - timedelta(seconds=1)
    await adding.supplement(loop.session, row.id, MORE, holder, last)
    with pytest.raises(adding.AlreadyAdded):
        await adding.supplement(loop.session, row.id, MORE, holder, last)


async def test_a_supplement_says_something_of_its_own_grade(loop: Loop) -> None:
    row, holder = await first(loop), loop.stage.holder
    with pytest.raises(InvalidBody):
        await adding.supplement(loop.session, row.id, NewSupplement(comment="  "), holder, TUESDAY)
    wrong = NewSupplement(tags=["510"])
    with pytest.raises(TagOfOtherGrade):
        await adding.supplement(loop.session, row.id, wrong, holder, TUESDAY)


async def test_a_follow_up_has_its_own_figure_and_the_first_stays_counted(
    loop: Loop,
) -> None:
    row = await mended(loop)
    await adding.follow_up(loop.session, row.id, BETTER, loop.stage.holder, TUESDAY)
    await count_all(loop.session)
    found = await whole(loop.session)
    assert (found.grades, found.n) == ((1, 0, 0, 0, 0), 1)
    assert (found.follow_ups, found.follow_ups_good) == (1, 1)
    assert await recounting.differences(loop.session) == {}
    with pytest.raises(adding.AlreadyAdded):
        await adding.follow_up(loop.session, row.id, BETTER, loop.stage.holder, TUESDAY)


async def test_before_the_matter_was_mended_there_is_nothing_to_follow_up(
    loop: Loop,
) -> None:
    row = await first(loop)
    with pytest.raises(adding.NothingToAddTo):
        await adding.follow_up(loop.session, row.id, BETTER, loop.stage.holder, TUESDAY)


async def test_a_follow_up_comes_within_thirty_days(loop: Loop) -> None:
    row = await mended(loop)
    late = datetime.fromisoformat("2026-04-03T00:00:00+08:00")
    with pytest.raises(adding.AdditionOver):
        await adding.follow_up(loop.session, row.id, BETTER, loop.stage.holder, late)


async def test_only_the_rater_adds_and_only_to_a_rating_that_counts(loop: Loop) -> None:
    row, stage = await first(loop), loop.stage
    stranger = await stage.account(stage.holder.grants[0].role)
    with pytest.raises(NotFound):
        await adding.supplement(loop.session, row.id, MORE, stranger, TUESDAY)
    await loop.rule(NewRuling(Ruling.VOID, reason="by-mistake"))
    with pytest.raises(adding.NothingToAddTo):
        await adding.supplement(loop.session, row.id, MORE, stage.holder, TUESDAY)


async def test_the_agency_reads_additions_masked_and_without_their_time(loop: Loop) -> None:
    row = await first(loop)
    await adding.supplement(loop.session, row.id, MORE, loop.stage.holder, MONDAY)
    await loop.call_back(FOUND)
    clerk = loop.stage.clerk
    case, row = await case_queries.one(loop.session, loop.case.id, clerk, TUESDAY)
    (seen,) = (await case_views.view(loop.session, case, row, clerk, TUESDAY)).additions
    assert (seen.comment, seen.added_at) == ("补充:第二天又去了一次,电话 ***", None)


async def test_a_good_rating_can_be_supplemented_too(loop: Loop) -> None:
    request = await loop.stage.request()
    made = await rating.rate_request(loop.session, request.id, GOOD, loop.stage.holder, MONDAY)
    given = NewSupplement(tags=["510"])
    await adding.supplement(loop.session, made.id, given, loop.stage.holder, TUESDAY)
    (added,) = (await adding.of(loop.session, [made.id]))[made.id]
    assert added.tags == ["510"]
