"""Objections while the list is shown: who may, once ruled, and what an upheld one changes."""

from typing import Any
from uuid import UUID

import pytest

from service.requests import conservation
from service.requests.batches import commands
from service.requests.batches.ranking import NotReady
from tests.city import City
from tests.service.requests.batches.season import (
    MANY,
    SINCE,
    Season,
    Wanting,
    opened,
    queueing,
    wanting,
)


async def shown(city: City, *categories: int, **given: Any) -> tuple[Season, list[Wanting]]:
    """A batch whose list is shown until Wednesday 24:00."""
    season = await opened(city, **given)
    found = await queueing(city, season, *categories)
    await season.at("2026-03-06T17:00")
    city.at("2026-03-09T10:00")
    return season, found


async def objects(who: Wanting, words: str, about: str | None = None) -> Any:
    body = {"words": words} | ({"about": about} if about else {})
    me = await who.who()
    return await me.post(f"/v1/requests/{who.request}/place/objections", body)


async def ruled(season: Season, n: int, **ruling: Any) -> Any:
    objection = (await season.seen())["objections"][n]
    return await season.post(f"objections/{objection['id']}/ruling", ruling)


async def checked(city: City, season: Season) -> str:
    """The last line of `batches check`."""
    async with city.sessions.begin() as session:
        lines = await commands.run(session, ["check", season.id], city.now)
    assert lines is not None
    return lines[-1]


async def test_an_upheld_objection_puts_a_fact_right_and_the_list_is_shown_again(
    city: City,
) -> None:
    season, (first, second, third) = await shown(city, 3, 3, 3, rule=[MANY], places=1)
    assert (await objects(third, "家中有五口人,登记成了三口")).status_code == 201
    told = {"ruling": "upheld", "reason": "户口簿为五口人", "facts": {"family_size": 5}}
    answer = await ruled(season, 0, **told)
    assert answer.status_code == 200, answer.text
    assert (await season.seen())["round"] == 1
    assert (await third.place())["objections"][0]["answer"] == "户口簿为五口人"

    await season.at("2026-03-12T00:00")
    seen = await season.seen()
    assert (seen["state"], seen["round"], seen["shown_until"]) == (
        "shown", 2, "2026-03-18T00:00:00+08:00",
    )  # fmt: skip
    assert (await season.order())[0] == third.request
    assert seen["lines"][0]["facts"][0]["fact"] == 5
    assert "逐位相符" in await checked(city, season)
    assert (await third.get())["state"] == "in_publicity"
    assert (await third.get())["form"]["family_size"] == 3

    await season.at("2026-03-18T00:00")
    assert await season.states(first, second, third) == ["listed", "listed", "offered"]
    async with city.sessions() as session:
        assert [fault async for fault in conservation.check_all(session, city.now)] == []


async def test_who_does_not_belong_on_the_list_is_taken_off_and_goes_on_alone(city: City) -> None:
    season, (first, second) = await shown(city, 1, 2, places=1)
    about = (await first.place())["entry_id"]
    assert (await objects(second, "前一位在本市有住房", about)).status_code == 201
    told = {"ruling": "upheld", "reason": "经查有自有住房", "exclude": True}
    assert (await ruled(season, 0, **told)).status_code == 200
    await season.at("2026-03-12T00:00")
    assert await season.order() == [second.request]
    assert (await first.place())["state"] == "left"
    assert "逐位相符" in await checked(city, season)
    # Its time runs again, and the agency says why not.
    view = await first.get()
    assert (view["state"], view["deadline"] is not None) == ("accepted", True)
    no = {"outcome": "declined", "reason": "在本市有自有住房"}
    assert (await season.acts(first, "complete", no)).status_code == 200
    await season.at("2026-03-18T00:00")
    assert (await second.place())["state"] == "offered"


async def test_a_rejected_one_changes_nothing_and_holds_nothing_up(city: City) -> None:
    season, (first, second) = await shown(city, 1, 2)
    await objects(second, "排序有误,请核对")
    answer = await ruled(season, 0, ruling="rejected", reason="经核对排序无误")
    assert answer.status_code == 200
    await season.at("2026-03-12T00:00")
    assert (await season.seen())["round"] == 1
    assert await season.states(first, second) == ["offered", "offered"]


async def test_while_one_waits_for_its_ruling_no_place_is_offered_and_the_agency_s_time_runs(
    city: City,
) -> None:
    season, (first, second) = await shown(city, 1, 2)
    await objects(second, "排序有误,请核对")
    await season.at("2026-03-13T10:00")
    assert await season.states(first, second) == ["listed", "listed"]
    why = await first.get("/deadline")
    assert why["promise"]["state"] == "running"
    assert (await ruled(season, 0, ruling="rejected", reason="经核对无误")).status_code == 200
    await city.sweep()
    assert await season.states(first, second) == ["offered", "offered"]


async def test_it_is_ruled_on_once_and_only_with_what_the_rule_reads(city: City) -> None:
    season, (first, second) = await shown(city, 1, 2, rule=[{"key": "tier"}, SINCE, MANY])
    await objects(second, "排序有误,请核对")
    wrong: list[dict[str, Any]] = [
        {}, {"facts": {"income": 3}}, {"facts": {"family_size": "many"}},
        {"facts": {"tier": 1}, "exclude": True}, {"exclude": True, "entry_id": first.request},
    ]  # fmt: skip
    for more in wrong:
        answer = await ruled(season, 0, ruling="upheld", reason="属实属实属实", **more)
        assert answer.status_code == 422, (more, answer.text)
    right = {"ruling": "upheld", "reason": "更早进入轮候", "facts": {"waiting_since": "2026-02-01"}}
    assert (await ruled(season, 0, **right)).status_code == 200
    again = await ruled(season, 0, ruling="rejected", reason="不属实不属实")
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")


async def test_only_who_is_on_the_list_objects_and_only_while_it_is_shown(city: City) -> None:
    season, (first, second) = await shown(city, 1, 2)
    stranger = await wanting(city)
    stranger.request = first.request
    assert (await objects(stranger, "我也想要一套房")).status_code == 404
    assert (await objects(first, "短")).status_code == 422
    assert (await objects(first, "这一位有误", first.request)).status_code == 422
    for _ in range(3):
        assert (await objects(second, "排序有误,请核对")).status_code == 201
    full = await objects(second, "排序有误,请核对")
    assert full.json()["code"] == "too-many-objections"
    other = await city.client("education")
    objection = (await season.seen())["objections"][0]["id"]
    path = f"{season.path}/objections/{objection}/ruling"
    assert (await other.post(path, {"ruling": "rejected", "reason": "不属实"})).status_code in (
        404, 422,
    )  # fmt: skip
    city.at("2026-03-12T00:00")
    late = await objects(first, "排序有误,请核对")
    assert late.json()["code"] == "wrong-state"


async def test_words_of_an_objection_are_sealed_and_stay_out_of_the_log(city: City) -> None:
    season, (first, _) = await shown(city, 1, 2)
    await objects(first, "邻居家实际有两套住房")
    (row,) = await city.sql("SELECT words FROM batch_objections")
    assert "邻居".encode() not in row["words"]
    said = await city.sql("SELECT data::text AS data FROM events WHERE subject LIKE 'batches/%'")
    assert all("邻居" not in each["data"] for each in said)
    public = await city.nobody.get(season.public)
    assert "邻居" not in public.text


async def test_a_list_that_was_bent_does_not_pass_the_check(city: City) -> None:
    season, _ = await shown(city, 1, 2, 3)
    assert "逐位相符" in await checked(city, season)
    await city.pool.execute(
        "UPDATE batch_entries SET rank = 4 - rank WHERE batch_id = $1", UUID(season.id)
    )
    assert await checked(city, season) == "✗ 2 处不符。"
    await city.pool.execute("UPDATE batches SET commitment = repeat('0', 64)")
    assert await checked(city, season) == "✗ 3 处不符。"


async def test_the_command_lists_and_ranks_once_and_knows_its_words(city: City) -> None:
    season = await opened(city)
    await queueing(city, season, 1)

    async def said(*words: str) -> list[str] | None:
        async with city.sessions.begin() as session:
            return await commands.run(session, words, city.now)

    assert (await said("list") or [""])[0].startswith(f"{season.id} 受理中 2 个名额")
    assert "尚未排序" in (await said("check", season.id) or [""])[0]
    with pytest.raises(NotReady):
        await said("rank", season.id)
    city.at("2026-03-06T18:00")
    assert "已排序" in (await said("rank", season.id) or [""])[0]
    assert "不再重排" in (await said("rank", season.id) or [""])[0]
    assert await said("rank", "soon") is None
