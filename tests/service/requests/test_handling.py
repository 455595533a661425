from typing import Any

import pytest

from tests.city import City
from tests.service.requests.ask import APARTMENT, GRANTED, Case, accepted, offered


async def test_an_accepted_request_runs_on_the_handling_clock(city: City) -> None:
    case = await offered(city)
    before = (await case.partner.get(case.desk)).json()
    assert before["allowed"] == ["accept", "bounce", "messages"]
    assert list(before["deadlines"]) == ["acceptance"]
    answer = await case.act("accept")
    after = answer.json()
    assert (answer.status_code, after["state"]) == (200, "accepted")
    assert list(after["deadlines"]) == ["handling"]
    assert answer.headers["ETag"] == after["etag"] != before["etag"]


async def test_an_act_needs_if_match_and_a_fresh_one(city: City) -> None:
    case = await offered(city)
    missing = await case.partner.post(f"{case.desk}/accept")
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition-required")
    stale = await case.partner.post(f"{case.desk}/accept", etag='"1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed")
    assert await case.state() == "offered"


@pytest.mark.parametrize(
    ("act", "content"),
    [
        ("bounce", {"reason": "other"}),
        ("accept", None),
    ],
)
async def test_a_wrong_state_says_what_is_open_instead(city: City, act: str, content: Any) -> None:
    case = await accepted(city)
    answer = await case.act(act, content)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong-state")
    assert answer.json()["state"] == "accepted"
    assert answer.json()["allowed"] == ["ask", "publicity", "progress", "complete", "messages"]


async def test_the_partner_sees_what_the_offering_shares_and_nothing_of_others(
    city: City,
) -> None:
    case = await offered(city)
    seen = (await case.partner.get(case.desk)).json()
    assert seen["form"] == APARTMENT
    assert "person_id" not in seen
    assert "category" not in seen
    await city.sql("UPDATE offering_versions SET shared_fields = '[\"family_size\"]'")
    assert (await case.partner.get(case.desk)).json()["form"] == {"family_size": 3}
    for key in ("education", "bank1"):
        other = await city.client(key)
        assert (await other.get(case.desk)).status_code == 404
        for act, content in (("accept", None), ("bounce", {"reason": "other"})):
            answer = await other.post(f"{case.desk}/{act}", content, etag=await case.tag())
            assert answer.status_code == 404
    assert (await case.holder.get(case.desk)).status_code == 403
    counter = await city.client("museum")
    assert (await counter.get(case.desk)).status_code == 403


async def test_a_queue_is_read_by_state_and_page(city: City) -> None:
    cases = [await offered(city) for _ in range(3)]
    await cases[0].act("accept")
    queue = (await cases[0].partner.get("/v1/partner/requests?state=offered&limit=1")).json()
    assert [line["id"] for line in queue["items"]] == [cases[1].id]
    more = await cases[0].partner.get(
        f"/v1/partner/requests?state=offered&limit=1&cursor={queue['next']}"
    )
    assert [line["id"] for line in more.json()["items"]] == [cases[2].id]
    assert more.json()["next"] is None
    assert queue["items"][0]["due_at"] is not None
    wrong = await cases[0].partner.get("/v1/partner/requests?state=lost")
    assert wrong.status_code == 422


async def test_an_unchanged_request_is_not_sent_again(city: City) -> None:
    case = await offered(city)
    tag = await case.tag()
    again = await case.partner.get(case.desk, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await case.hold("messages", {"text": "请尽快"})
    again = await case.partner.get(case.desk, headers={"If-None-Match": tag})
    assert again.json()["messages"][0]["text"] == "请尽快"


async def test_words_for_a_bounce_are_kept_sealed_and_the_log_has_a_code(city: City) -> None:
    case = await offered(city)
    answer = await case.act("bounce", {"reason": "申请人张三不在本区", "note": "请转历下"})
    assert answer.json() == {
        "id": case.id,
        "number": case.made["number"],
        "state": "routing",
    }
    logged = await city.sql("SELECT data::text AS data FROM events ORDER BY id DESC LIMIT 1")
    assert '"other"' in logged[0]["data"]
    assert "张三" not in logged[0]["data"]
    await city.settle()
    centre = await city.person("centre")
    rounds = (await centre.get(f"{case.path}/routing")).json()["rounds"]
    assert rounds[0]["note"] == "申请人张三不在本区\n请转历下"


async def test_a_correction_stops_the_clock_until_it_is_answered(city: City) -> None:
    case = await accepted(city)
    asked = await case.act("ask", {"items": ["无房证明", "劳动合同"]})
    assert asked.json()["state"] == "awaiting_correction"
    assert list(asked.json()["deadlines"]) == ["correction"]
    seen = (await case.holder.get(case.path)).json()
    assert seen["correction"]["items"] == ["无房证明", "劳动合同"]
    assert seen["allowed"] == ["answers", "withdraw", "messages"]
    assert seen["deadline"] is None
    assert (await case.act("complete", GRANTED)).json()["allowed"] == ["progress", "messages"]
    answered = await case.hold("answers", {"form": {"family_size": 4}, "note": "已补齐"})
    assert answered.json()["state"] == "accepted"
    assert answered.json()["deadline"] is not None
    at_desk = (await case.partner.get(case.desk)).json()
    assert at_desk["form"]["family_size"] == 4
    assert at_desk["correction"]["answer"]["note"] == "已补齐"
    again = await case.act("ask", {"items": ["再来一份"]})
    assert again.json()["allowed"] == ["publicity", "progress", "complete", "messages"]


async def test_a_correction_is_asked_for_within_five_working_days(city: City) -> None:
    early, late = await accepted(city), await accepted(city)
    city.at("2026-03-09T23:59")
    early.partner = late.partner = await city.client("housing")
    assert (await early.act("ask", {"items": ["无房证明"]})).status_code == 200
    city.at("2026-03-10T00:00")
    answer = await late.act("ask", {"items": ["无房证明"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "too-late-to-ask")
    assert await late.state() == "accepted"


async def test_an_answer_must_say_something_and_keep_the_form_right(city: City) -> None:
    case = await accepted(city)
    await case.act("ask", {"items": ["人数"]})
    assert (await case.hold("answers", {})).status_code == 422
    wrong = await case.hold("answers", {"form": {"family_size": "很多"}})
    assert wrong.json()["errors"][0]["pointer"] == "/form/family_size"
    assert await case.state() == "awaiting_correction"


async def test_publicity_stops_the_clock_and_runs_from_today(city: City) -> None:
    case = await accepted(city)
    wrong = await case.act("publicity", {"from": "2026-03-05", "to": "2026-03-06"})
    assert wrong.json()["errors"][0]["pointer"] == "/from"
    begun = await case.act("publicity", {"from": "2026-03-02", "to": "2026-03-04"})
    assert (begun.status_code, begun.json()["state"]) == (200, "in_publicity")
    assert begun.json()["deadlines"] == {}
    assert begun.json()["allowed"] == ["progress", "messages"]


async def test_progress_is_told_to_the_holder(city: City) -> None:
    case = await accepted(city)
    told = await case.act("progress", {"note": "已完成资格审核"})
    assert told.status_code == 200
    story = (await case.holder.get(f"{case.path}/timeline")).json()["items"]
    assert story[-1]["note"] == "已完成资格审核"
    assert story[-1]["by"] == "济南市住房和城乡建设局"


async def test_a_grant_needs_its_result_and_a_refusal_its_reason(city: City) -> None:
    case = await accepted(city)
    bare = await case.act("complete", {"outcome": "granted"})
    assert bare.json()["errors"][0]["pointer"] == "/result/summary"
    silent = await case.act("complete", {"outcome": "declined", "reason": "  "})
    assert silent.json()["errors"][0]["pointer"] == "/reason"
    declined = await case.act("complete", {"outcome": "declined", "reason": "名下已有住房"})
    assert declined.json()["state"] == "completed"
    seen = (await case.holder.get(case.path)).json()
    assert (seen["outcome"], seen["outcome_reason"], seen["in_time"]) == (
        "declined",
        "名下已有住房",
        True,
    )
    assert seen["allowed"] == []


async def test_the_log_tells_the_feed_of_the_partner_that_has_or_had_it(city: City) -> None:
    case = await accepted(city)
    await case.act("complete", GRANTED)
    rows = await city.sql(
        "SELECT type, partner_id FROM events WHERE subject = $1 ORDER BY sequence",
        f"requests/{case.id}",
    )
    theirs = [
        row["type"] for row in rows if str(row["partner_id"]) == case.partner.entry["partner_id"]
    ]
    assert theirs == [
        "hck.request.offered.v1",
        "hck.request.accepted.v1",
        "hck.request.completed.v1",
    ]


async def test_a_clerk_works_at_the_same_desk_as_the_bureaus_machine(city: City) -> None:
    case = await offered(city)
    clerk = await city.person("partner_clerk", organisation=case.partner.entry["partner"])
    at = Case(city, case.holder, clerk, case.made)
    assert (await at.act("accept")).status_code == 200
    rows = await city.sql("SELECT role FROM events WHERE type = 'hck.request.accepted.v1'")
    assert rows[0]["role"] == "partner_clerk"
