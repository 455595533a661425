"""School places in summer: a quota for each class, whoever is left is told in time."""

from typing import Any

from service.auth import keys
from service.requests import conservation
from tests.city import City
from tests.service.requests.batches.season import Season, Wanting, opened, wanting

CHILD: dict[str, Any] = {
    "child_name": "小明", "child_born_on": "2019-10-01", "stage": "primary",
    "district": "370102", "residence": "rented", "contact_phone": "13800000000",
}  # fmt: skip
HOMES = ["own_home", "apartment", "rented", "workplace"]
CLASSES: dict[str, Any] = {
    "offering": "ED-01", "title": "2026年秋季入学", "places": None, "group_field": "stage",
    "groups": [{"value": "primary", "places": 2}, {"value": "junior", "places": 1}],
    "rule": [{"key": "form", "field": "residence", "values": HOMES}, {"key": "tier"}],
    "opens_at": "2026-07-01T09:00:00+08:00", "closes_at": "2026-07-10T17:00:00+08:00",
    "leftover": "end",
}  # fmt: skip
SEAT = {"outcome": "granted", "result": {"summary": "已安排学位", "school": "历下区实验小学"}}


async def summer(city: City) -> None:
    """The window of ED-01 is open; the keys of spring have been renewed."""
    city.at("2026-07-02T10:00")
    async with city.sessions.begin() as session:
        await keys.ensure_access_key(session, city.now)


async def child(city: City, season: Season, stage: str, home: str, tier: int = 3) -> Wanting:
    one = await wanting(city, tier)
    made = await one.asks("ED-01", CHILD, stage=stage, residence=home)
    assert made.status_code == 201, made.text
    await season.accepts(one)
    return one


async def test_two_classes_six_children(city: City) -> None:
    """Each class by itself: the junior's only place does not go to a child of the primary."""
    await summer(city)
    season = await opened(city, "education", **CLASSES)
    rented = await child(city, season, "primary", "rented", tier=1)
    owner = await child(city, season, "primary", "own_home", tier=5)
    lodger = await child(city, season, "primary", "apartment", tier=5)
    junior = await child(city, season, "junior", "workplace")
    neighbour = await child(city, season, "junior", "own_home")
    seen = await season.seen()
    assert (seen["places"], seen["groups"][0]["title"]) == (3, "小学一年级")
    assert seen["rule"][0]["title"].startswith("入学依据(自有住房 先于 人才公寓")

    await season.at("2026-07-10T17:00")
    assert await season.order() == [
        neighbour.request, junior.request, owner.request, lodger.request, rented.request,
    ]  # fmt: skip
    assert (await rented.place())["words"].startswith("您排在第 3 位,名额 2 个。")
    await season.at("2026-07-16T00:00")
    everybody = (owner, lodger, rented, neighbour, junior)
    assert await season.states(*everybody) == [
        "offered", "offered", "listed", "offered", "listed",
    ]  # fmt: skip
    assert (await junior.place())["words"].endswith("您是下一位:有人放弃或逾期即轮到您。")

    city.at("2026-07-16T10:00")
    for each in (owner, lodger):
        await each.answers("accept")
    await neighbour.answers("decline")
    await city.sweep()
    assert (await junior.place())["state"] == "offered"
    await junior.answers("accept")
    for each in (owner, lodger, junior):
        done = await season.acts(each, "complete", SEAT)
        assert done.status_code == 200, done.text
    await city.sweep()

    view = await rented.get()
    assert (view["state"], view["outcome"], view["in_time"]) == ("completed", "declined", True)
    assert "名额已按公布的规则分配完毕" in view["outcome_reason"]
    seen = await season.seen()
    assert (seen["state"], seen["counts"]) == (
        "ended", {"given": 3, "declined": 1, "unserved": 1},
    )  # fmt: skip
    async with city.sessions() as session:
        assert [fault async for fault in conservation.check_all(session, city.now)] == []


async def test_a_child_of_no_class_with_places_waits_in_vain_and_is_told(city: City) -> None:
    await summer(city)
    only = CLASSES | {"groups": [{"value": "junior", "places": 1}]}
    season = await opened(city, "education", **only)
    one = await child(city, season, "primary", "own_home")
    assert (await one.place())["places"] == 0
    await season.at("2026-07-10T17:00")
    await season.at("2026-07-16T00:00")
    assert (await one.place())["state"] == "unserved"
    assert (await season.seen())["state"] == "ended"
