from typing import Any

from tests.city import City, Someone
from tests.service.requests.ask import Case, offered


async def in_ruling(city: City) -> tuple[Case, Someone]:
    await city.sql("UPDATE routes SET valid_to = '2026-03-01' WHERE offering = 'HO-01'")
    return await offered(city), await city.person("centre")


async def rule(case: Case, centre: Someone, **ruling: Any) -> Any:
    tag = await case.tag(centre)
    return await centre.post(f"/v1/centre/rulings/{case.id}", ruling, etag=tag)


async def test_the_centre_assigns_and_the_partner_gets_a_fresh_offer(city: City) -> None:
    case, centre = await in_ruling(city)
    listed = (await centre.get("/v1/centre/rulings")).json()["items"]
    assert [line["id"] for line in listed] == [case.id]
    partner_id = case.partner.entry["partner_id"]
    answer = await rule(case, centre, decision="assign", partner_id=partner_id, reason="按属地")
    assert (answer.status_code, answer.json()["state"]) == (200, "offered")
    assert answer.json()["deadline"] is not None
    assert (await centre.get("/v1/centre/rulings")).json()["items"] == []
    assert (await case.act("accept")).json()["state"] == "accepted"
    story = (await case.holder.get(f"{case.path}/timeline")).json()["items"]
    (ruled,) = [e for e in story if e["type"] == "hck.request.ruled.v1" and e["note"]]
    assert (ruled["by"], ruled["note"]) == ("专家中心", "按属地")


async def test_the_centre_ends_it_and_the_holder_reads_why(city: City) -> None:
    case, centre = await in_ruling(city)
    answer = await rule(case, centre, decision="end", reason="全省暂无房源")
    assert (answer.status_code, answer.json()["state"]) == (200, "expired")
    seen = (await case.holder.get(case.path)).json()
    assert (seen["outcome"], seen["outcome_reason"]) == (None, "全省暂无房源")
    assert await city.sql("SELECT 1 FROM clocks WHERE stopped_at IS NULL") == []
    assert await city.sql("SELECT 1 FROM pauses WHERE ended_at IS NULL") == []


async def test_only_who_handles_the_offering_can_be_assigned(city: City) -> None:
    case, centre = await in_ruling(city)
    museum = (await city.client("museum")).entry["partner_id"]
    for wrong in ({"partner_id": museum}, {}):
        answer = await rule(case, centre, decision="assign", reason="试", **wrong)
        assert answer.json()["errors"][0]["pointer"] == "/partner_id"
    assert await case.state() == "in_ruling"


async def test_what_is_not_in_ruling_is_not_ruled_and_only_the_centre_rules(city: City) -> None:
    case = await offered(city)
    centre = await city.person("centre")
    answer = await rule(case, centre, decision="end", reason="试")
    assert (answer.status_code, answer.json()["allowed"]) == (409, [])
    assert (await case.holder.get("/v1/centre/rulings")).status_code == 403
    refused = await case.partner.post(
        f"/v1/centre/rulings/{case.id}", {"decision": "end", "reason": "x"}, etag='"1"'
    )
    assert refused.status_code == 403
