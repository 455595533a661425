"""A month of apartments, from the announcement to the last place (ADR 0022)."""

import hashlib
import hmac

from service.requests import conservation
from tests.city import City
from tests.service.requests.batches.season import GRANTED, opened, queueing


async def test_two_apartments_five_talents(city: City) -> None:
    """The first by tier take them; one declines, one lets it lapse, the next in line are asked."""
    season = await opened(city)
    first, second, third, fourth, late = await queueing(city, season, 1, 2, 3, 5, 4)
    assert (await first.place())["state"] == "waiting"
    assert (await season.seen())["seed"] is None
    why = await first.get("/deadline")
    assert [pause["reason"] for pause in why["pauses"]] == ["statutory"]
    assert why["promise"]["state"] == "paused"

    # Friday 17:00: closed and ranked, shown for three working days: Wednesday 24:00.
    await season.at("2026-03-06T17:00")
    seen = await season.seen()
    assert (seen["state"], seen["shown_until"]) == ("shown", "2026-03-12T00:00:00+08:00")
    expected = [each.request for each in (first, second, third, late, fourth)]
    assert await season.order() == expected
    assert hashlib.sha256(seen["seed"].encode()).hexdigest() == season.commitment
    for line in seen["lines"]:
        key = bytes.fromhex(seen["seed"])
        lot = hmac.new(key, line["request_id"].encode(), hashlib.sha256).hexdigest()
        assert line["draw"] == lot
    public = (await city.nobody.get(season.public)).json()
    assert [line["name"] for line in public["lines"]] == ["林*"] * 5
    assert (await third.place())["words"].startswith("您排在第 3 位,名额 2 个。")
    assert (await third.get())["state"] == "in_publicity"

    # The list stands: the first two are offered a place for a month.
    await season.at("2026-03-12T00:00")
    assert await season.states(first, second, third) == ["offered", "offered", "listed"]
    assert (await first.place())["answer_by"] == "2026-04-14T00:00:00+08:00"
    assert (await third.place())["ahead"] == 0
    public = (await city.nobody.get(season.public)).json()
    assert {line["name"] for line in public["lines"]} == {None}

    city.at("2026-03-13T10:00")
    assert (await first.answers("decline")).status_code == 200
    await city.sweep()
    assert (await first.get())["state"] == "withdrawn"
    assert await season.states(second, third) == ["offered", "offered"]
    assert (await third.answers("accept")).json()["state"] == "taken"

    # The second says nothing for a month; 12 April is a Sunday, so the period ends on Monday.
    await season.at("2026-04-13T23:59")
    assert (await second.place())["state"] == "offered"
    await season.at("2026-04-14T00:00")
    assert (await second.get())["state"] == "expired"
    assert await season.states(second, late) == ["lapsed", "offered"]
    city.at("2026-04-14T10:00")
    assert (await late.answers("accept")).status_code == 200
    for each in (third, late):
        done = await season.acts(each, "complete", GRANTED)
        assert done.status_code == 200, done.text
    await city.sweep()

    # Both places are given; the last waits for the next batch.
    seen = await season.seen()
    assert (seen["state"], seen["counts"]["given"]) == ("ended", 2)
    assert (await fourth.place())["state"] == "carried"
    assert (await fourth.get())["state"] == "accepted"
    async with city.sessions() as session:
        assert [fault async for fault in conservation.check_all(session, city.now)] == []
    assert await city.events(f"batches/{season.id}") == [
        "hck.batch.opened.v1", "hck.batch.ranked.v1", "hck.batch.settled.v1", "hck.batch.ended.v1",
    ]  # fmt: skip
