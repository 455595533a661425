"""What is done to a card, by whom, and what follows (api.md 3.5, guide.md 2.4)."""

from typing import Any

import httpx
import pytest

from service.talents.cards.expiring import expire_due
from tests.city import City, Someone
from tests.service.talents.cards.test_issuing import at_once

LOST = {"reason": "遗失"}


async def holder(city: City) -> tuple[Someone, dict[str, Any]]:
    """A sample holder in 济南, and their card."""
    who = await city.person("talent", region="370100", category=2)
    return who, (await who.get("/v1/me/card")).json()


async def act(who: Someone, card: dict[str, Any], name: str, **more: Any) -> httpx.Response:
    """Somebody acts on the card as they see it now."""
    path = f"/v1/cards/{card['id']}"
    seen = await who.get(path)
    return await who.post(f"{path}/{name}", LOST | more, etag=seen.headers.get("ETag", '"0"'))


async def reviewer(city: City, region: str) -> Someone:
    return await city.person("reviewer", region=region)


async def test_a_holder_stops_a_lost_card_at_once_and_the_window_starts_it_again(
    city: City,
) -> None:
    who, card = await holder(city)
    stopped = await act(who, card, "suspend")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "suspended")
    shown = await who.post("/v1/me/card/presentations", key=None)
    assert (shown.status_code, shown.json()["reason"]) == (409, "card-suspended")
    assert (await act(who, card, "reinstate")).status_code == 403
    started = await act(await reviewer(city, "370100"), card, "reinstate")
    assert (started.status_code, started.json()["state"]) == (200, "active")
    assert (await who.post("/v1/me/card/presentations", key=None)).status_code == 201
    assert await city.events(f"cards/{card['id']}") == [
        "hck.card.issued.v1", "hck.card.suspended.v1", "hck.card.reinstated.v1",
    ]  # fmt: skip


async def test_only_the_province_revokes_and_nothing_follows_a_revocation(city: City) -> None:
    _, card = await holder(city)
    assert (await act(await reviewer(city, "370100"), card, "revoke")).status_code == 403
    province = await reviewer(city, "370000")
    assert (await act(province, card, "revoke")).json()["state"] == "revoked"
    for name in ("suspend", "reinstate", "renew", "replace", "revoke"):
        late = await act(province, card, name)
        assert (late.status_code, late.json()["state"], late.json()["allowed"]) == (
            409, "revoked", [],
        )  # fmt: skip


@pytest.mark.parametrize(("until", "stands"), [("2033-01-01", "2033-01-01"), (None, "2031-03-01")])
async def test_a_renewal_keeps_the_later_day(city: City, until: str | None, stands: str) -> None:
    _, card = await holder(city)
    assert card["valid_until"] == "2031-03-01"
    more = {"valid_until": until} if until else {}
    renewed = await act(await reviewer(city, "370100"), card, "renew", **more)
    assert renewed.json()["valid_until"] == stands
    sooner = await act(await reviewer(city, "370100"), card, "renew", valid_until="2027-01-01")
    assert sooner.json()["valid_until"] == stands


async def test_a_county_does_not_renew_and_another_city_sees_nothing(city: City) -> None:
    qingdao = await city.person("talent", region="370200")
    card = (await qingdao.get("/v1/me/card")).json()
    jinan = await reviewer(city, "370100")
    assert (await jinan.get(f"/v1/cards/{card['id']}")).status_code == 404
    assert (await act(jinan, card, "suspend")).status_code == 404
    _, mine = await holder(city)
    assert (
        await (await reviewer(city, "370102")).get(f"/v1/cards/{mine['id']}")
    ).status_code == 404


async def test_a_replacement_has_a_new_number_and_kills_the_old_card(city: City) -> None:
    who, old = await holder(city)
    answer = await act(await reviewer(city, "370100"), old, "replace")
    new = answer.json()
    assert (answer.status_code, new["state"]) == (200, "active")
    assert new["id"] != old["id"]
    assert new["number"] != old["number"]
    assert (new["valid_until"], new["category"]) == (old["valid_until"], old["category"])
    assert answer.headers["Location"] == f"/v1/cards/{new['id']}"
    dead = (await who.get(f"/v1/cards/{old['id']}")).json()
    assert (dead["state"], dead["replaced_by"]) == ("replaced", new["id"])
    assert (await who.get("/v1/me/card")).json()["id"] == new["id"]
    assert (await city.events(f"cards/{old['id']}"))[-1] == "hck.card.replaced.v1"
    assert await city.events(f"cards/{new['id']}") == ["hck.card.issued.v1"]
    again = await act(await reviewer(city, "370100"), new, "replace")
    assert again.status_code == 200


async def test_two_replacements_at_once_make_one_new_card(city: City) -> None:
    _, card = await holder(city)
    window, path = await reviewer(city, "370100"), f"/v1/cards/{card['id']}"
    tag = (await window.get(path)).headers["ETag"]
    answers = await at_once(*[lambda: window.post(f"{path}/replace", LOST, etag=tag)] * 2)
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_a_card_ends_after_its_last_day_and_is_told_of_once(city: City) -> None:
    who, card = await holder(city)
    city.at("2031-03-01 23:59")
    await city.sweep()
    who, _ = await holder(city)
    assert (await who.get("/v1/me/card")).json()["state"] == "active"
    city.at("2031-03-02 00:00")
    await city.sweep()
    await city.sweep()
    assert (await who.get("/v1/me/card")).json()["state"] == "expired"
    assert await city.events(f"cards/{card['id']}") == [
        "hck.card.issued.v1", "hck.card.reminded.v1", "hck.card.expired.v1",
    ]  # fmt: skip
    async with city.sessions.begin() as session:
        assert await expire_due(session, city.now, 10) == 0


async def test_lists_and_their_filters_stay_within_the_region(city: City) -> None:
    _, mine = await holder(city)
    window = await reviewer(city, "370100")
    found = (await window.get("/v1/cards")).json()["items"]
    assert [each["id"] for each in found] == [mine["id"]]
    assert (found[0]["name"], found[0]["shown_number"]) == ("张明远", mine["shown_number"])
    by_number = await window.get("/v1/cards", params={"number": mine["shown_number"].lower()})
    assert [each["id"] for each in by_number.json()["items"]] == [mine["id"]]
    assert (await window.get("/v1/cards?number=123")).status_code == 422
    assert (await window.get("/v1/cards?state=revoked")).json()["items"] == []
    everywhere = (await (await reviewer(city, "370000")).get("/v1/cards?limit=2")).json()
    assert len(everywhere["items"]) == 2
    assert everywhere["next"]
    centre = (await (await city.person("centre")).get("/v1/cards")).json()["items"]
    assert {each["name"] for each in centre} == {"张*", "王*", "李*"}
    who, _ = await holder(city)
    assert (await who.get("/v1/cards")).status_code == 403


async def test_the_steward_sees_the_cards_of_their_own_talents_and_acts_on_none(
    city: City,
) -> None:
    _, mine = await holder(city)
    steward = await city.person("steward")
    found = (await steward.get("/v1/cards")).json()["items"]
    assert [each["id"] for each in found] == [mine["id"]]
    assert (await act(steward, mine, "suspend")).status_code == 403


async def test_why_is_kept_sealed_and_in_no_event(city: City) -> None:
    who, card = await holder(city)
    await act(who, card, "suspend")
    (note,) = await city.sql("SELECT * FROM opinions WHERE step = 'card'")
    assert "遗失".encode() not in bytes(note["opinion"])
    (event,) = await city.sql("SELECT * FROM events WHERE type = 'hck.card.suspended.v1'")
    assert set(event["data"]) == {"card_id"}


async def test_a_reason_is_needed_and_so_are_key_and_revision(city: City) -> None:
    who, card = await holder(city)
    path = f"/v1/cards/{card['id']}/suspend"
    assert (await who.post(path, {}, etag='"1"')).status_code == 422
    assert (await who.post(path, LOST)).status_code == 428
    assert (await who.post(path, LOST, etag='"7"')).status_code == 412
    assert (await who.post(path, LOST, etag='"1"', key=None)).status_code == 400


async def test_a_new_card_is_no_new_quota(city: City) -> None:
    _, old = await holder(city)
    use = "INSERT INTO quota_uses (card_id, offering, year, used) VALUES ($1, 'X-01', 2026, 3)"
    await city.sql(use, old["id"])
    new = (await act(await reviewer(city, "370100"), old, "replace")).json()
    rows = await city.sql("SELECT used FROM quota_uses WHERE card_id = $1", new["id"])
    assert [row["used"] for row in rows] == [3]
