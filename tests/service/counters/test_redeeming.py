"""card-token.md 11: a benefit is given once for a token, and never more than the year has."""

from datetime import UTC, datetime, timedelta

import pytest

from cards import base45, cbor
from service.counters.standing import local
from tests.city import City
from tests.service.counters.desk import QINGDAO, YANTAI, benefit, desk

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


async def test_a_redemption_says_what_was_given_and_what_is_left(city: City) -> None:
    counter = await desk(city)
    answer = await counter.redeem(await counter.token(), companions=1)
    assert answer.status_code == 201
    given = answer.json()
    assert given == {
        "id": given["id"], "offering": "TR-01", "service_point": counter.point, "companions": 1,
        "redeemed_at": "2026-03-02T10:00:00+08:00", "left": 11, "unit": given["unit"],
        "period": "year",
    }  # fmt: skip
    assert await city.events(f"redemptions/{given['id']}") == ["hck.benefit.redeemed.v1"]
    assert benefit(await counter.verify(await counter.token()), "TR-01")["left"] == 11


async def test_the_event_holds_ids_and_the_counters_region_only(city: City) -> None:
    counter = await desk(city)
    given = (await counter.redeem(await counter.token())).json()
    (event,) = await city.sql(
        "SELECT * FROM events WHERE subject = $1", f"redemptions/{given['id']}"
    )
    assert (event["sequence"], event["region"], event["role"]) == (1, "370112", "client")
    assert event["actor"] == f"clients/{counter.machine.entry['client_id']}"
    assert set(event["data"]) == {
        "redemption_id", "card_id", "offering", "partner_id", "service_point_id", "companions",
        "offline",
    }  # fmt: skip
    (row,) = await city.sql("SELECT * FROM redemptions")
    assert event["data"]["card_id"] == str(row["card_id"])
    assert event["partner_id"] == row["partner_id"]


async def test_a_token_is_used_up_for_every_offering_and_every_counter(city: City) -> None:
    counter, museum = await desk(city), await desk(city, "museum")
    shown = await counter.token()
    assert (await counter.redeem(shown)).status_code == 201
    for answer in (
        await counter.redeem(shown),
        await counter.redeem(shown, "ME-01"),
        await counter.redeem(shown, service_point=counter.points[1]["id"]),
        await counter.redeem(other_s(shown)),
        await museum.redeem(shown, "CT-01"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "token-replayed")
        assert answer.json()["reason"] == "token-replayed"
        assert answer.json()["message"]
    assert (await city.sql("SELECT count(*) FROM redemptions"))[0][0] == 1


async def test_the_same_key_and_body_is_the_first_answer_even_after_the_token_has_expired(
    city: City,
) -> None:
    counter = await desk(city)
    shown = await counter.token()
    first = await counter.redeem(shown, key="k1")
    for _ in range(2):
        city.pass_time(timedelta(minutes=5))
        again = await counter.redeem(shown, key="k1")
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = await counter.redeem(shown, "ME-01", key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    none = await counter.redeem(shown, key=None)
    assert (none.status_code, none.json()["code"]) == (400, "idempotency-key-required")


async def test_a_refusal_leaves_token_key_and_quota_unused(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    answer = await counter.redeem(shown, companions=2, key="k1")
    assert (answer.status_code, answer.json()["code"]) == (422, "companions-not-allowed")
    assert (await city.sql("SELECT count(*) FROM quota_uses"))[0][0] == 0
    assert (await counter.redeem(shown, companions=0, key="k1")).status_code == 201


async def test_a_token_that_does_not_pass_is_refused_with_reason_and_sentence(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    city.pass_time(timedelta(seconds=60))
    for text, reason in ((shown, "expired"), ("HCK1:AAA", "bad-cbor"), ("", "bad-prefix")):
        answer = await counter.redeem(text)
        assert (answer.status_code, answer.json()["code"]) == (422, "token-refused")
        assert answer.json()["reason"] == reason
        assert answer.json()["message"] == answer.json()["detail"]
    assert (await city.sql("SELECT count(*) FROM events WHERE subject LIKE 'redemptions/%'"))[0][
        0
    ] == 0


async def test_nothing_is_given_when_the_year_is_used_up(city: City) -> None:
    counter = await desk(city, "hospital")
    assert (await counter.redeem(await counter.token(), "ME-02")).json()["left"] == 0
    shown = await counter.token()
    told = benefit(await counter.verify(shown), "ME-02")
    assert (told["usable"], told["reason"], told["left"]) == (False, "quota-exhausted", 0)
    answer = await counter.redeem(shown, "ME-02")
    assert (answer.status_code, answer.json()["code"]) == (409, "quota-exhausted")
    assert answer.json()["left"] == 0
    assert (await counter.redeem(shown, "ME-01")).status_code == 201


async def test_last_years_use_does_not_count(city: City) -> None:
    counter = await desk(city, "hospital")
    await city.sql(
        "INSERT INTO quota_uses SELECT id, 'ME-02', 2025, 1 FROM cards WHERE region = '370100'"
    )
    assert (await counter.redeem(await counter.token(), "ME-02")).json()["left"] == 0
    rows = await city.sql("SELECT year, used FROM quota_uses ORDER BY year")
    assert [tuple(row) for row in rows] == [(2025, 1), (2026, 1)]


def test_the_year_is_shanghais() -> None:
    assert local(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)).year == 2026
    assert local(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)).year == 2027


async def test_another_cards_quota_is_its_own(city: City) -> None:
    counter = await desk(city, "hospital")
    assert (await counter.redeem(await counter.token(), "ME-02")).status_code == 201
    assert (await counter.redeem(await counter.token(QINGDAO), "ME-02")).status_code == 201


async def test_a_card_of_another_category_is_not_entitled_and_told_why(city: City) -> None:
    await city.sql("UPDATE offering_versions SET categories = $1 WHERE code = 'TR-01'", [1, 2])
    counter = await desk(city)
    answer = await counter.redeem(await counter.token(YANTAI))
    assert (answer.status_code, answer.json()["code"]) == (409, "not-entitled")
    assert answer.json()["reason"] == "category"


async def test_an_offering_without_a_limit_has_nothing_left_to_count(city: City) -> None:
    await city.sql("UPDATE offering_versions SET annual_limit = NULL WHERE code = 'TR-01'")
    counter = await desk(city)
    assert (await counter.redeem(await counter.token())).json()["left"] is None
    assert benefit(await counter.verify(await counter.token()), "TR-01")["left"] is None


@pytest.mark.parametrize("companions", [-1, 1.5, "two", None, 10**9])
async def test_companions_is_a_number_of_people(city: City, companions: object) -> None:
    counter = await desk(city)
    answer = await counter.redeem(await counter.token(), companions=companions)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")


async def test_unknown_counter_and_offering_are_said_before_the_token_is_used(city: City) -> None:
    counter, museum = await desk(city), await desk(city, "museum")
    shown = await counter.token()
    answer = await counter.redeem(shown, service_point=museum.point)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-service-point")
    answer = await counter.redeem(shown, "HO-01")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-offering")
    assert (await counter.redeem(shown)).status_code == 201


async def test_a_card_suspended_after_the_scan_is_not_served(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    assert (await counter.verify(shown))["result"] == "valid"
    await city.sql("UPDATE cards SET state = 'suspended', revision = revision + 1")
    answer = await counter.redeem(shown)
    assert (answer.status_code, answer.json()["reason"]) == (422, "card-suspended")


async def test_who_may_redeem(city: City) -> None:
    counter = await desk(city)
    body = {"token": "HCK1:", "offering": "TR-01", "service_point": counter.point}
    assert (await city.nobody.post("/v1/redemptions", body)).status_code == 401
    for other in (await city.client("housing"), await city.person("talent")):
        assert (await other.post("/v1/redemptions", body)).status_code == 403


def other_s(text: str) -> str:
    """The same token signed with n − s, which verifies too (2.5)."""
    tag, _ = cbor.decode(base45.decode(text.removeprefix("HCK1:")))
    protected, bare, payload, signature = tag.value
    s = ORDER - int.from_bytes(signature[32:], "big")
    forged = cbor.Tag(18, [protected, bare, payload, signature[:32] + s.to_bytes(32, "big")])
    return "HCK1:" + base45.encode(cbor.encode(forged))
