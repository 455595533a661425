"""出示: a fresh token for the holder's phone (card-token.md 3, 4.1, 9)."""

import asyncio
import io
from datetime import datetime
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from cards import token
from service.talents.proof import card_keys
from tests.city import City, Someone
from tests.service.talents.apply import applicant

DOOR = "/v1/me/card/presentations"


async def holder(city: City) -> Someone:
    return await city.person("talent", region="370100", category=2)


async def read(city: City, text: str) -> Any:
    keys = await card_keys.published(city.pool, city.now)
    claims = token.examine(text, now=int(city.now.timestamp()), keys=keys, issuer="hck37")
    assert isinstance(claims, token.Claims), claims
    return claims


async def test_a_token_says_what_the_profile_says_and_no_more(city: City) -> None:
    answer = await (await holder(city)).post(DOOR, {}, key=None)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert set(told) == {"token", "typ", "issued_at", "expires_at", "refresh_at"}
    times = [
        datetime.fromisoformat(told[name]) for name in ("issued_at", "refresh_at", "expires_at")
    ]
    assert [(each - times[0]).total_seconds() for each in times] == [0, 30, 60]
    claims = await read(city, told["token"])
    assert (claims.iss, claims.aud, claims.tier, claims.name) == ("hck37", "desk", 2, "张*")
    assert claims.exp - claims.iat == 60
    assert len(told["token"]) <= 311


async def test_one_name_and_place_all_day_and_another_the_next(city: City) -> None:
    async def shown() -> Any:
        made = await (await holder(city)).post(DOOR, key=None)
        return await read(city, made.json()["token"])

    first, second = await shown(), await shown()
    assert (first.sub, first.uri, first.idx) == (second.sub, second.uri, second.idx)
    assert first.cti != second.cti
    city.at("2026-03-03 00:00")
    third = await shown()
    assert third.sub != first.sub
    assert third.uri != first.uri


async def test_a_key_that_is_sent_changes_nothing(city: City) -> None:
    who = await holder(city)
    tokens = {(await who.post(DOOR, key="same")).json()["token"] for _ in range(2)}
    assert len(tokens) == 2


@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml"])
async def test_a_picture_is_of_a_new_token_and_says_how_long(city: City, kind: str) -> None:
    answer = await (await holder(city)).post(DOOR, key=None, headers={"Accept": kind})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (201, kind)
    assert answer.headers["hck-refresh-at"] < answer.headers["hck-expires-at"]
    assert answer.headers["cache-control"] == "no-store"
    if kind == "image/png":
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.size[0] >= 4 * (57 + 8)
        (found,) = zxingcpp.read_barcodes(picture.convert("L"))
        await read(city, found.text)


async def test_whoever_has_no_card_gets_none(city: City) -> None:
    who = await applicant(city)
    assert (await who.post(DOOR, key=None)).status_code == 404
    assert (await city.nobody.post(DOOR, key=None)).status_code == 401
    assert (await (await city.person("centre")).post(DOOR, key=None)).status_code == 403


@pytest.mark.parametrize(
    ("state", "reason"),
    [("suspended", "card-suspended"), ("revoked", "card-revoked"), ("expired", "card-expired")],
)
async def test_a_card_that_is_not_active_says_why(city: City, state: str, reason: str) -> None:
    who = await holder(city)
    await city.sql("UPDATE cards SET state = $1", state)
    answer = await who.post(DOOR, key=None)
    assert (answer.status_code, answer.json()["code"]) == (409, "card-not-active")
    assert answer.json()["reason"] == reason


async def test_on_the_day_after_its_last_a_card_is_not_shown_even_before_the_timers_ran(
    city: City,
) -> None:
    city.at("2031-03-02 00:01")
    answer = await (await holder(city)).post(DOOR, key=None)
    assert answer.json()["reason"] == "card-expired"


async def test_thirty_a_minute_are_possible_and_there_is_a_limit(city: City) -> None:
    who = await holder(city)
    codes = [(await who.post(DOOR, key=None)).status_code for _ in range(80)]
    assert codes[:30] == [201] * 30
    assert 429 in codes


async def test_a_body_with_something_in_it_is_refused(city: City) -> None:
    who = await holder(city)
    assert (await who.post(DOOR, {"for": "you"}, key=None)).status_code == 422
    assert (await who.post(DOOR, content=b"{", key=None)).status_code == 400


async def test_first_presentations_at_once_get_one_place(city: City) -> None:
    who = await holder(city)
    answers = await asyncio.gather(*(who.post(DOOR, key=None) for _ in range(6)))
    claims = [await read(city, answer.json()["token"]) for answer in answers]
    assert len({(each.uri, each.idx, each.sub) for each in claims}) == 1
    rows = await city.sql("SELECT 1 FROM card_days")
    (row,) = await city.sql("SELECT sum(65536 - free) AS taken FROM status_lists")
    assert (len(rows), row["taken"]) == (1, 1)
