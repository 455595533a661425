"""The loop of a bad rating, step by step, by whom, and what each side sees (satisfaction.md 2)."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from service.auth.callers import Role
from service.problems import InvalidBody, NotFound, Stale, WrongState
from service.satisfaction import case_queries, case_views, cases, rating
from service.satisfaction.cases import NewCallBack, NewRectification, NewRuling
from service.satisfaction.models import CaseState, Ruling, Verdict
from tests.service.satisfaction.looping import FOUND, NOBODY_THERE, TUESDAY, Loop
from tests.service.satisfaction.make import BAD, GOOD, MONDAY


async def test_a_substantiated_case_is_mended_accepted_and_closed(loop: Loop) -> None:
    case = await loop.call_back(FOUND)
    assert (case.state, case.verdict) == (CaseState.RECTIFYING, Verdict.SUBSTANTIATED)
    # Fifteen working days after Tuesday 3 March 2026: Tuesday the 24th, to its end.
    assert case.rectify_due_at == datetime.fromisoformat("2026-03-25T00:00:00+08:00")
    case = await loop.rectify()
    assert (case.state, case.plan) == (CaseState.RECTIFIED, "已调整窗口排班")
    case = await loop.rule(NewRuling(Ruling.ACCEPT))
    assert (case.state, case.ruling) == (CaseState.CLOSED, Ruling.ACCEPT)
    assert await loop.story() == [
        ("given.v1", None),
        ("called_back.v1", "substantiated"),
        ("rectified.v1", None),
        ("ruled.v1", "accept"),
    ]


async def test_a_rectification_that_is_not_enough_goes_back(loop: Loop) -> None:
    await loop.call_back(FOUND)
    await loop.rectify()
    case = await loop.rule(NewRuling(Ruling.SEND_BACK, "证明不足"))
    assert (case.state, case.closed_at) == (CaseState.RECTIFYING, None)
    assert (await loop.rectify()).state == CaseState.RECTIFIED


async def test_an_unsubstantiated_case_is_closed_and_the_agency_never_sees_it(loop: Loop) -> None:
    case = await loop.call_back(NewCallBack(Verdict.UNSUBSTANTIATED, "系误会"))
    assert case.state == CaseState.CLOSED
    with pytest.raises(NotFound):
        await case_queries.one(loop.session, case.id, loop.stage.clerk, TUESDAY)


async def test_no_contact_takes_tries_on_three_days(loop: Loop) -> None:
    first = await loop.call_back(NOBODY_THERE, TUESDAY)
    again = await loop.call_back(NOBODY_THERE, TUESDAY + timedelta(hours=3))
    assert (first.state, again.attempts) == (CaseState.OPEN, 1)
    await loop.call_back(NOBODY_THERE, TUESDAY + timedelta(days=1))
    last = await loop.call_back(NOBODY_THERE, TUESDAY + timedelta(days=2))
    assert (last.state, last.verdict, last.attempts) == ("closed", "no-contact", 3)
    verdicts = [verdict for _, verdict in await loop.story()]
    assert verdicts == [None, "not-reached", "not-reached", "not-reached", "no-contact"]
    assert len(await case_queries.tries(loop.session, last)) == 4


async def test_a_day_begins_at_midnight_in_shanghai_not_in_greenwich(loop: Loop) -> None:
    before, after = "2026-03-03T23:50:00+08:00", "2026-03-04T00:10:00+08:00"
    await loop.call_back(NOBODY_THERE, datetime.fromisoformat(before))
    case = await loop.call_back(NOBODY_THERE, datetime.fromisoformat(after))
    assert case.attempts == 2


async def test_each_try_is_a_new_revision_and_an_old_one_is_stale(loop: Loop) -> None:
    seen = loop.case.revision
    await loop.call_back(NOBODY_THERE)
    await loop.call_back(NOBODY_THERE)
    assert loop.case.revision == seen + 2
    with pytest.raises(Stale):
        await cases.call_back(loop.session, loop.case.id, FOUND, loop.stage.officer, seen, TUESDAY)


async def test_reached_cannot_contradict_the_verdict(loop: Loop) -> None:
    for given in (
        NewCallBack(Verdict.NO_CONTACT, "通了", reached=True),
        NewCallBack(Verdict.SUBSTANTIATED, "没通", reached=False),
    ):
        with pytest.raises(InvalidBody):
            await loop.call_back(given)


async def test_acts_out_of_turn_are_refused_with_what_is_open(loop: Loop) -> None:
    with pytest.raises(WrongState) as refused:
        await loop.rule(NewRuling(Ruling.ACCEPT))
    assert refused.value.allowed == ["call-back", "rule"]
    await loop.call_back(FOUND)
    with pytest.raises(WrongState) as refused:
        await loop.call_back(FOUND)
    assert (refused.value.state, refused.value.allowed) == ("rectifying", ["rule"])
    await loop.rectify()
    with pytest.raises(WrongState) as refused:
        await loop.rectify()
    assert (refused.value.state, refused.value.allowed) == ("rectified", [])


async def test_a_rating_is_voided_once_for_a_reason_from_the_list(loop: Loop) -> None:
    for reason in (None, "because"):
        with pytest.raises(cases.WrongReason):
            await loop.rule(NewRuling(Ruling.VOID, reason=reason))
    case = await loop.rule(NewRuling(Ruling.VOID, reason="other-service"))
    _, row = await case_queries.one(loop.session, case.id, loop.stage.officer, TUESDAY)
    assert (row.voided_at, row.void_reason) == (TUESDAY, "other-service")
    assert (row.grade, row.comment) == (BAD.grade, BAD.comment)
    with pytest.raises(WrongState):
        await loop.rule(NewRuling(Ruling.VOID, reason="other-service"))


async def test_only_a_void_ruling_has_a_reason_from_the_list(loop: Loop) -> None:
    with pytest.raises(InvalidBody):
        await loop.rule(NewRuling(Ruling.ACCEPT, reason="other-service"))


async def test_another_agency_has_no_such_case(loop: Loop) -> None:
    await loop.call_back(FOUND)
    with pytest.raises(NotFound):
        await loop.rectify(loop.stage.other_clerk)


async def test_a_centre_of_another_city_has_no_such_case(loop: Loop) -> None:
    qingdao = await loop.stage.account(Role.CENTRE, region="370200")
    jinan = await loop.stage.account(Role.CENTRE, region="370100")
    with pytest.raises(NotFound):
        await case_queries.one(loop.session, loop.case.id, qingdao, TUESDAY)
    found, _ = await case_queries.one(loop.session, loop.case.id, jinan, TUESDAY)
    assert found.id == loop.case.id


async def test_files_of_a_rectification_must_be_ones_own(loop: Loop) -> None:
    await loop.call_back(FOUND)
    given = NewRectification("计划", "证明", [UUID(int=7)])
    with pytest.raises(InvalidBody) as refused:
        await cases.rectify(
            loop.session, loop.case.id, given, loop.stage.clerk, loop.case.revision, TUESDAY
        )
    assert refused.value.errors[0].pointer == "/files/0"


async def test_the_agency_sees_what_was_said_but_not_who_said_it(loop: Loop) -> None:
    await loop.call_back(FOUND)
    clerk = loop.stage.clerk
    case, row = await case_queries.one(loop.session, loop.case.id, clerk, TUESDAY)
    seen = await case_views.view(loop.session, case, row, clerk, TUESDAY)
    assert (seen.grade, seen.allowed) == (1, ["rectify", "appeal"])
    assert seen.comment == "窗口让我跑了三次,电话 ***,我是林*"
    hidden = (seen.about, seen.rated_at, seen.opened_at, seen.rater, seen.tries)
    assert hidden == (None,) * 5


async def test_the_agency_sees_it_the_next_day_or_in_a_batch_of_three(loop: Loop) -> None:
    await loop.call_back(FOUND, MONDAY)
    with pytest.raises(NotFound):
        await case_queries.one(loop.session, loop.case.id, loop.stage.clerk, MONDAY)
    for _ in range(2):
        other = await loop.stage.request()
        await rating.rate_request(loop.session, other.id, GOOD, loop.stage.holder, MONDAY)
    found, _ = await case_queries.one(loop.session, loop.case.id, loop.stage.clerk, MONDAY)
    assert found.id == loop.case.id


async def test_the_centre_is_told_whom_to_call_only_while_there_is_somebody_to_call(
    loop: Loop,
) -> None:
    officer = loop.stage.officer
    case, row = await case_queries.one(loop.session, loop.case.id, officer, TUESDAY)
    open_still = await case_views.view(loop.session, case, row, officer, TUESDAY)
    assert open_still.rater == case_views.Rater("林小满", "13800001234")
    await loop.call_back(FOUND)
    done = await case_views.view(loop.session, case, row, officer, TUESDAY)
    assert done.rater is None
    assert [each.note for each in done.tries or []] == ["确有其事"]


async def test_a_case_says_when_it_is_late(loop: Loop) -> None:
    assert not case_views.overdue(loop.case, TUESDAY)
    assert case_views.overdue(loop.case, loop.case.call_back_due_at)
