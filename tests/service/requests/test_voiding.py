"""A breach stays a fact; 专家中心 may void it by two people, and figures show both (time.md E3)."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.satisfaction import recounting
from tests.city import City, Someone
from tests.service.requests.ask import GRANTED, Case, accepted

WHY = {"reason": "system-fault", "note": "当日系统停机"}


async def centre(city: City, number: int = 1) -> Someone:
    return await city.person("centre", login=f"centre{number}")


async def late(city: City) -> Case:
    """A request whose handling and promise have run out."""
    case = await accepted(city)
    city.at("2026-04-08 10:00")
    await city.sweep()
    case.holder = await city.person("talent", region="370100")
    case.partner = await city.client("housing")
    return case


async def clock_of(city: City, case: Case, leg: str) -> UUID:
    [row] = await city.sql("SELECT id FROM clocks WHERE request_id = $1 AND leg = $2", case.id, leg)
    found: UUID = row["id"]
    return found


async def voided(city: City, case: Case, leg: str = "promise") -> dict[str, Any]:
    clock_id = await clock_of(city, case, leg)
    asked = await (await centre(city)).post(f"/v1/centre/breaches/{clock_id}/void", WHY)
    assert asked.status_code == 201, asked.text
    path = f"/v1/centre/breach-voids/{asked.json()['id']}"
    done = await (await centre(city, 2)).post(path, {"decision": "void"})
    assert done.status_code == 200, done.text
    await city.settle()
    found: dict[str, Any] = done.json()
    return found


async def sla(city: City) -> dict[str, Any]:
    await city.settle()
    found: dict[str, Any] = (await (await centre(city)).get("/v1/centre/sla?by=offering")).json()[
        "total"
    ]
    async with city.sessions() as session:
        assert await recounting.differences(session) == {}
    return found


async def test_e3_it_takes_a_reason_and_a_second_person(city: City) -> None:
    case, first = await late(city), await centre(city)
    clock_id = await clock_of(city, case, "handling")
    path = f"/v1/centre/breaches/{clock_id}/void"
    assert (await first.post(path, WHY | {"reason": "because"})).status_code == 422
    asked = await first.post(path, WHY)
    assert (asked.status_code, asked.json()["allowed"]) == (201, [])
    again = await first.post(path, WHY)
    assert (again.status_code, again.json()["code"]) == (409, "void-asked")
    one = f"/v1/centre/breach-voids/{asked.json()['id']}"
    own = await first.post(one, {"decision": "void"})
    assert (own.status_code, own.json()["code"]) == (409, "wrong-state")
    done = await (await centre(city, 2)).post(one, {"decision": "void"})
    assert (done.json()["state"], done.json()["decided_by"]) == ("void", "沈浩然")
    twice = await (await centre(city, 2)).post(one, {"decision": "uphold"})
    assert twice.status_code == 409
    owner = await asyncpg.connect(city.settings.database_owner_url)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE breach_voids SET decided_by = asked_by")
    await owner.close()


async def test_e3_the_fact_stays_and_the_deadline_says_both(city: City) -> None:
    case = await late(city)
    await voided(city, case)
    found = (await case.holder.get(f"{case.path}/deadline")).json()["promise"]
    assert found["breached_at"] == "2026-04-02T00:00:00+08:00"
    assert found["breach_voided_at"] == "2026-04-08T10:00:00+08:00"
    assert "deadline.breached" in await case.events()
    story = (await case.holder.get(f"{case.path}/timeline")).json()["items"]
    assert any("作废(系统故障)" in each["text"] for each in story)


async def test_e3_figures_show_both_where_it_is_completed_afterwards(city: City) -> None:
    case = await late(city)
    await voided(city, case)
    await case.act("complete", GRANTED)
    found = await sla(city)
    assert (found["breached_promise"], found["void_promise"]) == (1, 1)
    assert (found["completed"], found["completed_in_time"], found["completed_excused"]) == (1, 0, 1)
    assert (found["on_time"]["value"], found["on_time_excused"]["value"]) == (0.0, 1.0)


async def test_e3_figures_show_both_where_it_was_completed_before(city: City) -> None:
    case = await late(city)
    await case.act("complete", GRANTED)
    assert (await sla(city))["completed_excused"] == 0
    await voided(city, case)
    await voided(city, case, "handling")
    found = await sla(city)
    assert (found["completed_in_time"], found["completed_excused"]) == (0, 1)
    assert (found["void_promise"], found["void_handling"]) == (1, 1)


async def test_one_that_is_upheld_counts_on_and_may_be_asked_again(city: City) -> None:
    case, first, second = await late(city), await centre(city), await centre(city, 2)
    path = f"/v1/centre/breaches/{await clock_of(city, case, 'promise')}/void"
    asked = await first.post(path, WHY)
    one = f"/v1/centre/breach-voids/{asked.json()['id']}"
    assert (await second.post(one, {"decision": "uphold"})).json()["state"] == "upheld"
    assert (await sla(city))["void_promise"] == 0
    assert (await second.post(path, WHY)).status_code == 201


async def test_what_did_not_breach_and_who_is_not_the_centre(city: City) -> None:
    case = await accepted(city)
    path = f"/v1/centre/breaches/{await clock_of(city, case, 'handling')}/void"
    assert (await (await centre(city)).post(path, WHY)).status_code == 404
    for role in ("steward", "auditor", "reviewer"):
        assert (await (await city.person(role)).post(path, WHY)).status_code == 403
    assert (await (await centre(city)).get("/v1/centre/breaches")).json() == {"items": []}


async def test_the_page_asks_and_decides(city: City) -> None:
    case, first, second = await late(city), await centre(city), await centre(city, 2)
    shown = await first.get("/centre/breaches")
    assert shown.text.count('data-test="breach"') == 2
    form = {"clock_id": str(await clock_of(city, case, "promise")), "reason": "calendar"}
    refused = await first.send("POST", "/centre/breaches", data=form | {"note": "短"})
    assert (refused.status_code, "请写明情况" in refused.text) == (422, True)
    await first.send("POST", "/centre/breaches", data=form | {"note": "日历事后调整"})
    assert 'data-test="second-person"' in (await first.get("/centre/breaches")).text
    [row] = await city.sql("SELECT id FROM breach_voids")
    answer = await second.send(
        "POST", "/centre/breaches", data={"void_id": str(row["id"]), "do": "void"}
    )
    assert answer.status_code == 303
    assert 'data-test="decided"' in (await second.get("/centre/breaches")).text
