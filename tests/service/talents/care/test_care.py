"""One-to-one: everybody has a steward, absences and leaving make no gap, help is on record."""

from typing import Any
from uuid import UUID

import pytest

from service.talents.care import handing
from tests.city import City, Someone
from tests.service.requests.ask import APARTMENT, Case, accepted, offered


async def second(city: City) -> Someone:
    """The other steward of 济南."""
    return await city.person("steward", login="steward2")


async def ids_of(city: City) -> dict[str, str]:
    rows = await city.sql("SELECT login, id FROM accounts WHERE login LIKE 'steward%'")
    return {row["login"]: str(row["id"]) for row in rows}


async def away(city: City, who: Someone, begins: str, ends: str, **more: Any) -> Any:
    known = await ids_of(city)
    body = {"begins_on": begins, "ends_on": ends, "deputy_id": known["steward2"]} | more
    return await who.post("/v1/absences", body)


async def listed(who: Someone) -> list[str]:
    return [line["id"] for line in (await who.get("/v1/requests")).json()["items"]]


async def told(city: City, who: Someone) -> list[str]:
    await city.settle()
    items = (await who.get("/v1/me/notices?limit=200")).json()["items"]
    return [each["text"] for each in items]


async def test_a_deputy_stands_in_for_the_days_of_the_absence_and_no_longer(city: City) -> None:
    case, steward, deputy = await accepted(city), await city.person("steward"), await second(city)
    noted = await away(city, steward, "2026-03-04", "2026-03-05")
    assert (noted.status_code, noted.json()["state"]) == (201, "noted")
    assert await listed(deputy) == []
    city.at("2026-03-04T08:00")
    await city.sweep()
    deputy, steward = await second(city), await city.person("steward")
    assert await listed(deputy) == [case.id] == await listed(steward)
    helped = Case(city, deputy, case.partner, case.made)
    assert (await helped.hold("messages", {"text": "我在代班"})).status_code == 201
    holder = await city.person("talent", region="370100")
    assert "您的服务专员离岗至 2026年3月5日,期间由同事代班,在办的申请照常跟进。" in await told(
        city, holder
    )
    carers = (await holder.get("/v1/me/carers")).json()
    assert (carers["steward"]["name"], carers["deputy"]["name"]) == ("钱立新", "袁静")
    assert any("代班" in text for text in await told(city, deputy))
    city.at("2026-03-06T00:00")
    await city.sweep()
    assert await listed(await second(city)) == []
    holder = await city.person("talent", region="370100")
    assert (await told(city, holder))[-1] == "您的服务专员已返岗。"
    steward_id = (await ids_of(city))["steward"]
    assert [e.split(".")[2] for e in await city.events(f"stewards/{steward_id}")] == [
        "absence_noted", "absence_began", "absence_ended",
    ]  # fmt: skip


async def test_notices_of_an_absent_steward_reach_the_deputy(city: City) -> None:
    case, steward = await accepted(city), await city.person("steward")
    await away(city, steward, "2026-03-02", "2026-03-03")
    await case.holder.post(f"{case.path}/messages", {"text": "您好"})
    assert any("新留言" in text for text in await told(city, await second(city)))


async def test_nobody_stands_in_who_is_away_or_sees_less(city: City) -> None:
    steward, deputy, known = await city.person("steward"), await second(city), await ids_of(city)
    reviewer = await city.sql("SELECT id FROM accounts WHERE login = 'reviewer-jinan'")
    for wrong in ({"deputy_id": known["steward"]}, {"deputy_id": str(reviewer[0]["id"])}):
        refused = await away(city, steward, "2026-03-04", "2026-03-05", **wrong)
        assert refused.json()["errors"][0]["code"] == "not-a-deputy"
    for begins, ends in (("2026-03-01", "2026-03-05"), ("2026-03-05", "2026-03-04")):
        refused = await away(city, steward, begins, ends)
        assert refused.json()["errors"][0]["pointer"] == "/begins_on"
    assert (await away(city, steward, "2026-03-04", "2026-03-05")).status_code == 201
    refused = await away(city, steward, "2026-03-05", "2026-03-09")
    assert refused.json()["errors"][0]["code"] == "overlap"
    both = await away(city, deputy, "2026-03-05", "2026-03-06", deputy_id=known["steward"])
    assert both.json()["errors"][0]["code"] == "overlap"
    await city.sql("UPDATE grants SET region = '370102' WHERE account_id = $1", known["steward2"])
    refused = await away(city, steward, "2026-04-04", "2026-04-05")
    assert refused.json()["errors"][0]["code"] == "not-a-deputy"


async def test_an_absence_ends_early_once_by_oneself_or_the_centre(city: City) -> None:
    steward, centre = await city.person("steward"), await city.person("centre")
    begun = (await away(city, steward, "2026-03-02", "2026-03-05")).json()
    assert begun["state"] == "lasts"
    path = f"/v1/absences/{begun['id']}/end"
    assert (await (await second(city)).post(path)).status_code == 404
    for who in (centre, steward):
        assert (await who.post(path)).json()["state"] == "ended"
    known = await ids_of(city)
    assert len(await city.events(f"stewards/{known['steward']}")) == 3
    noted = await away(city, centre, "2026-03-09", "2026-03-10", steward_id=known["steward"])
    assert noted.json()["state"] == "noted"


async def test_whoever_leaves_hands_everybody_over_at_once(city: City) -> None:
    case, known = await accepted(city), await ids_of(city)
    centre = await city.person("centre")
    path = f"/v1/stewards/{known['steward']}/hand-over"
    done = await centre.post(path, {"to": known["steward2"]})
    assert done.json() == {"holders": 2}
    assert await listed(await city.person("steward")) == []
    assert await listed(await second(city)) == [case.id]
    assert (await told(city, case.holder))[-1] == "您的一对一服务专员已更换,在办的申请照常跟进。"
    assert (await centre.post(path, {"to": known["steward"]})).status_code == 422
    assert (await (await second(city)).post(path, {"to": known["steward2"]})).status_code == 403


async def test_leaving_while_standing_in_leaves_nobody_alone(city: City) -> None:
    case, known = await accepted(city), await ids_of(city)
    steward, centre = await city.person("steward"), await city.person("centre")
    await away(city, steward, "2026-03-02", "2026-03-05")
    await centre.post(f"/v1/stewards/{known['steward2']}/hand-over", {"to": known["steward"]})
    assert await city.sql("SELECT 1 FROM absences WHERE ended_at IS NULL") == []
    assert await listed(steward) == [case.id]


async def assigned(city: City) -> int:
    async with city.sessions.begin() as session:
        return await handing.assign_due(session, city.now)


async def test_each_holder_of_a_place_that_has_stewards_has_one(city: City) -> None:
    await city.sql("UPDATE people SET steward_id = NULL")
    assert await assigned(city) == 1  # 张明远: the other holders' cities have none
    assert await assigned(city) == 0
    await city.sql("UPDATE grants SET region = '370000' WHERE role = 'steward'")
    assert await assigned(city) == 2
    query = "SELECT steward_id, count(*) n FROM people WHERE steward_id IS NOT NULL GROUP BY 1"
    assert sorted(row["n"] for row in await city.sql(query)) == [1, 2]


async def test_a_steward_whose_account_is_closed_leaves_no_gap(city: City) -> None:
    case, known = await accepted(city), await ids_of(city)
    await city.sql("UPDATE accounts SET disabled_at = now() WHERE id = $1", known["steward"])
    assert await assigned(city) == 1
    assert await listed(await second(city)) == [case.id]
    events = await city.sql("SELECT data FROM events WHERE type = 'hck.person.steward_set.v1'")
    assert events[0]["data"]["cause"] == "left"


async def test_a_request_handed_in_for_a_talent_says_so(city: City) -> None:
    steward, holder = await city.person("steward"), await city.person("talent", region="370100")
    cards = await city.sql("SELECT id, region FROM cards ORDER BY region")
    own, other = [next(c for c in cards if c["region"] == r) for r in ("370100", "370200")]
    body = {"offering": "HO-01", "region": "370100", "form": APARTMENT}
    made = await steward.post("/v1/requests", body | {"on_behalf_of": str(own["id"])})
    assert made.status_code == 201, made.text
    story = (await holder.get(f"/v1/requests/{made.json()['id']}/timeline")).json()["items"]
    assert (story[0]["by"], story[0]["on_behalf"]) == ("服务专员", True)
    assert story[0]["text"] == "申请已提交(服务专员代您办理)"
    for wrong in (None, str(other["id"]), str(UUID(int=1))):
        refused = await steward.post("/v1/requests", body | {"on_behalf_of": wrong})
        assert refused.json()["errors"][0]["pointer"] == "/on_behalf_of"
    assert (await holder.post("/v1/requests", body)).status_code == 201


async def test_a_steward_who_is_a_talent_too_is_on_record_as_what_they_do(city: City) -> None:
    case = await offered(city)
    steward = await city.person("steward")
    await city.sql(
        "INSERT INTO grants (id, account_id, role, region, granted_at)"
        " SELECT gen_random_uuid(), id, 'talent', '370100', now() - interval '9 years'"
        " FROM accounts WHERE login = 'steward'"
    )
    helped = Case(city, steward, case.partner, case.made)
    assert (await helped.hold("withdraw")).status_code == 200
    last = (await case.holder.get(f"{case.path}/timeline")).json()["items"][-1]
    assert (last["by"], last["text"]) == ("服务专员", "申请已撤回(服务专员代您办理)")


async def unit_of(city: City) -> tuple[Someone, str, str]:
    """A manager whose unit employs 张明远, the unit's specialist, and his card."""
    manager = await city.person("unit_manager")
    row = (await city.sql("SELECT id, unit_id FROM cards WHERE region = '370100'"))[0]
    await city.sql(
        "UPDATE grants SET organisation_id = $1 WHERE role IN ('unit_manager', 'unit_specialist')",
        row["unit_id"],
    )
    city._known.clear()
    return await city.person("unit_manager"), str(manager.entry["login"]), str(row["id"])


async def test_the_manager_names_a_holder_s_specialist_and_hands_over(city: City) -> None:
    manager, _, card = await unit_of(city)
    named = await manager.post(f"/v1/cards/{card}/specialist", {"specialist": "specialist1"})
    assert named.status_code == 200, named.text
    holder = await city.person("talent", region="370100")
    assert (await holder.get("/v1/me/carers")).json()["specialist"]["name"] == "赵雨桐"
    rows = await city.sql("SELECT id, login FROM accounts WHERE login LIKE 'specialist%'")
    leaving = str(rows[0]["id"])
    body = {"leaving": leaving, "to": "specialist1"}
    refused = await manager.post("/v1/unit/specialists/hand-over", body)
    assert refused.json()["errors"][0]["code"] == "unchanged"
    await city.sql(
        "UPDATE grants SET role = 'unit_specialist', organisation_id = (SELECT organisation_id"
        " FROM grants WHERE account_id = $1) WHERE account_id = (SELECT id FROM accounts"
        " WHERE login = 'reviewer-lixia')",
        rows[0]["id"],
    )
    done = await manager.post("/v1/unit/specialists/hand-over", body | {"to": "reviewer-lixia"})
    assert done.json() == {"holders": 1, "applications": 0}
    assert (await holder.get("/v1/me/carers")).json()["specialist"]["name"] == "周晓梅"
    assert (await city.events(f"cards/{card}"))[-2:] == ["hck.card.specialist_set.v1"] * 2


async def test_the_manager_arranges_it_on_a_page_and_whoever_left_is_still_there_to_hand_over(
    city: City,
) -> None:
    manager, _, card = await unit_of(city)
    (own,) = await city.sql("SELECT id FROM accounts WHERE login = 'specialist1'")
    assert "服务专员与移交" in (await manager.get("/unit")).text
    page = "/unit/specialists"
    wrong = await manager.post(page, data={"card_id": card, "specialist": "nobody"})
    assert wrong.status_code == 422
    assert f'value="{card}" selected' in wrong.text
    done = await manager.post(page, data={"card_id": card, "specialist": str(own["id"])})
    assert done.status_code == 303, done.text
    await city.sql(
        "UPDATE grants SET role = 'unit_specialist', organisation_id = (SELECT organisation_id"
        " FROM grants WHERE account_id = $1) WHERE account_id = (SELECT id FROM accounts"
        " WHERE login = 'reviewer-lixia')",
        own["id"],
    )
    await city.sql("DELETE FROM grants WHERE account_id = $1", own["id"])
    assert "已离任,请移交" in (await manager.get(page)).text
    both = {"leaving": str(own["id"]), "to": str(own["id"])}
    assert (await manager.post(f"{page}/hand-over", data=both)).status_code == 422
    (to,) = await city.sql("SELECT id FROM accounts WHERE login = 'reviewer-lixia'")
    moved = await manager.post(f"{page}/hand-over", data=both | {"to": str(to["id"])})
    assert moved.headers["location"] == f"{page}?holders=1&applications=0"
    after = (await manager.get(moved.headers["location"])).text
    assert "已移交 1 位人才、0 件在办的办卡申请" in after
    assert "已离任" not in after
    holder = await city.person("talent", region="370100")
    assert (await holder.get("/v1/me/carers")).json()["specialist"]["name"] == "周晓梅"
    for role in ("talent", "steward"):
        assert (await (await city.person(role)).get(page)).status_code == 403


@pytest.mark.parametrize("role", ["reviewer", "talent", "unit_specialist"])
async def test_others_arrange_nothing(city: City, role: str) -> None:
    who, known = await city.person(role), await ids_of(city)
    assert (await who.get("/v1/stewards")).status_code == 403
    assert (await away(city, who, "2026-03-04", "2026-03-05")).status_code == 403
    path = f"/v1/stewards/{known['steward']}/hand-over"
    assert (await who.post(path, {"to": known["steward2"]})).status_code == 403
