"""Many hands at the same instant, and hands that fail half way (api.md 5.5, events.md 1.1)."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from service.requests import conservation
from service.requests.batches import advancing, placing
from tests.city import City
from tests.service.requests.batches.season import (
    BATCHES,
    GRANTED,
    Season,
    Wanting,
    announcement,
    opened,
    queueing,
    wanting,
)
from tests.service.requests.test_races import at_once
from workers import timers


async def sweeps(city: City, count: int = 4) -> None:
    """So many timers at once, then what they left to do."""
    await asyncio.gather(*(timers.sweep(city.sessions, city.now) for _ in range(count)))
    await city.sweep()


async def offered(city: City, places: int, *categories: int) -> tuple[Season, list[Wanting]]:
    season = await opened(city, places=places)
    found = await queueing(city, season, *categories)
    await season.at("2026-03-06T17:00")
    city.at("2026-03-12T00:00")
    await sweeps(city)
    return season, found


async def exact(city: City, season: Season, places: int) -> Counter[str]:
    """No more have a place than there are, each its own, and all time adds up; the states."""
    rows = await city.sql("SELECT state, seat FROM batch_entries")
    seats = [r["seat"] for r in rows if r["state"] in ("offered", "taken", "given")]
    assert len(seats) == len(set(seats)) <= places
    assert all(r["seat"] is None for r in rows if r["state"] not in ("offered", "taken", "given"))
    async with city.sessions() as session:
        assert [fault async for fault in conservation.check_all(session, city.now)] == []
    return Counter(r["state"] for r in rows)


async def test_of_many_clerks_and_timers_one_makes_the_list(city: City) -> None:
    season = await opened(city)
    await queueing(city, season, 1, 2, 3)
    city.at("2026-03-06T17:00")
    agency = await season.agency()
    answers, _ = await asyncio.gather(
        at_once(*(lambda: agency.post(f"{season.path}/rank") for _ in range(6))), sweeps(city)
    )
    assert {each.status_code for each in answers} <= {200, 409}
    ranked = [e for e in await city.events(f"batches/{season.id}") if "ranked" in e]
    assert (len(ranked), (await season.seen())["round"]) == (1, 1)
    assert await exact(city, season, 2) == {"listed": 3}


async def test_many_timers_offer_each_place_once(city: City) -> None:
    season, _ = await offered(city, 2, 1, 2, 3, 4, 5)
    assert await exact(city, season, 2) == {"offered": 2, "listed": 3}
    [row] = await city.sql(
        "SELECT count(*) AS offers FROM events WHERE type = 'hck.request.place_offered.v1'"
    )
    assert row["offers"] == 2


async def test_one_holder_s_yes_and_no_and_withdrawal_at_once_have_one_outcome(
    city: City,
) -> None:
    season, (first, second, _) = await offered(city, 1, 1, 2, 3)
    me = await first.who()
    path = f"/v1/requests/{first.request}"
    tag = (await me.get(path)).headers["ETag"]
    acts: list[tuple[str, Any]] = [
        ("place", {"answer": "accept"}), ("place", {"answer": "decline"}), ("withdraw", None),
        ("place", {"answer": "accept"}),
    ]  # fmt: skip
    answers, _ = await asyncio.gather(
        at_once(*(lambda a=a: me.post(f"{path}/{a[0]}", a[1], etag=tag) for a in acts)),
        sweeps(city),
    )
    assert [each.status_code for each in answers].count(200) == 1
    assert {each.status_code for each in answers} <= {200, 404, 409, 412}
    await city.sweep()
    taken = (await first.place())["state"] == "taken"
    assert (await second.place())["state"] == ("listed" if taken else "offered")
    await exact(city, season, 1)


async def test_the_last_place_has_one_holder_when_the_month_ends_as_they_answer(
    city: City,
) -> None:
    """Before the instant the yes counts, from the instant on it does not; never both."""
    season, (first, second) = await offered(city, 1, 1, 2)
    me = await first.who()
    tag = (await me.get(f"/v1/requests/{first.request}")).headers["ETag"]
    city.at("2026-04-13T23:59")
    first._signed_in_at = None
    me = await first.who()
    city.at("2026-04-14T00:00")
    late, _ = await asyncio.gather(
        me.post(f"/v1/requests/{first.request}/place", {"answer": "accept"}, etag=tag),
        sweeps(city),
    )
    assert late.status_code in (404, 409, 412)
    assert (await second.place())["state"] == "offered"
    assert await exact(city, season, 1) == {"lapsed": 1, "offered": 1}


async def test_all_that_were_offered_say_yes_or_no_at_once_and_the_next_follow(city: City) -> None:
    season, found = await offered(city, 3, 1, 1, 2, 3, 4, 5)
    ready = [each for each in found if (await each.place())["state"] == "offered"]
    said = ["accept", "decline", "decline"]
    answers = await asyncio.gather(
        *(who.answers(word) for who, word in zip(ready, said, strict=True)), sweeps(city)
    )
    assert [each.status_code for each in answers[:3] if each] == [200, 200, 200]
    await city.sweep()
    assert await exact(city, season, 3) == {"taken": 1, "declined": 2, "offered": 2, "listed": 1}
    ranks = await city.sql("SELECT rank FROM batch_entries WHERE state IN ('taken', 'offered')")
    passed = await city.sql("SELECT rank FROM batch_entries WHERE state = 'listed'")
    assert max(r["rank"] for r in ranks) < min(r["rank"] for r in passed)


async def test_one_person_who_asks_twice_at_once_has_one_lot(city: City) -> None:
    await opened(city)
    one = await wanting(city)
    await one.who()
    answers = await at_once(*(one.asks for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    assert len(await city.sql("SELECT 1 FROM batch_entries")) == 1


async def test_two_clerks_who_announce_the_same_month_at_once_announce_one(city: City) -> None:
    agency = await city.client("housing")
    answers = await at_once(
        *(lambda n=n: agency.post(BATCHES, announcement(title=f"第 {n} 批")) for n in range(4))
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


async def test_timers_that_die_between_two_offers_leave_none_and_the_next_try_all(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    season = await opened(city)
    found = await queueing(city, season, 1, 2, 3)
    await season.at("2026-03-06T17:00")
    city.at("2026-03-12T00:00")
    real, calls = placing._offer, []

    async def dies(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise ConnectionResetError
        await real(*given)

    monkeypatch.setattr(placing, "_offer", dies)
    await city.sweep()
    assert await exact(city, season, 2) == {"listed": 3}
    assert "hck.batch.settled.v1" not in await city.events(f"batches/{season.id}")
    monkeypatch.setattr(placing, "_offer", real)
    city.pass_time(timedelta(minutes=1))
    await city.sweep()
    assert await season.states(*found) == ["listed"] * 3  # not at once again
    city.pass_time(advancing.AGAIN)
    await city.sweep()
    assert await season.states(*found) == ["offered", "offered", "listed"]


async def test_a_place_that_is_given_up_while_others_finish_goes_to_the_next(city: City) -> None:
    """Withdrawn after the yes: the place is free until it is completed."""
    season, (first, second, third) = await offered(city, 2, 1, 2, 3)
    await first.answers("accept")
    await second.answers("accept")
    done, gone = await asyncio.gather(
        season.acts(first, "complete", GRANTED), second.acts("withdraw")
    )
    assert (done.status_code, gone.status_code) == (200, 200)
    await sweeps(city)
    assert await season.states(first, second, third) == ["given", "left", "offered"]
    assert await exact(city, season, 2) == {"given": 1, "left": 1, "offered": 1}
