"""Status lists of the day (card-token.md 8), and the published keys beside them (5)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import cbor2
import pytest

from cards import status
from cards.keys import CardKey
from service import ids
from service.settings import SettingsError
from service.talents.proof import card_keys, statuslists
from tests.city import City, Someone
from tests.service.talents.cards.test_card_acts import act, reviewer
from tests.service.talents.proof.test_presenting import DOOR, holder, read

TODAY = date(2026, 3, 2)


async def listed(city: City, uri: str, **headers: str) -> Any:
    return await city.nobody.get(f"/v1/status-lists/{uri.removeprefix('hck:')}", headers=headers)


async def entry(city: City, who: Someone) -> tuple[str, int]:
    made = await who.post(DOOR, key=None)
    claims = await read(city, made.json()["token"])
    return claims.uri, claims.idx


async def keys(city: City) -> Any:
    return await card_keys.published(city.pool, city.now)


async def test_a_change_of_state_is_in_the_list_and_a_free_entry_reads_valid(city: City) -> None:
    who = await holder(city)
    card = (await who.get("/v1/me/card")).json()
    uri, idx = await entry(city, who)

    async def at(index: int) -> int:
        statuslists.forget()
        text = (await listed(city, uri)).text
        opened = status.read_jwt(text, keys=await keys(city), now=int(city.now.timestamp()))
        return opened.at(index)

    assert await at(idx) == 0
    assert await at((idx + 1) % 65536) == 0
    await act(who, card, "suspend")
    assert await at(idx) == 2
    await act(await reviewer(city, "370100"), card, "reinstate")
    assert await at(idx) == 0
    await act(await reviewer(city, "370100"), card, "replace")
    assert await at(idx) == 1


async def test_both_forms_say_the_same_and_are_typed(city: City) -> None:
    uri, _ = await entry(city, await holder(city))
    jwt = await listed(city, uri)
    cwt = await listed(city, uri, Accept="application/statuslist+cwt")
    assert jwt.headers["content-type"].startswith("application/statuslist+jwt")
    assert cwt.headers["content-type"].startswith("application/statuslist+cwt")
    for answer in (jwt, cwt):
        assert answer.headers["cache-control"] == "max-age=300"
        assert "Accept" in answer.headers["vary"]
    assert jwt.headers["etag"] != cwt.headers["etag"]
    first = status.read_jwt(jwt.text, keys=await keys(city), now=int(city.now.timestamp()))
    second = status.read_cwt(cwt.content, keys=await keys(city), now=int(city.now.timestamp()))
    assert first == second
    same = await listed(city, uri, **{"If-None-Match": jwt.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_other_types_and_other_lists_are_refused(city: City) -> None:
    uri, _ = await entry(city, await holder(city))
    assert (await listed(city, uri, Accept="text/html")).status_code == 406
    assert (await listed(city, uri, Accept="text/html, */*;q=0.1")).status_code == 200
    for name in ("zzzzzz", "ABC", "toolong7", "%00", "'"):
        assert (await listed(city, name)).status_code == 404, name


async def test_a_place_is_never_given_to_two_cards(city: City, monkeypatch: Any) -> None:
    cards = [row["id"] for row in await city.sql("SELECT id FROM cards ORDER BY id")]
    draws = iter([7, 7, 7, 8, 8, 9])
    monkeypatch.setattr(ids, "random_below", lambda bound: next(draws) if bound == 65536 else 0)
    await statuslists.place_of(city.pool, cards[0], TODAY, city.now)
    await statuslists.place_of(city.pool, cards[1], TODAY, city.now)
    await statuslists.place_of(city.pool, cards[2], TODAY, city.now)
    rows = await city.sql("SELECT idx FROM card_days ORDER BY idx")
    assert [row["idx"] for row in rows] == [7, 8, 9]


async def test_the_card_and_a_place_are_one_for_the_day_whoever_asks(city: City) -> None:
    (row,) = await city.sql("SELECT id FROM cards LIMIT 1")
    places = [await statuslists.place_of(city.pool, row["id"], TODAY, city.now) for _ in range(3)]
    assert len({(each.list_id, each.idx, each.sub) for each in places}) == 1


async def test_lists_of_old_days_are_destroyed_with_their_keys(city: City) -> None:
    (row,) = await city.sql("SELECT id FROM cards LIMIT 1")
    card_id: UUID = row["id"]
    for days in (31, 30, 0):
        await statuslists.place_of(city.pool, card_id, TODAY - timedelta(days=days), city.now)
    async with city.sessions.begin() as session:
        await statuslists.forget_old(session, city.now)
    for table in ("day_keys", "card_days", "status_lists"):
        rows = await city.sql(f"SELECT DISTINCT day FROM {table} ORDER BY day")
        assert [row["day"] for row in rows] == [TODAY - timedelta(days=30), TODAY], table


async def test_a_day_s_key_goes_at_once_and_its_places_part_by_part(city: City) -> None:
    for row in await city.sql("SELECT id FROM cards LIMIT 3"):
        await statuslists.place_of(city.pool, row["id"], TODAY - timedelta(days=31), city.now)
    left = []
    for _ in range(3):
        async with city.sessions.begin() as session:
            await statuslists.forget_old(session, city.now, part=2)
        counts = [
            (await city.sql(f"SELECT count(*) FROM {table} WHERE day < $1", TODAY))[0][0]
            for table in ("day_keys", "card_days", "status_lists")
        ]
        left.append(counts)
    assert left == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]


async def test_both_key_sets_name_the_same_card_keys_and_access_keys_stand_apart(
    city: City,
) -> None:
    jwks = await city.nobody.get("/.well-known/jwks.json")
    cose = await city.nobody.get("/.well-known/cose-keys")
    assert cose.headers["content-type"] == "application/cose-key-set"
    for answer in (jwks, cose):
        assert answer.headers["cache-control"] == "max-age=3600"
    cards = [key for key in jwks.json()["keys"] if key["hck_use"] == "card"]
    access = [key for key in jwks.json()["keys"] if key["hck_use"] == "access"]
    assert cards
    assert access
    assert {CardKey.from_jwk(key).kid for key in cards} == {
        key[2] for key in cbor2.loads(cose.content)
    }
    assert not {key["kid"] for key in cards} & {key["kid"] for key in access}
    assert all(name not in jwks.text for name in ('"d"', "PRIVATE"))
    same = await city.nobody.get(
        "/.well-known/cose-keys", headers={"If-None-Match": cose.headers["etag"]}
    )
    assert same.status_code == 304


async def test_a_new_key_is_published_a_day_before_it_signs(city: City) -> None:
    (first,) = await city.sql("SELECT * FROM signing_keys WHERE purpose = 'card'")
    city.now = first["signs_until"] - timedelta(hours=47)
    async with city.sessions.begin() as session:
        await card_keys.ensure_card_key(session, city.now)
        await card_keys.ensure_card_key(session, city.now)
    _, second = await city.sql(
        "SELECT * FROM signing_keys WHERE purpose = 'card' ORDER BY not_before"
    )
    assert second["not_before"] == first["signs_until"]
    assert second["not_before"] - second["published_at"] >= timedelta(hours=24)
    card_keys.forget()
    assert (await card_keys.signer(city.pool, city.now)).kid == CardKey.from_jwk(
        {"x": first["x"], "y": first["y"], "nbf": 0, "exp": 1}
    ).kid
    assert len(list(await keys(city))) == 2
    assert b"PRIVATE" not in bytes(second["private_pem"])


async def test_a_leaked_key_is_out_at_once_and_another_signs(city: City) -> None:
    await city.sql("UPDATE signing_keys SET revoked_at = $1 WHERE purpose = 'card'", city.now)
    card_keys.forget()
    with pytest.raises(SettingsError):
        await card_keys.signer(city.pool, city.now)
    async with city.sessions.begin() as session:
        await card_keys.ensure_card_key(session, city.now)
    card_keys.forget()
    assert (await (await holder(city)).post(DOOR, key=None)).status_code == 201


async def test_a_key_of_the_published_vectors_is_not_started_with(city: City) -> None:
    await city.sql(
        "UPDATE signing_keys SET kid = $1 WHERE purpose = 'card'", sorted(card_keys.TEST_KIDS)[0]
    )
    async with city.sessions() as session:
        with pytest.raises(SettingsError):
            await card_keys.ensure_card_key(session, city.now)
