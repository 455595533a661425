"""The whole chain over HTTP alone, on real processes and both brokers: from the first line of an
application to the figures of the centre, and a request that its partner completes by itself."""

import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pika
import pytest

from tests.city import Someone
from tests.service.talents.apply import CHEN, PDF, WAYS
from tests.walks.running import RABBITMQ, Product, Town, until

PASS = {"decision": "pass", "opinion": "同意"}
FIGURES_SECONDS = 5
HANDLING_DAYS = 20
QUEUES = ("routing", "notices", "facts")
APARTMENT: dict[str, Any] = {
    "family_size": 3,
    "move_in_on": f"{datetime.now(UTC).year + 1}-05-01",
    "has_local_home": False,
    "contact_phone": "13800000000",
}
GOOD = {"grade": 5, "tags": ["510"]}
BAD = {"grade": 2, "tags": ["209"], "comment": "说好十天,等了二十天"}


@pytest.fixture
async def town(lively: Product) -> AsyncIterator[Town]:
    """The people of a product whose simulated partners work beside them."""
    async with lively.town() as town:
        yield town


async def test_from_an_application_to_the_figures(town: Town) -> None:
    talent = await town.person("talent4")
    assert (await talent.get("/v1/me/card")).status_code == 404
    application = await applied(talent)
    await passed_by_everybody(town, application)
    card = (await talent.get("/v1/me/card")).json()
    assert (card["tier"], card["state"]) == ("C", "active")

    await checked_up_once(town, talent)
    await waited_for_at_the_airport(town, talent)

    centre = await town.person("centre1")
    assert await figures(centre) == (None, 0)
    request = await asked(talent, region="370102")
    await dated_with_its_days(talent, request)
    await served(await town.machine("housing_lixia"), talent, request)
    await rated(talent, request, GOOD)
    await figures_become(centre, (1.0, 1))

    other = await town.person("talent2")
    request = await asked(other, region="370200")
    await granted(await town.machine("window"), request)
    await rated(other, request, BAD)
    await figures_become(centre, (0.5, 2))
    (case,) = (await centre.get("/v1/centre/bad-ratings")).json()["items"]
    assert (case["comment"], case["state"]) == (BAD["comment"], "open")


async def test_a_simulated_partner_completes_a_request_by_itself(town: Town) -> None:
    talent = await town.person("talent1")
    request = await asked(talent, region="370100")
    seen = await became(talent, request, "completed")
    assert (seen["partner"]["name"], seen["outcome"]) == ("济南市住房和城乡建设局", "granted")
    assert seen["in_time"] is True


@pytest.mark.parametrize("broker_url", [RABBITMQ], indirect=True)
def test_the_work_goes_through_the_broker_that_was_named(lively: Product, broker_url: str) -> None:
    with closing(pika.BlockingConnection(pika.URLParameters(broker_url))) as connection:
        for queue in QUEUES:
            found = connection.channel().queue_declare(queue, passive=True)
            assert found.method.consumer_count >= 1


async def applied(talent: Someone) -> str:
    """An application of category 5 with a paper, handed in; returns its path."""
    sent = await talent.post("/v1/files", files={"file": ("业绩.pdf", PDF, "application/pdf")})
    content = {
        "category": 5,
        "unit_uscc": talent.entry["unit_uscc"],
        "person": CHEN,
        "contract_until": f"{datetime.now(UTC).year + 3}-06-30",
        "evidence": [
            {"kind": "学历证明", "note": "博士"},
            {"kind": "业绩材料", "file_id": made(sent)["id"]},
        ],
    }
    path = f"{WAYS}/{made(await talent.post(WAYS, content))['id']}"
    assert (await act(talent, path, "submit"))["step"] == "unit_assign"
    return path


async def passed_by_everybody(town: Town, path: str) -> None:
    """The unit, three windows and the office; the last pass issues the card."""
    manager, specialist = await town.person("manager1"), await town.person("specialist1")
    assigned = await act(manager, path, "assign", {"specialist": "specialist1"})
    assert assigned["step"] == "unit_complete"
    assert (await act(specialist, path, "submit"))["step"] == "unit_endorse"
    for login, step in (
        ("manager1", "county_review"),
        ("reviewer-lixia", "city_review"),
        ("reviewer-jinan", "province_review"),
        ("reviewer-shandong", "office_consent"),
        ("office", "issued"),
    ):
        assert (await act(await town.person(login), path, "decisions", PASS))["step"] == step


async def checked_up_once(town: Town, talent: Someone) -> None:
    """The hospital sees green and gives the check-up; the same code is worth nothing then."""
    hospital = await town.machine("hospital")
    shown = await token(talent)
    seen = await verified(hospital, shown)
    assert (seen["result"], seen["holder"]) == ("valid", {"masked_name": "陈*", "tier": "C"})
    given = await redeemed(hospital, shown, "ME-02")
    assert made(given)["left"] == 0
    again = await redeemed(hospital, shown, "ME-02")
    assert (again.status_code, again.json()["code"]) == (409, "token-replayed")


async def waited_for_at_the_airport(town: Town, talent: Someone) -> None:
    """A fresh code opens the lounge for two."""
    airport = await town.machine("airport")
    shown = await token(talent)
    assert (await verified(airport, shown))["result"] == "valid"
    given = await redeemed(airport, shown, "TR-01", companions=1)
    assert made(given)["left"] == 11


async def token(talent: Someone) -> str:
    shown = await talent.post("/v1/me/card/presentations", key=None)
    return str(made(shown)["token"])


async def point_of(counter: Someone) -> str:
    return str((await counter.get("/v1/service-points")).json()["items"][0]["id"])


async def verified(counter: Someone, shown: str) -> dict[str, Any]:
    body = {"token": shown, "service_point": await point_of(counter)}
    return made(await counter.post("/v1/verifications", body, key=None))


async def redeemed(counter: Someone, shown: str, offering: str, **more: Any) -> httpx.Response:
    body = {"token": shown, "offering": offering, "service_point": await point_of(counter)} | more
    return await counter.post("/v1/redemptions", body)


async def asked(talent: Someone, *, region: str) -> str:
    """An apartment asked for; returns the request's id."""
    body = {
        "offering": "HO-01",
        "region": region,
        "form": {**APARTMENT, "preferred_district": "370102"},
    }
    return str(made(await talent.post("/v1/requests", body))["id"])


async def dated_with_its_days(talent: Someone, request: str) -> None:
    """Its deadline is the end of the last of the working days that it lists, one by one."""
    found = (await talent.get(f"/v1/requests/{request}/deadline")).json()
    days = [day for day in found["explanation"] if day["counted"]][-HANDLING_DAYS:]
    assert [day["number"] for day in days] == list(range(1, HANDLING_DAYS + 1))
    assert {day["kind"] for day in days} <= {"workday", "makeup"}
    end = date.fromisoformat(days[-1]["date"]) + timedelta(days=1)
    assert found["promise"]["due_at"] == f"{end}T00:00:00+08:00"


async def served(partner: Someone, talent: Someone, request: str) -> None:
    """Heard of in the partner's feed, accepted, asked back, answered, granted."""
    queue = f"/v1/partner/requests/{request}"
    await heard_of(partner, request)
    assert (await act(partner, queue, "accept"))["state"] == "accepted"
    await act(partner, queue, "ask", {"items": ["劳动合同末页"]})
    waits = (await talent.get(f"/v1/requests/{request}")).json()
    assert (waits["state"], waits["correction"]["items"]) == (
        "awaiting_correction", ["劳动合同末页"],
    )  # fmt: skip
    answered = await act(talent, f"/v1/requests/{request}", "answers", {"note": "合同已补传"})
    assert answered["state"] == "accepted"
    await completed(partner, talent, request)


async def granted(partner: Someone, request: str) -> None:
    """Heard of, accepted, granted."""
    await heard_of(partner, request)
    await act(partner, f"/v1/partner/requests/{request}", "accept")
    await completed(partner, None, request)


async def heard_of(partner: Someone, request: str) -> None:
    """The feed tells the partner, and nothing but ids."""

    async def told() -> bool | None:
        feed = (await partner.get("/v1/partner/events", params={"wait": 5})).json()
        return any(each["subject"] == f"requests/{request}" for each in feed["events"]) or None

    await until(told)


async def completed(partner: Someone, talent: Someone | None, request: str) -> None:
    body = {"outcome": "granted", "result": {"summary": "已配租人才公寓一套"}}
    done = await act(partner, f"/v1/partner/requests/{request}", "complete", body)
    assert (done["state"], done["outcome"]) == ("completed", "granted")
    if talent is not None:
        story = (await talent.get(f"/v1/requests/{request}/timeline")).json()["items"]
        assert story[-1]["text"] == "已办结:予以办理"


async def became(talent: Someone, request: str, state: str) -> dict[str, Any]:
    """The request once it has come to a state without the talent's doing."""

    async def look() -> dict[str, Any] | None:
        seen = (await talent.get(f"/v1/requests/{request}")).json()
        return dict(seen) if seen["state"] == state else None

    return await until(look, seconds=40)


async def rated(talent: Someone, request: str, body: dict[str, Any]) -> None:
    made(await talent.post(f"/v1/requests/{request}/rating", body))


async def figures(centre: Someone) -> tuple[float | None, int]:
    """好评率 on the overview, and over how many."""
    rate = (await centre.get("/v1/centre/overview")).json()["satisfaction"]["good_rate"]
    return rate["value"], rate["n"]


async def figures_become(centre: Someone, wanted: tuple[float, int]) -> None:
    """They are so within five seconds of the rating (api.md 6.5)."""
    begun = time.monotonic()

    async def look() -> bool | None:
        return (await figures(centre)) == wanted or None

    await until(look, seconds=FIGURES_SECONDS)
    assert time.monotonic() - begun <= FIGURES_SECONDS


async def act(who: Someone, path: str, name: str, body: Any = None) -> dict[str, Any]:
    """Somebody acts on what they see now."""
    seen = await who.get(path)
    assert seen.status_code == 200, seen.text
    return made(await who.post(f"{path}/{name}", body, etag=seen.headers["ETag"]))


def made(answer: httpx.Response) -> dict[str, Any]:
    """What a call that went well answered."""
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())
