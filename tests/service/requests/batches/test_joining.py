"""Who is on a waiting list, and what the agency may do meanwhile."""

from typing import Any

from service.requests import conservation
from tests.city import City
from tests.service.requests.ask import APARTMENT
from tests.service.requests.batches.season import (
    BATCHES,
    GRANTED,
    announcement,
    opened,
    queueing,
    wanting,
)


async def whole(city: City) -> bool:
    """Whether every request's time adds up (time.md L1)."""
    async with city.sessions() as session:
        return not [fault async for fault in conservation.check_all(session, city.now)]


async def test_without_an_open_batch_a_request_is_handled_by_itself(city: City) -> None:
    season = await opened(city, opens_at="2026-03-04T09:00:00+08:00")
    early = await wanting(city)
    await early.asks()
    assert (await early.place()).status_code == 404
    await season.accepts(early)
    assert (await season.acts(early, "complete", GRANTED)).status_code == 200
    city.at("2026-03-06T17:00")
    late = await wanting(city)
    await late.asks()
    assert (await late.place()).status_code == 404


async def test_nobody_has_two_lots(city: City) -> None:
    await opened(city)
    one = await wanting(city)
    await one.asks()
    first = one.request
    again = await one.asks()
    assert (again.status_code, again.json()["code"]) == (409, "already-queued")
    one.request = first
    assert (await one.acts("withdraw")).status_code == 200
    assert (await one.asks()).status_code == 201


async def test_the_batch_decides_and_not_a_clerk(city: City) -> None:
    season = await opened(city)
    (one,) = await queueing(city, season, 3)
    for act, body in (
        ("complete", GRANTED), ("publicity", {"from": "2026-03-02", "to": "2026-03-05"}),
    ):  # fmt: skip
        answer = await season.acts(one, act, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "batch-decides")
    no = {"outcome": "declined", "reason": "在本市有自有住房"}
    assert (await season.acts(one, "complete", no)).status_code == 200
    assert (await one.place())["state"] == "left"
    assert (await one.get())["outcome"] == "declined"
    assert await whole(city)


async def test_a_correction_may_be_asked_for_until_the_list_is_made(city: City) -> None:
    season = await opened(city, rule=[{"key": "form", "field": "family_size"}], places=1)
    one, two = await queueing(city, season, 3, 3)
    asked = await season.acts(one, "ask", {"items": ["请核对共同居住人数"]})
    assert asked.status_code == 200, asked.text
    city.at("2026-03-03T10:00")
    answer = await one.acts("answers", {"form": {"family_size": 1}})
    assert answer.status_code == 200, answer.text
    assert (await one.get("/deadline"))["promise"]["state"] == "paused"
    await season.at("2026-03-06T17:00")
    assert await season.order() == [one.request, two.request]
    assert (await season.acts(two, "ask", {"items": ["请补照片"]})).status_code == 409
    assert await whole(city)


async def test_who_is_not_ready_in_time_waits_for_the_next_batch(city: City) -> None:
    """One not accepted yet, one with a correction open: neither holds the others up."""
    season = await opened(city)
    one, two = await queueing(city, season, 2, 3)
    slow = await wanting(city)
    await slow.asks()
    await season.acts(one, "ask", {"items": ["请补劳动合同"]})
    early = await season.post("rank")
    assert (early.status_code, early.json()["code"]) == (409, "batch-not-ready")
    await season.at("2026-03-06T17:00")
    assert await season.order() == [two.request]
    assert await season.states(one, two, slow) == ["carried", "listed", "carried"]
    assert await whole(city)


async def test_a_clerk_makes_the_list_once_all_are_there_and_only_once(city: City) -> None:
    season = await opened(city, ranks_at="2026-03-13T17:00:00+08:00")
    await queueing(city, season, 2)
    slow = await wanting(city)
    await slow.asks()
    city.at("2026-03-07T10:00")
    assert (await season.post("rank")).json()["code"] == "batch-not-ready"
    await season.accepts(slow)
    assert (await season.seen())["allowed"] == ["cancel", "rank"]
    assert (await season.post("rank")).status_code == 200
    first = await season.order()
    again = await season.post("rank")
    assert (again.status_code, again.json()["state"]) == (409, "shown")
    assert await season.order() == first
    assert await whole(city)


async def test_the_next_batch_begins_with_who_was_left_since_when_they_wait(city: City) -> None:
    rule = [{"key": "waiting_since"}]
    season = await opened(city, places=1, rule=rule)
    one, two = await queueing(city, season, 1, 1)
    await season.at("2026-03-06T17:00")
    await season.at("2026-03-12T00:00")
    first, second = (one, two) if (await one.place())["state"] == "offered" else (two, one)
    city.at("2026-03-12T10:00")
    await first.answers("accept")
    await season.acts(first, "complete", GRANTED)
    await city.sweep()
    assert (await second.place())["state"] == "carried"

    april: dict[str, Any] = {
        "opens_at": "2026-04-01T09:00:00+08:00", "closes_at": "2026-04-10T17:00:00+08:00",
        "title": "2026年4月人才公寓", "places": 1, "rule": rule,
    }  # fmt: skip
    city.at("2026-04-01T10:00")
    following = await opened(city, **april)
    (fresh,) = await queueing(city, following, 1)
    assert (await second.place())["since_at"].startswith("2026-03-02")
    await following.at("2026-04-10T17:00")
    assert await following.order() == [second.request, fresh.request]
    assert await whole(city)


async def test_a_full_batch_that_ends_answers_all_in_time(city: City) -> None:
    season = await opened(city, places=1, leftover="end")
    one, two = await queueing(city, season, 1, 2)
    await season.at("2026-03-06T17:00")
    await season.at("2026-03-12T00:00")
    city.at("2026-03-12T10:00")
    await one.answers("accept")
    await season.acts(one, "complete", GRANTED)
    await city.sweep()
    view = await two.get()
    assert (view["state"], view["outcome"], view["in_time"]) == ("completed", "declined", True)
    assert (await season.seen())["state"] == "ended"
    assert await whole(city)


async def test_a_batch_may_be_called_off_before_its_list(city: City) -> None:
    season = await opened(city)
    (one,) = await queueing(city, season, 2)
    assert (await season.post("cancel")).json()["state"] == "cancelled"
    assert (await one.place())["state"] == "left"
    assert (await one.get("/deadline"))["promise"]["state"] == "running"
    assert (await season.acts(one, "complete", GRANTED)).status_code == 200
    assert (await season.post("cancel")).status_code == 409
    assert await whole(city)


async def test_an_agency_opens_batches_of_its_own_offerings_by_a_rule_that_can_be_read(
    city: City,
) -> None:
    housing = await city.client("housing")
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"offering": "HO-02"}, 409, "not-batched"),
        ({"offering": "HO-09"}, 422, "/offering"),
        ({"offering": "ED-01"}, 422, "/region"),
        ({"region": "370200"}, 422, "/region"),
        ({"closes_at": "2026-03-01T09:00:00+08:00"}, 422, "/closes_at"),
        ({"closes_at": "2026-03-06T17:00:00"}, 422, "/closes_at"),
        ({"ranks_at": "2026-03-05T17:00:00+08:00"}, 422, "/ranks_at"),
        ({"rule": [{"key": "form", "field": "contact_phone"}]}, 422, "/rule/0/field"),
        ({"rule": [{"key": "form", "field": "layout"}]}, 422, "/rule/0/field"),
        ({"rule": [{"key": "tier", "field": "layout"}]}, 422, "/rule/0"),
        ({"rule": [{"key": "tier"}, {"key": "tier"}]}, 422, "/rule"),
        ({"rule": []}, 422, "/rule"),
        ({"places": None}, 422, "/places"),
        ({"places": None, "group_field": "layout", "groups": []}, 422, "/groups"),
    ]
    for more, status, where in wrong:
        answer = await housing.post(BATCHES, announcement(**more))
        assert answer.status_code == status, (more, answer.text)
        said = answer.json()
        if status == 422:
            assert said["errors"][0]["pointer"] == where, said
        else:
            assert said["code"] == where
    assert (await housing.post(BATCHES, announcement())).status_code == 201
    over = await housing.post(BATCHES, announcement(title="又一批"))
    assert over.json()["code"] == "batch-overlaps"
    holder = await city.person("talent", region="370100")
    assert (await holder.post(BATCHES, announcement())).status_code == 403


async def test_a_batch_belongs_to_its_agency_and_its_list_to_everybody(city: City) -> None:
    season = await opened(city)
    (one,) = await queueing(city, season, 2)
    other = await city.client("education")
    assert (await other.get(season.path)).status_code == 404
    assert (await other.post(f"{season.path}/rank")).status_code == 404
    stranger = await wanting(city)
    stranger.request = one.request
    assert (await stranger.place()).status_code == 404
    listed = (await city.nobody.get("/v1/public/batches")).json()["items"]
    assert [each["id"] for each in listed] == [season.id]
    assert (listed[0]["seed"], listed[0]["rule"][0]["title"][:5]) == (None, "人才卡类别")
    nothing = await city.nobody.get("/v1/public/batches/0198c0de-0000-7000-8000-000000000000")
    assert nothing.status_code == 404


async def test_the_seed_and_the_facts_are_sealed_until_they_are_public(city: City) -> None:
    season = await opened(city)
    (one,) = await queueing(city, season, 2)
    (row,) = await city.sql("SELECT seed, commitment FROM batches")
    assert row["commitment"] == season.commitment
    assert row["commitment"].encode() not in row["seed"]
    said = await city.sql("SELECT data::text AS data FROM events WHERE subject LIKE 'batches/%'")
    assert all("seed" not in each["data"] for each in said)
    assert APARTMENT["contact_phone"] not in (await city.nobody.get(season.public)).text
    assert one.request not in (await city.nobody.get(season.public)).text


async def test_nobody_waits_for_ever_for_a_next_batch_that_is_not_announced(city: City) -> None:
    season = await opened(city, places=1)
    one, two = await queueing(city, season, 1, 2)
    await season.at("2026-03-06T17:00")
    await season.at("2026-03-12T00:00")
    city.at("2026-03-12T10:00")
    await one.answers("accept")
    await season.acts(one, "complete", GRANTED)
    await city.sweep()
    await season.at("2026-06-10T09:00")
    assert (await two.place())["state"] == "carried"
    await season.at("2026-06-10T10:00")
    assert (await two.place())["state"] == "left"
    why = await two.get("/deadline")
    assert (why["promise"]["state"], why["current"]["leg"]) == ("running", "handling")
    assert await whole(city)


async def test_a_request_on_a_list_goes_to_the_list_s_agency_and_not_to_a_nearer_one(
    city: City,
) -> None:
    season = await opened(city)
    one = await wanting(city)
    await one.asks(region="370102")
    await season.accepts(one)
    centre = await city.person("centre")
    why = (await centre.get(f"/v1/requests/{one.request}/routing")).json()
    assert "申请在另一单位本批的轮候名单上" in str(why)
    assert (await one.place())["state"] == "waiting"


async def test_who_another_agency_takes_on_is_off_the_list(city: City) -> None:
    season = await opened(city)
    one = await wanting(city)
    await one.asks(region="370102")
    await city.settle()
    assert (await season.acts(one, "bounce", {"reason": "no_capacity"})).status_code == 200
    await city.settle()
    county = await city.client("housing_lixia")
    path = f"/v1/partner/requests/{one.request}"
    tag = (await county.get(path)).headers["ETag"]
    assert (await county.post(f"{path}/accept", etag=tag)).status_code == 200
    assert (await one.place())["state"] == "left"
    assert (await one.get("/deadline"))["promise"]["state"] == "running"
