"""card-token.md 11.4, 11.5: any number of counters at once, one benefit, never below nothing."""

import asyncio
from collections import Counter

import httpx

from tests.city import City
from tests.service.counters.desk import desk
from tests.service.counters.test_redeeming import other_s

TRIES = 50
BLOCKED = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%claim%'"


def tally(answers: list[httpx.Response]) -> Counter[tuple[int, str | None]]:
    return Counter((each.status_code, each.json().get("code")) for each in answers)


async def test_of_fifty_tries_of_one_token_exactly_one_is_given(city: City) -> None:
    """Copies with another s, other offerings and other counters are the same token (2.5)."""
    airport, museum = await desk(city), await desk(city, "museum")
    shown = await airport.token()
    tries = [
        (museum if n % 3 == 0 else airport).redeem(
            other_s(shown) if n % 2 else shown, ("TR-01", "CT-01", "ME-02", "ME-01")[n % 4]
        )
        for n in range(TRIES)
    ]
    assert tally(list(await asyncio.gather(*tries))) == {
        (201, None): 1,
        (409, "token-replayed"): TRIES - 1,
    }
    assert (await city.sql("SELECT count(*) FROM redemptions"))[0][0] == 1
    assert (await city.sql("SELECT sum(used) FROM quota_uses"))[0][0] == 1
    assert (await city.sql("SELECT count(*) FROM idempotency_keys WHERE key LIKE 'key-%'"))[0][
        0
    ] == 1


async def test_the_last_of_a_quota_under_one_token_is_replayed_for_the_others(city: City) -> None:
    """The losers are told that the token is used, not that the quota is."""
    counter = await desk(city, "hospital")
    shown = await counter.token()
    tries = [counter.redeem(shown, "ME-02") for _ in range(20)]
    assert tally(list(await asyncio.gather(*tries))) == {
        (201, None): 1,
        (409, "token-replayed"): 19,
    }


async def test_fifty_tokens_at_once_never_take_more_than_the_year_has(city: City) -> None:
    counter = await desk(city)
    shown = [await counter.token() for _ in range(TRIES)]
    answers = await asyncio.gather(*(counter.redeem(each) for each in shown))
    assert tally(list(answers)) == {(201, None): 12, (409, "quota-exhausted"): TRIES - 12}
    left = sorted(each.json()["left"] for each in answers if each.status_code == 201)
    assert left == list(range(12))
    assert {each.json()["left"] for each in answers if each.status_code == 409} == {0}
    assert (await city.sql("SELECT used FROM quota_uses"))[0][0] == 12
    refused = [s for s, each in zip(shown, answers, strict=True) if each.status_code == 409]
    assert (await counter.verify(refused[0]))["result"] == "valid"


async def test_one_key_sent_many_times_at_once_is_one_redemption(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    answers = await asyncio.gather(*(counter.redeem(shown, key="k1") for _ in range(20)))
    given = [each for each in answers if each.status_code == 201]
    assert len({each.content for each in given}) == 1
    assert sum("Idempotency-Replayed" not in each.headers for each in given) == 1
    others = {each.json()["code"] for each in answers if each.status_code != 201}
    assert others <= {"idempotency-key-in-use"}
    assert (await city.sql("SELECT count(*) FROM redemptions"))[0][0] == 1


async def test_a_card_changed_between_look_and_write_is_looked_at_again(city: City) -> None:
    """The write holds to the card's revision that was judged."""
    counter = await desk(city)
    shown = await counter.token()
    async with city.pool.acquire() as rival, rival.transaction():
        await rival.execute("UPDATE cards SET state = 'suspended', revision = revision + 1")
        waiting = asyncio.create_task(counter.redeem(shown))
        while not await city.sql(BLOCKED):
            pass
    answer = await waiting
    assert (answer.status_code, answer.json()["reason"]) == (422, "card-suspended")
    assert (await city.sql("SELECT count(*) FROM redemptions"))[0][0] == 0
