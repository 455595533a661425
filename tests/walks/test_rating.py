"""From a completed request to the centre's overview, and what follows from a bad rating."""

from datetime import timedelta
from typing import Any

from service.satisfaction import recounting
from tests.city import City, Someone
from tests.service.requests.ask import GRANTED, Case, accepted

BAD = {"grade": 2, "tags": ["209"], "comment": "说好十天,等了二十天"}


async def completed(city: City) -> Case:
    """An apartment that the housing bureau has granted."""
    case = await accepted(city)
    answer = await case.act("complete", GRANTED)
    assert answer.status_code == 200, answer.text
    await city.settle()
    return case


async def rate(city: City, case: Case, body: dict[str, Any]) -> None:
    holder = await city.person("talent", region="370100")
    answer = await holder.post(f"{case.path}/rating", body)
    assert answer.status_code == 201, answer.text
    await city.settle()


async def overview(city: City) -> dict[str, Any]:
    centre = await city.person("centre")
    return dict((await centre.get("/v1/centre/overview")).json())


async def notices(who: Someone) -> list[str]:
    found = (await who.get("/v1/me/notices", params={"limit": 200})).json()["items"]
    return [each["text"] for each in found]


async def test_a_good_rating_reaches_the_overview(city: City) -> None:
    case = await completed(city)
    holder = await city.person("talent", region="370100")
    assert "您的“人才公寓申请”申请已办结,欢迎评价。" in await notices(holder)
    before = await overview(city)
    assert (before["funnel"]["completed"], before["satisfaction"]["good_rate"]["n"]) == (1, 0)
    await rate(city, case, {"grade": 5, "tags": ["510"]})
    after = await overview(city)
    assert after["satisfaction"]["good_rate"] == {
        "value": 1.0, "n": 1, "low": 0.2065, "high": 1.0, "suppressed": False,
    }  # fmt: skip
    assert after["satisfaction"]["satisfaction"]["value"] == 1.0
    assert (after["on_time"]["value"], after["funnel"]["rated"]) == (1.0, 1)
    assert after["risk"]["bad_ratings_uncalled"] == 0


async def test_a_bad_rating_is_called_back_mended_and_accepted(city: City) -> None:
    case = await completed(city)
    await rate(city, case, BAD)
    centre = await city.person("centre")
    assert "收到一条“人才公寓申请”差评,请按时回访。" in await notices(centre)
    (found,) = (await centre.get("/v1/centre/bad-ratings")).json()["items"]
    path = f"/v1/centre/bad-ratings/{found['id']}"

    seen = await centre.get(path)
    assert seen.json()["rater"]["name"] == "张明远"
    said = {"verdict": "substantiated", "note": "确实超期,已致歉"}
    await centre.post(f"{path}/call-back", said, etag=seen.headers["ETag"])
    await city.settle()

    city.pass_time(timedelta(days=1))
    bureau = await city.client("housing")
    task = await bureau.get(path)
    assert (task.json()["allowed"], task.json()["rater"]) == (["rectify", "appeal"], None)
    mended = {"plan": "增设专人复核时限", "proof": "新排班表"}
    done = await bureau.post(f"{path}/rectify", mended, etag=task.headers["ETag"])
    assert done.json()["state"] == "rectified"

    centre = await city.person("centre")
    ended = await centre.post(f"{path}/rule", {"ruling": "accept"}, etag=done.headers["ETag"])
    assert ended.json()["state"] == "closed"
    await city.settle()
    holder = await city.person("talent", region="370100")
    assert "您反映的“人才公寓申请”问题已整改并经核实,请再评一次(追评)。" in await notices(holder)
    after = await overview(city)
    assert after["called_back_rate"]["value"] == after["rectified_in_time_rate"]["value"] == 1.0


async def test_what_nobody_rates_is_a_default_rating_after_thirty_days(city: City) -> None:
    await completed(city)
    city.pass_time(timedelta(days=31))
    await city.sweep()
    found = (await overview(city))["satisfaction"]
    assert (found["good_rate"]["value"], found["defaults"]) == (None, 1)
    assert (found["active_rate"]["value"], found["active_rate"]["n"]) == (0.0, 1)


async def test_after_all_of_it_the_counts_are_those_of_a_recount(city: City) -> None:
    for body in (BAD, {"grade": 4}):
        await rate(city, await completed(city), body)
    city.pass_time(timedelta(days=40))
    await city.sweep()
    async with city.sessions() as session:
        assert await recounting.differences(session) == {}
