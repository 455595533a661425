"""D1: who sees a request's deadline, and what it says while it runs, stands still and has ended."""

import asyncio
from typing import Any
from uuid import UUID

from service import __main__ as commands
from service.requests.conservation import check_all
from tests.city import City, Someone
from tests.service.calendars.table import applied, drafted, snow
from tests.service.requests.ask import GRANTED, Case, accepted, offered, submitted


async def deadline(case: Case, who: Someone | None = None) -> dict[str, Any]:
    answer = await (who or case.holder).get(f"{case.path}/deadline")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def later(case: Case, when: str) -> None:
    """Time goes by; both sides sign in again."""
    case.city.at(when)
    case.holder = await case.city.person("talent", region="370100")
    case.partner = await case.city.client("housing")


async def test_a_fresh_request_shows_its_promise_and_that_it_is_being_routed(city: City) -> None:
    found = await deadline(await submitted(city))
    promise = found["promise"]
    assert promise["due_at"] == "2026-04-02T00:00:00+08:00"
    assert promise["display"] == "4月1日(周三)24:00"
    assert (promise["state"], found["current"], found["provisional"]) == ("running", None, False)
    assert promise["used"] == [
        {"unit": "working_minutes", "n": 960, "consumed": 0, "left": 960},
        {"unit": "working_days", "n": 20, "consumed": 0, "left": 20},
    ]
    assert found["legs"] == []  # nothing has passed yet


async def test_d1_the_explanation_goes_day_by_day_to_the_deadline(city: City) -> None:
    lines = (await deadline(await submitted(city)))["explanation"]
    dates = [line["date"] for line in lines]
    assert (dates[0], dates[-1], len(dates)) == ("2026-03-02", "2026-04-01", 31)
    assert lines[0]["number"] == 360  # minutes of Monday after ten
    wednesday = lines[2]
    assert (wednesday["number"], wednesday["counted"]) == (960, True)
    assert "起算日" in wednesday["why"]
    saturday = lines[5]
    assert saturday == {
        "date": "2026-03-07", "kind": "weekend", "counted": False, "why": "休息日,不计入",
    }  # fmt: skip
    assert lines[-1]["number"] == 20


async def test_the_clock_of_the_stage_is_shown_beside_the_promise(city: City) -> None:
    case = await offered(city)
    await later(case, "2026-03-02 15:00")
    current = (await deadline(case))["current"]
    assert (current["leg"], current["due_at"]) == ("acceptance", "2026-03-04T12:00:00+08:00")
    assert current["used"] == [{"unit": "working_minutes", "n": 960, "consumed": 210, "left": 750}]
    await case.act("accept")
    found = await deadline(case)
    assert found["current"]["leg"] == "handling"
    assert [leg["leg"] for leg in found["legs"]] == ["acceptance"]


async def test_while_it_stands_still_there_are_days_left_and_no_deadline(city: City) -> None:
    case = await accepted(city)
    await later(case, "2026-03-05 10:00")
    await case.act("ask", {"items": ["无房证明"]})
    await later(case, "2026-03-06 10:00")
    found = await deadline(case)
    assert (found["promise"]["state"], found["promise"]["due_at"]) == ("paused", None)
    assert (found["current"]["leg"], found["current"]["display"]) == (
        "correction", "3月12日(周四)24:00",
    )  # fmt: skip
    assert found["pauses"] == [
        {"reason": "correction", "begin": "2026-03-05T10:00:00+08:00", "end": None, "ends_at": None}
    ]
    # Its 16 hours ended on the 4th, which is the day 0 of 20 days none of which is used.
    assert [used["left"] for used in found["promise"]["used"]] == [0, 20]
    assert [leg["leg"] for leg in found["legs"]] == ["acceptance", "handling", "pause"]
    assert found["legs"][-1]["end"] is None


async def test_a_request_that_has_ended_keeps_its_whole_story(city: City) -> None:
    case = await accepted(city)
    await later(case, "2026-03-05 10:00")
    await case.act("ask", {"items": ["无房证明"]})
    await later(case, "2026-03-09 10:00")
    await case.hold("answers", {"note": "已补"})
    await later(case, "2026-03-10 10:00")
    await case.act("complete", GRANTED)
    await later(case, "2026-05-06 10:00")
    found = await deadline(case)
    assert (found["promise"]["state"], found["current"]) == ("stopped", None)
    assert found["promise"]["used"][1]["consumed"] == 0  # the 9th was a new day 0
    legs = found["legs"]
    assert [leg["leg"] for leg in legs] == ["acceptance", "handling", "pause", "handling"]
    assert legs[0]["microseconds"] == 0  # accepted at once
    assert sum(leg["microseconds"] for leg in legs) == 8 * 86_400 * 1_000_000
    assert legs[-1]["end"] == "2026-03-10T10:00:00+08:00"


async def test_only_those_concerned_see_a_deadline(city: City) -> None:
    case = await offered(city)
    for who in (
        case.holder,
        case.partner,
        await city.person("steward", region="370100"),
        await city.person("centre"),
    ):
        await deadline(case, who)
    strangers = [
        await city.person("talent", region="370200"),
        await city.client("education"),
        await city.client("bank1"),
        await city.person("reviewer", region="370100"),
        await city.person("auditor"),
    ]
    for who in strangers:
        answer = await who.get(f"{case.path}/deadline")
        assert answer.status_code == 404, who.entry
    assert (await city.nobody.get(f"{case.path}/deadline")).status_code == 401
    await case.act("bounce", {"reason": "no_capacity"})
    assert (await case.partner.get(f"{case.path}/deadline")).status_code == 404


async def test_a_request_that_does_not_exist_has_no_deadline(city: City) -> None:
    holder = await city.person("talent", region="370100")
    path = f"/v1/requests/{UUID(int=7)}/deadline"
    assert (await holder.get(path)).status_code == 404
    assert (await holder.get("/v1/requests/seven/deadline")).status_code == 404


async def test_all_time_is_whole_after_every_kind_of_turn(city: City) -> None:
    await submitted(city)
    case = await accepted(city)
    await case.act("ask", {"items": ["无房证明"]})
    await later(case, "2026-03-03 10:00")
    await case.hold("answers", {"note": "已补"})
    await case.act("publicity", {"from": "2026-03-03", "to": "2026-03-04"})
    bounced = await offered(city)
    await bounced.act("bounce", {"reason": "no_capacity"})
    await city.settle()
    withdrawn = await offered(city)
    await withdrawn.hold("withdraw")
    for when in ("2026-03-05 10:00", "2026-03-10 10:00", "2026-03-20 10:00"):
        city.at(when)
        await city.sweep()
        async with city.sessions() as session:
            assert [each async for each in check_all(session, city.now)] == []
    assert await asyncio.to_thread(commands.check_legs, city.settings) == 0
    await city.pool.execute("UPDATE dispatches SET offered_at = offered_at - interval '1 second'")
    async with city.sessions() as session:
        assert [each async for each in check_all(session, city.now)] != []
    assert await asyncio.to_thread(commands.check_legs, city.settings) > 0


async def test_a_story_moved_as_a_whole_adds_up_but_is_not_the_log_s(city: City) -> None:
    await accepted(city)
    for move in (
        "UPDATE requests SET submitted_at = submitted_at - interval '1 second',"
        " accepted_at = accepted_at - interval '1 second'",
        "UPDATE dispatches SET offered_at = offered_at - interval '1 second',"
        " ended_at = ended_at - interval '1 second'",
    ):
        await city.sql(move)
    async with city.sessions() as session:
        faults = [fault async for _, fault in check_all(session, city.now)]
    assert faults
    assert all("the log tells of nothing" in fault for fault in faults)


async def test_d1_the_page_explains_and_shows_old_and_new_after_a_recomputation(city: City) -> None:
    case = await accepted(city)
    draft = await drafted(city, snow())
    await applied(city, draft)
    await city.sweep()
    found = await deadline(case)
    moved = {each["leg"]: (each["was_due_at"], each["due_at"]) for each in found["recomputed"]}
    assert moved["promise"] == ("2026-04-02T00:00:00+08:00", "2026-04-03T00:00:00+08:00")
    assert [(each["year"], each["notice"]) for each in found["years"]] == [
        (2026, "国办发明电〔2025〕7号"),
    ]  # fmt: skip
    closed = found["explanation"][1]
    assert (closed["why"], closed["source"]) == ("暴雪停工放假,不计入", "济政发〔2026〕1号")
    for who in (case.holder, await city.person("centre")):
        shown = await who.get(f"/requests/{case.id}/deadline")
        assert shown.status_code == 200
        assert shown.text.count('data-test="recomputed"') == 2
        assert "<s>4月1日(周三)24:00</s>" in shown.text
        assert "暴雪停工放假,不计入" in shown.text
    stranger = await city.person("talent", region="370200")
    assert (await stranger.get(f"/requests/{case.id}/deadline")).status_code == 404
