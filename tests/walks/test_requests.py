"""A request from first to last, as its holder and the bureaus live it."""

from datetime import datetime

from tests.city import City
from tests.service.requests.ask import GRANTED, Case, body


async def test_an_apartment_is_bounced_accepted_corrected_publicised_and_granted(
    city: City,
) -> None:
    holder = await city.person("talent", region="370100")
    made = await holder.post("/v1/requests", body(region="370102"))
    assert made.status_code == 201
    await city.settle()

    lixia = Case(city, holder, await city.client("housing_lixia"), made.json())
    assert (await lixia.partner.get(lixia.desk)).json()["state"] == "offered"
    bounced = await lixia.act("bounce", {"reason": "no_capacity", "note": "本批次已满"})
    assert bounced.json()["state"] == "routing"
    await city.settle()
    assert (await lixia.partner.get(lixia.desk)).status_code == 404

    jinan = Case(city, holder, await city.client("housing"), made.json())
    answer = await jinan.act("accept")
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
    again = await jinan.partner.post(f"{jinan.desk}/accept", etag=answer.headers["ETag"])
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")

    await jinan.act("ask", {"items": ["劳动合同末页"]})
    assert (await jinan.hold("answers", {"note": "合同已补传"})).json()["state"] == "accepted"

    begun = await jinan.act("publicity", {"from": "2026-03-02", "to": "2026-03-04"})
    assert begun.json()["state"] == "in_publicity"
    city.at("2026-03-05T00:01")
    await city.sweep()
    jinan.partner = await city.client("housing")
    assert (await jinan.partner.get(jinan.desk)).json()["state"] == "accepted"

    done = await jinan.act("complete", GRANTED)
    assert done.json()["outcome"] == "granted"
    await city.settle()

    holder = await city.person("talent", region="370100")
    seen = (await holder.get(jinan.path)).json()
    assert (seen["state"], seen["in_time"]) == ("completed", True)
    assert seen["result"] == {"summary": "已配租人才公寓一套"}
    happened = [name for name in await jinan.events() if name.startswith("request.")]
    assert happened == [
        "request.submitted",
        "request.offered",
        "request.bounced",
        "request.offered",
        "request.accepted",
        "request.correction_asked",
        "request.correction_answered",
        "request.publicity_began",
        "request.publicity_ended",
        "request.completed",
    ]
    story = (await holder.get(f"{jinan.path}/timeline")).json()["items"]
    assert story[-1]["text"] == "已办结:予以办理"
    assert "济南市历下区住房和城乡建设局未能承接" in story[2]["text"]


async def test_an_offer_that_nobody_answers_goes_on_by_itself_and_ends_in_a_ruling(
    city: City,
) -> None:
    holder = await city.person("talent", region="370100")
    made = await holder.post("/v1/requests", body(region="370102"))
    await city.settle()
    for _ in range(3):
        (clock,) = await city.sql(
            "SELECT due_at FROM clocks WHERE leg = 'acceptance' AND stopped_at IS NULL"
        )
        due_at: datetime = clock["due_at"]
        city.at(due_at)
        await city.sweep()
    case = Case(city, holder, holder, made.json())
    assert await case.state() == "in_ruling"
    happened = [name for name in await case.events() if name.startswith("request.")]
    assert happened == [
        "request.submitted",
        *["request.offered", "request.withdrawn_offer"] * 3,
        "request.ruled",
    ]


async def test_a_correction_that_is_not_answered_in_five_working_days_ends_the_request(
    city: City,
) -> None:
    holder = await city.person("talent", region="370100")
    made = await holder.post("/v1/requests", body())
    await city.settle()
    case = Case(city, holder, await city.client("housing"), made.json())
    await case.act("accept")
    await case.act("ask", {"items": ["无房证明"]})
    city.at("2026-03-09T23:59")
    await city.sweep()
    assert await case.state() == "awaiting_correction"
    city.at("2026-03-10T00:00")
    await city.sweep()
    assert await case.state() == "expired"
