"""The clocks of the loop and the agency's appeal (satisfaction.md L1–L3, time.md E2, L4)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.auth.callers import Role
from service.problems import NotFound, WrongState
from service.satisfaction import case_clocks, case_queries, case_views, cases, counting
from service.satisfaction.cases import NewAppeal, NewCallBack, NewDecision, NewRuling
from service.satisfaction.figures import Counts
from service.satisfaction.models import BadRating, CaseState, Decision, Ruling, Verdict
from tests.service.satisfaction.looping import FOUND, TUESDAY, Loop
from tests.workers.test_facts import count_all, whole

AGAINST = NewAppeal("当日系统停机,非窗口责任,附停机公告")


def day(text_of_it: str) -> datetime:
    return datetime.fromisoformat(f"{text_of_it}+08:00")


async def sweep(loop: Loop, now: datetime) -> int:
    return await case_clocks.fire_due(loop.session, now, 20)


async def appeal(loop: Loop, now: datetime = TUESDAY) -> BadRating:
    clerk, seen = loop.stage.clerk, loop.case.revision
    return await cases.appeal(loop.session, loop.case.id, AGAINST, clerk, seen, now)


async def decide(loop: Loop, decision: Decision, now: datetime, by: object = None) -> BadRating:
    officer = by or await loop.stage.account(Role.CENTRE, region="370000")
    given, seen = NewDecision(decision, "核对停机记录"), loop.case.revision
    return await cases.decide_appeal(loop.session, loop.case.id, given, officer, seen, now)  # type: ignore[arg-type]


async def test_l1_a_call_back_has_one_working_day_and_is_told_of_when_it_is_late(
    loop: Loop,
) -> None:
    # Rated on Monday 2 March 2026: due at the end of Tuesday the 3rd, warned of that morning.
    assert loop.case.call_back_due_at == day("2026-03-04T00:00:00")
    assert await sweep(loop, day("2026-03-03T08:59:59")) == 0
    assert await sweep(loop, day("2026-03-03T09:00:00")) == 1
    assert await sweep(loop, day("2026-03-03T23:59:59")) == 0
    assert await sweep(loop, day("2026-03-04T00:00:00")) == 1
    assert await sweep(loop, day("2026-03-09T10:00:00")) == 1
    assert await sweep(loop, day("2026-06-01T10:00:00")) == 0
    assert await loop.rungs() == [
        ("call_back", "due"), ("call_back", "breach"), ("call_back", "breach+1"),
    ]  # fmt: skip


async def test_l2_a_rectification_is_warned_of_at_five_days_left(loop: Loop) -> None:
    await loop.call_back(FOUND)
    # Tuesday 3 March is day 0; day 11 is Wednesday the 18th, with five days left.
    assert await sweep(loop, day("2026-03-18T08:59:59")) == 0
    assert await sweep(loop, day("2026-03-18T09:00:00")) == 1
    assert (await loop.rungs())[-1] == ("rectification", "0.7")
    assert await sweep(loop, day("2026-03-25T00:00:00")) == 2
    assert (await loop.rungs())[-2:] == [("rectification", "due"), ("rectification", "breach")]


async def test_time_alone_makes_no_form_stale(loop: Loop) -> None:
    seen = loop.case.revision
    await sweep(loop, day("2026-03-05T10:00:00"))
    await loop.session.refresh(loop.case)
    assert loop.case.revision == seen
    assert len(loop.case.fired) == 3


async def test_an_act_finds_what_had_fallen_before_it(loop: Loop) -> None:
    await loop.call_back(FOUND, day("2026-03-04T09:30:00"))
    assert [rung for _, rung in await loop.rungs()] == ["due", "breach", "breach+1"]
    assert loop.case.is_late("call_back")
    await count_all(loop.session)
    found = await whole(loop.session)
    assert (found.called_back, found.call_backs_ended) == (1, 1)


async def test_l3_an_appeal_stops_the_clock_and_rejected_gives_the_rest_of_it(
    loop: Loop,
) -> None:
    await loop.call_back(FOUND)
    case = await appeal(loop, day("2026-03-04T10:00:00"))
    assert (case.state, case.step_due_at) == (CaseState.APPEALED, day("2026-03-12T00:00:00"))
    assert case.agency_acts() == ()
    case = await decide(loop, Decision.REJECTED, day("2026-03-10T10:00:00"))
    assert case.state == CaseState.RECTIFYING
    # No whole day had run when it stopped: the 10th is a new day 0 for all fifteen.
    assert case.rectify_due_at == day("2026-04-01T00:00:00")
    assert case.agency_acts() == ("rectify",)
    with pytest.raises(WrongState):
        await appeal(loop, day("2026-03-10T11:00:00"))


async def test_l3_an_upheld_appeal_ends_the_case_and_asks_for_nothing(loop: Loop) -> None:
    await loop.call_back(FOUND)
    await appeal(loop)
    case = await decide(loop, Decision.UPHELD, day("2026-03-05T10:00:00"))
    assert (case.state, case.verdict, case.next_rung_at) == ("closed", "substantiated", None)
    await count_all(loop.session)
    assert (await whole(loop.session)).rectifications_ended == 0
    assert await loop.story() == [
        ("given.v1", None),
        ("called_back.v1", "substantiated"),
        ("appealed.v1", None),
        ("appeal_decided.v1", None),
    ]


async def test_l3_who_judged_does_not_decide(loop: Loop) -> None:
    await loop.call_back(FOUND)
    await appeal(loop)
    with pytest.raises(cases.SameOfficer):
        await decide(loop, Decision.REJECTED, TUESDAY, by=loop.stage.officer)
    with pytest.raises(IntegrityError):
        async with loop.session.begin_nested():
            await loop.session.execute(
                text("UPDATE bad_ratings SET appeal_decided_by = called_back_by")
            )


async def test_l3_an_appeal_comes_within_three_working_days(loop: Loop) -> None:
    await loop.call_back(FOUND)
    # Tuesday is day 0; Friday 6 March is the third.
    with pytest.raises(cases.AppealOver):
        await appeal(loop, day("2026-03-07T00:00:00"))
    assert (await appeal(loop, day("2026-03-06T23:59:59"))).state == CaseState.APPEALED


async def test_another_agency_appeals_nothing(loop: Loop) -> None:
    await loop.call_back(FOUND)
    other, seen = loop.stage.other_clerk, loop.case.revision
    with pytest.raises(NotFound):
        await cases.appeal(loop.session, loop.case.id, AGAINST, other, seen, TUESDAY)


async def test_while_the_centre_checks_the_agency_loses_no_days(loop: Loop) -> None:
    await loop.call_back(FOUND)
    await loop.rectify(now=day("2026-03-20T10:00:00"))
    assert await sweep(loop, day("2026-03-28T00:30:00")) == 2
    assert ("rectification", "breach") not in await loop.rungs()
    case = await loop.rule(NewRuling(Ruling.SEND_BACK, "证明不足"), day("2026-03-30T10:00:00"))
    # Twelve days had run by the 19th: three are left after Monday the 30th.
    assert case.rectify_due_at == day("2026-04-03T00:00:00")


async def test_f4_in_time_and_late_are_told_apart_and_a_void_one_leaves_both(
    loop: Loop,
) -> None:
    await loop.call_back(FOUND)
    await sweep(loop, day("2026-03-25T00:00:00"))
    await loop.rectify(now=day("2026-03-26T10:00:00"))
    await loop.rule(NewRuling(Ruling.ACCEPT), day("2026-03-27T10:00:00"))
    await count_all(loop.session)
    found = await whole(loop.session)
    assert (found.rectified_in_time, found.rectifications_ended) == (0, 1)
    await loop.rule(NewRuling(Ruling.VOID, reason="by-mistake"), day("2026-03-28T10:00:00"))
    await count_all(loop.session)
    assert {c for c in (await counting.kept(loop.session)).values()} == {
        Counts(voided=1, completed=1, completed_in_time=1)
    }


async def test_g7_with_consent_the_agency_learns_whom_to_turn_to(loop: Loop) -> None:
    await loop.call_back(NewCallBack(Verdict.SUBSTANTIATED, "愿意联系", consent=True))
    clerk = loop.stage.clerk
    case, row = await case_queries.one(loop.session, loop.case.id, clerk, TUESDAY)
    seen = await case_views.view(loop.session, case, row, clerk, TUESDAY)
    assert seen.rater is not None
    assert (seen.rater.name, seen.about) == ("林小满", row.about)
    assert "林小满" not in (seen.comment or "")


async def test_two_sweepers_tell_of_a_rung_once(loop: Loop) -> None:
    now = loop.case.opened_at + timedelta(days=2)
    assert await sweep(loop, now) > 0
    assert await sweep(loop, now) == 0
