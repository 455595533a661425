"""card-token.md 12.3, 12.4: a card by its number, with an answer that tells nothing more."""

from typing import Any

import httpx
import pytest

from cards import number
from tests.city import City
from tests.service.counters.desk import Desk, desk

UNKNOWN = "0123456789"


async def ask(counter: Desk, text: str) -> httpx.Response:
    body = {"card_number": text, "service_point": counter.point}
    return await counter.machine.post("/v1/verifications/by-number", body, key=None)


async def a_number(city: City) -> str:
    (row,) = await city.sql("SELECT number FROM cards WHERE region = '370100' AND state = 'active'")
    return str(row["number"])


async def test_a_usable_card_is_told_with_low_assurance_and_without_benefits(city: City) -> None:
    counter = await desk(city)
    plain = await a_number(city)
    for typed in (plain, number.shown(plain), f" {number.shown(plain).lower()} "):
        told = (await ask(counter, typed)).json()
        assert (told["result"], told["assurance"], told["typ"]) == ("valid", "low", None)
        assert told["holder"]["masked_name"].endswith("*")
        assert (told["benefits"], told["expires_at"]) == ([], None)


async def test_everything_else_has_one_and_the_same_answer(city: City) -> None:
    counter = await desk(city)
    plain = await a_number(city)
    others = [plain[:-1] + ("A" if plain[-1] != "A" else "B"), UNKNOWN, "", "x" * 9_000, "卡\x00"]
    bodies = [(await ask(counter, text)).content for text in others]
    for state in ("suspended", "revoked", "expired"):
        await city.sql("UPDATE cards SET state = $1 WHERE number = $2", state, plain)
        bodies.append((await ask(counter, plain)).content)
    await city.sql(
        "UPDATE cards SET state = 'active', valid_until = '2026-03-01' WHERE number = $1", plain
    )
    bodies.append((await ask(counter, plain)).content)
    assert len(set(bodies)) == 1
    told: dict[str, Any] = (await ask(counter, "")).json()
    assert (told["result"], told["reason"]) == ("refused", "number-not-usable")
    assert [name for name in told if told[name]] == ["result", "reason", "message"]


async def test_every_try_is_kept_and_no_number_is(city: City) -> None:
    counter = await desk(city)
    plain = await a_number(city)
    await ask(counter, plain)
    await ask(counter, UNKNOWN)
    rows = await city.sql("SELECT * FROM verifications ORDER BY id")
    assert [(row["by_number"], row["result"]) for row in rows] == [
        (True, "valid"), (True, "refused"),
    ]  # fmt: skip
    assert not any(plain in str(dict(row)) or UNKNOWN in str(dict(row)) for row in rows)


async def test_ten_a_minute_and_a_hundred_a_day_for_a_counter(city: City) -> None:
    counter = await desk(city)
    for _ in range(10):
        assert (await ask(counter, UNKNOWN)).status_code == 200
    answer = await ask(counter, UNKNOWN)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    counter.point = counter.points[1]["id"]
    assert (await ask(counter, UNKNOWN)).status_code == 200


async def test_the_day_ends_before_the_hundred_and_first(city: City) -> None:
    counter = await desk(city)
    await city.sql(
        "INSERT INTO rate_counters VALUES ($1, '2026-03-02 00:00+00', 100)",
        f"by-number {counter.point} day",
    )
    assert (await ask(counter, UNKNOWN)).status_code == 429


@pytest.mark.parametrize("point", ["", "x"])
async def test_an_unknown_counter_is_said_first(city: City, point: str) -> None:
    counter = await desk(city)
    counter.point = point
    answer = await ask(counter, UNKNOWN)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-service-point")
