"""Stopping an offering: from a day on nobody asks for it; what is open goes on; people are told."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from service.reference.tables import BadTable
from tests.city import City
from tests.service.editing.drafts import act, centre, drafted
from tests.service.editing.test_editing import CATALOGUE, changed, load
from tests.service.requests.ask import GRANTED, accepted, body, offered

STOP: dict[str, Any] = {
    "stopped_on": "2026-04-01",
    "stop_note": "并入购房补贴,请改办。",
    "instead": "HO-02",
}
PAGE = "/offerings/HO-01"


async def stopped(city: City, **given: Any) -> httpx.Response:
    """The draft of a stop, published."""
    draft = await drafted(city, **(STOP | given))
    assert draft.status_code == 201, draft.text
    return await act(await centre(city, 2), draft, "publish")


async def asked(city: City) -> httpx.Response:
    holder = await city.person("talent", region="370100")
    return await holder.post("/v1/requests", body())


async def told(city: City, query: str, *arguments: Any) -> list[str]:
    rows = await city.sql(
        f"SELECT n.text FROM notices n WHERE n.subject = 'offerings/HO-01' AND {query}", *arguments
    )
    return [row["text"] for row in rows]


async def test_from_that_day_on_nobody_asks_for_it(city: City) -> None:
    assert (await stopped(city)).status_code == 200
    city.at("2026-03-31T10:00")
    assert (await asked(city)).status_code == 201
    city.at("2026-04-01T09:00")
    refused = await asked(city)
    assert (refused.status_code, refused.json()["reason"]) == (409, "stopped")
    assert "2026年4月1日起停办" in refused.json()["detail"]
    assert STOP["stop_note"] in refused.json()["detail"]


async def test_what_is_open_goes_on_to_its_end(city: City) -> None:
    case = await accepted(city)
    await stopped(city, stopped_on=city.now.date().isoformat())
    done = await case.act("complete", GRANTED)
    assert (done.status_code, done.json()["outcome"]) == (200, "granted")


async def test_one_that_is_sent_back_after_the_stop_finds_another(city: City) -> None:
    case = await offered(city)
    await stopped(city, stopped_on=city.now.date().isoformat())
    bounced = await case.act("bounce", {"reason": "no_capacity", "note": "本周人手不足"})
    assert bounced.status_code == 200, bounced.text
    await city.settle()
    assert await case.state() == "offered"


async def test_whose_request_is_open_and_every_partner_are_told_once(city: City) -> None:
    await accepted(city)
    await stopped(city)
    await city.settle()
    [to_holder] = await told(
        city, "account_id IN (SELECT id FROM accounts WHERE person_id IS NOT NULL)"
    )
    assert to_holder == "“人才公寓申请”自2026年4月1日起停办;您已提出的申请照常办到办结。"
    clerks = await told(city, "text LIKE '%不再有新申请%'")
    assert clerks
    assert len(await told(city, "true")) == len(clerks) + 1
    housing = await city.client("housing")
    news = (await housing.get("/v1/partner/events?limit=200")).json()["events"]
    of_stop = [each["data"] for each in news if each["type"] == "hck.offering.stopped.v1"]
    assert [(each["code"], each["stopped_on"], each["instead"]) for each in of_stop] == [
        ("HO-01", "2026-04-01", "HO-02")
    ]
    school = await city.client("education")
    others = (await school.get("/v1/partner/events?limit=200")).json()["events"]
    assert "hck.offering.stopped.v1" not in {each["type"] for each in others}


async def test_its_page_stays_and_says_since_when_and_what_instead(city: City) -> None:
    await stopped(city)
    before = (await city.nobody.get(PAGE)).text
    assert "2026年4月1日起停办" in before
    assert 'data-test="ask"' in before
    city.at("2026-04-02T09:00")
    after = (await city.nobody.get(PAGE)).text
    assert "2026年4月1日起已停办" in after
    assert STOP["stop_note"] in after
    assert 'href="/offerings/HO-02"' in after
    assert 'data-test="ask"' not in after
    listed = (await city.nobody.get("/offerings")).text
    assert 'data-test="offering-HO-01"' not in listed
    assert 'data-test="stopped-HO-01"' in listed


async def test_machines_read_it_too(city: City) -> None:
    await stopped(city)
    shown = (await city.nobody.get("/v1/offerings/HO-01")).json()
    assert {name: shown[name] for name in STOP} == STOP
    assert shown["window_open"] is True
    city.at("2026-04-01T09:00")
    assert (await city.nobody.get("/v1/offerings/HO-01")).json()["window_open"] is False
    items = (await city.nobody.get("/v1/offerings?limit=200")).json()["items"]
    assert "HO-01" not in [each["code"] for each in items]


async def test_holders_are_not_offered_it_any_more(city: City) -> None:
    await stopped(city, stopped_on=city.now.date().isoformat())
    talent = await city.person("talent", region="370100")
    assert "HO-01" not in (await talent.get("/my/requests/new")).text
    assert "停办" in (await talent.post(
        "/my/requests/new?offering=HO-01", data={"_region": "370100"}, key=None)).text  # fmt: skip
    items = (await talent.get("/v1/me/entitlements")).json()["items"]
    assert "HO-01" not in [each["offering"] for each in items]


async def test_a_stopped_benefit_is_not_given(city: City) -> None:
    await stopped_benefit(city)
    hospital = await city.client("hospital")
    points = (await hospital.get("/v1/service-points")).json()["items"]
    pack = (await hospital.get("/v1/offline-pack")).json()
    assert "ME-01" not in [each["code"] for each in pack["offerings"]]
    assert "ME-02" in [each["code"] for each in pack["offerings"]]
    talent = await city.person("talent", region="370100")
    shown = (await talent.post("/v1/me/card/presentations", key=None)).json()
    token = shown["token"] if "token" in shown else shown["tokens"][0]["token"]
    given = {"token": token, "service_point": points[0]["id"], "offering": "ME-01"}
    refused = await hospital.post("/v1/redemptions", given)
    assert (refused.status_code, refused.json()["reason"]) == (409, "stopped"), refused.text


async def stopped_benefit(city: City) -> None:
    given: dict[str, Any] = {
        "stopped_on": city.now.date().isoformat(),
        "stop_note": "改由医院直接安排。",
    }
    draft = await drafted(city, code="ME-01", **given)
    assert draft.status_code == 201, draft.text
    await act(await centre(city, 2), draft, "publish")


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"stopped_on": "2026-03-01"}, "/content/stopped_on"),
        ({"stop_note": None}, "/content/stop_note"),
        ({"stopped_on": None}, "/content/stopped_on"),
        ({"instead": "HO-01"}, "/content/instead"),
        ({"instead": "HO-99"}, "/content/instead"),
    ],
)
async def test_a_stop_that_says_too_little_is_refused(
    city: City, given: dict[str, Any], pointer: str
) -> None:
    refused = await drafted(city, **(STOP | given))
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]


async def test_it_is_not_replaced_by_one_that_stops_as_well(city: City) -> None:
    await stopped(city, instead=None)
    refused = await drafted(city, code="HO-02", **(STOP | {"instead": "HO-01"}))
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/content/instead"]


async def test_the_dry_run_says_what_stopping_does(city: City) -> None:
    await accepted(city)
    draft = await drafted(city, **STOP)
    run = (
        await (await centre(city)).get(f"/v1/offering-drafts/{draft.json()['id']}/dry-run")
    ).json()
    assert run["open_requests"] == {"1": 1}
    assert any("2026年4月1日起停办" in said for said in run["warnings"])


async def test_a_stop_is_taken_back_in_the_same_way(city: City) -> None:
    await accepted(city)
    await stopped(city, stopped_on=city.now.date().isoformat())
    city.pass_time(timedelta(hours=1))
    none: dict[str, Any] = dict.fromkeys(STOP)
    done = await act(await centre(city, 2), await drafted(city, **none), "publish")
    assert done.status_code == 200
    assert await city.events("offerings/HO-01") == [
        *["hck.offering.stopped.v1"] * (1 + await partners(city)),
        *["hck.offering.resumed.v1"] * (1 + await partners(city)),
    ]
    assert (await asked(city)).status_code == 201


async def partners(city: City) -> int:
    query = "SELECT count(DISTINCT partner_id) AS n FROM routes WHERE offering = 'HO-01'"
    return int((await city.sql(query))[0]["n"])


async def test_an_edit_of_something_else_tells_nobody_of_a_stop(city: City) -> None:
    await act(await centre(city, 2), await drafted(city, complete_wd=10), "publish")
    assert await city.events("offerings/HO-01") == []


async def test_a_table_does_not_undo_a_stop(city: City) -> None:
    await stopped(city)
    city.pass_time(timedelta(minutes=1))
    await load(city, changed("HO-01", complete_wd="15"))
    shown = (await city.nobody.get("/v1/offerings/HO-01")).json()
    assert (shown["version"], shown["complete_wd"]) == (3, 15), "a changed row is heard"
    assert shown["stopped_on"] == STOP["stopped_on"], "and says nothing of stopping"


async def test_a_row_may_go_once_the_offering_has_stopped(city: City) -> None:
    without = "".join(
        line for line in CATALOGUE.read_text().splitlines(True) if not line.startswith("HO-01\t")
    )
    await stopped(city)
    with pytest.raises(BadTable) as refused:
        await load(city, without)
    assert "缺少在办事项 HO-01" in refused.value.detail
    city.at("2026-04-01T09:00")
    await load(city, without)
    city.pass_time(timedelta(minutes=1))
    await load(city, CATALOGUE.read_text())
    shown = (await city.nobody.get("/v1/offerings/HO-01")).json()
    assert (shown["version"], shown["stopped_on"]) == (2, STOP["stopped_on"])


async def test_the_page_stops_one(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    assert 'data-test="stop-form"' in (await first.get("/centre/offerings/HO-01")).text
    path = "/centre/offerings/HO-01/stop"
    empty = await first.post(path, data={"why": "并入补贴"}, key=None)
    assert (empty.status_code, "请填写停办日期" in empty.text) == (422, True)
    wrong = await first.post(path, data={"stopped_on": "2026-04-01", "why": "并入补贴"}, key=None)
    assert (wrong.status_code, "请写明停办后怎么办" in wrong.text) == (422, True)
    assert 'value="2026-04-01"' in wrong.text, "what was typed stays"
    done = await first.post(path, data=STOP | {"why": "并入补贴"}, key=None)
    assert done.status_code == 303, done.text
    draft = done.headers["location"]
    assert "2026年4月1日起停办" in (await second.get(draft)).text
    await second.post(draft, data={"_revision": "1", "do": "publish"}, key=None)
    assert 'data-test="stopped"' in (await second.get("/centre/offerings/HO-01")).text
    assert date.fromisoformat("2026-04-01") > city.now.date()
    assert "将停办" in (await second.get("/centre/offerings")).text
