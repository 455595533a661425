"""card-token.md 10: what a counter is told of a token."""

from datetime import timedelta
from typing import Any

import pytest

from cards import token as tokens
from service.talents.proof import card_keys
from tests.city import City
from tests.service.counters.desk import YANTAI, benefit, desk
from tests.service.talents.cards.print import printed


async def test_a_fresh_token_is_valid_and_tells_the_masked_name_the_card_and_the_benefits(
    city: City,
) -> None:
    counter = await desk(city)
    told = await counter.verify(await counter.token())
    assert (told["result"], told["reason"], told["typ"], told["assurance"]) == (
        "valid", None, "L", "high",
    )  # fmt: skip
    assert told["holder"]["masked_name"].endswith("*")
    assert len(told["holder"]["masked_name"]) == 2
    assert told["card"]["status"] == "active"
    assert told["message"]
    assert told["expires_at"] == "2026-03-02T10:01:00+08:00"
    lounge = benefit(told, "TR-01")
    assert lounge == {
        "offering": "TR-01", "name": "机场贵宾通道", "usable": True, "left": 12,
        "unit": lounge["unit"], "period": "year", "companions_max": 1,
    }  # fmt: skip
    assert not any(each["offering"].startswith("HO") for each in told["benefits"])


async def test_naming_an_offering_asks_for_that_one(city: City) -> None:
    counter = await desk(city)
    told = await counter.verify(await counter.token(), offering="ME-01")
    assert [each["offering"] for each in told["benefits"]] == ["ME-01"]


async def test_verifying_does_not_use_a_token_up(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    for _ in range(3):
        assert (await counter.verify(shown))["result"] == "valid"
    assert (await counter.redeem(shown)).status_code == 201


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "bad-prefix"),
        ("x" * 901, "too-long"),
        ("hck1:abc", "bad-characters"),
        ("HCK1:AAAA", "bad-base45"),
        ("HCK1:AAA", "bad-cbor"),
        ("https://hck.example/c#AAAA", "bad-characters"),
        ("\x00\n卡😀", "bad-characters"),
        ("A" * 60_000, "too-long"),
    ],
)
async def test_any_text_is_answered_with_a_reason_and_a_sentence(
    city: City, text: str, reason: str
) -> None:
    told = await (await desk(city)).verify(text)
    assert (told["result"], told["reason"]) == ("refused", reason)
    assert told["message"] == tokens.MESSAGES[reason]
    assert (told["holder"], told["card"], told["expires_at"], told["benefits"]) == (
        None, None, None, [],
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"service_point": "x"},
        {"token": 7},
        {"token": None},
        {"token": "HCK1:", "more": 1},
        {"token": "HCK1:", "offering": 3},
        [],
        "HCK1:",
    ],
)
async def test_only_another_shape_is_422(city: City, body: Any) -> None:
    counter = await desk(city)
    if isinstance(body, dict):
        body = {"service_point": counter.point} | body
    answer = await counter.machine.post("/v1/verifications", body, key=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")


async def test_a_body_over_64_kib_is_413(city: City) -> None:
    answer = await (await desk(city)).ask("A" * 66_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload-too-large")


async def test_another_partners_counter_is_unknown_and_so_is_any_other_text(city: City) -> None:
    counter, museum = await desk(city), await desk(city, "museum")
    shown = await counter.token()
    for point in (museum.point, "00000000-0000-7000-8000-000000000000", "", "T1"):
        answer = await counter.ask(shown, service_point=point)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-service-point")


async def test_an_offering_that_is_no_benefit_is_unknown(city: City) -> None:
    counter = await desk(city)
    for offering in ("XX-99", "HO-01", ""):
        answer = await counter.ask(await counter.token(), offering=offering)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-offering")


async def test_after_sixty_seconds_it_has_expired(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    city.pass_time(timedelta(seconds=59))
    assert (await counter.verify(shown))["result"] == "valid"
    city.pass_time(timedelta(seconds=1))
    assert (await counter.verify(shown))["reason"] == "expired"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("suspended", "card-suspended"),
        ("revoked", "card-revoked"),
        ("replaced", "card-revoked"),
        ("expired", "card-expired"),
    ],
)
async def test_the_cards_present_state_is_asked_and_told(
    city: City, state: str, reason: str
) -> None:
    counter = await desk(city)
    shown = await counter.token()
    await set_card(city, state=state)
    told = await counter.verify(shown)
    assert told["reason"] == reason
    assert told["card"]["status"] == state
    assert (told["holder"], told["benefits"], told["typ"]) == (None, [], "L")


async def test_a_card_is_good_on_its_last_day_and_not_on_the_next(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    await set_card(city, valid_until="2026-03-02")
    assert (await counter.verify(shown))["result"] == "valid"
    await set_card(city, valid_until="2026-03-01")
    assert (await counter.verify(shown))["reason"] == "card-expired"


async def test_the_steps_keep_their_order(city: City) -> None:
    """A used token of a card that was revoked and has run out: 7.20 comes first."""
    counter = await desk(city)
    shown = await counter.token()
    assert (await counter.redeem(shown)).status_code == 201
    assert (await counter.verify(shown))["reason"] == "token-replayed"
    await set_card(city, valid_until="2026-03-01")
    assert (await counter.verify(shown))["reason"] == "token-replayed"
    await set_card(city, state="revoked")
    assert (await counter.verify(shown))["reason"] == "card-revoked"
    city.pass_time(timedelta(seconds=60))
    assert (await counter.verify(shown))["reason"] == "expired"


async def test_a_token_of_ours_for_no_card_is_unknown(city: City) -> None:
    counter = await desk(city)
    told = await counter.verify(await forged(city, sub="AAAAAAAAAAAA"))
    assert (told["reason"], told["typ"]) == ("card-unknown", "L")


async def test_a_printed_token_is_known_by_its_printing_and_gives_no_benefits(city: City) -> None:
    counter = await desk(city)
    now = int(city.now.timestamp())
    foreign = tokens.Printed("BBBBBBBBBBBB", now - 900, now + 86_400, b"p" * 16)
    key = await card_keys.signer(city.pool, city.now)
    text = tokens.mint_printed(foreign, key, issuer="hck37")
    assert (await counter.verify(text))["reason"] == "card-unknown"
    text = await printed(city)
    told = await counter.verify(text)
    assert (told["result"], told["typ"], told["assurance"]) == ("valid", "P", "low")
    assert told["benefits"] == []
    assert (await counter.verify(text, offering="TR-01"))["reason"] == "type-not-accepted"
    answer = await counter.redeem(text)
    assert (answer.status_code, answer.json()["reason"]) == (422, "type-not-accepted")


async def test_7_22_a_new_printing_withdraws_the_one_before(city: City) -> None:
    counter = await desk(city)
    old = await printed(city)
    holder = await city.person("talent", region="370100")
    card = await holder.get("/v1/me/card")
    path = f"/v1/cards/{card.json()['id']}/prints"
    done = await holder.post(path, {"reason": "卡面磨损"}, etag=card.headers["ETag"])
    assert done.status_code == 201, done.text
    assert (await counter.verify(old))["reason"] == "print-withdrawn"
    assert (await counter.verify(await printed(city)))["result"] == "valid"


async def test_what_is_not_for_the_cards_category_is_shown_with_the_reason(city: City) -> None:
    await only_for(city, "TR-01", [1, 2])
    counter = await desk(city)
    lounge = benefit(await counter.verify(await counter.token(YANTAI)), "TR-01")
    assert (lounge["usable"], lounge["reason"]) == (False, "category")
    assert benefit(await counter.verify(await counter.token()), "TR-01")["usable"] is True


async def test_a_newer_version_of_an_offering_is_seen_with_the_next_scan(city: City) -> None:
    counter = await desk(city)
    assert benefit(await counter.verify(await counter.token()), "CT-01")["left"] == 24
    await city.sql(
        "INSERT INTO offering_versions SELECT (v).* FROM (SELECT jsonb_populate_record(v, "
        " jsonb_build_object('id', $1::text, 'version', 9, 'annual_limit', 3)) AS v"
        " FROM offering_versions v WHERE code = 'CT-01') AS changed",
        "ffffffff-0000-7000-8000-000000000000",
    )
    assert benefit(await counter.verify(await counter.token()), "CT-01")["left"] == 3


async def test_each_look_is_kept_for_the_audit_without_the_token(city: City) -> None:
    counter = await desk(city)
    shown = await counter.token()
    await counter.verify(shown, offering="TR-01")
    await counter.verify("HCK1:AAA")
    city.pass_time(timedelta(seconds=60))
    await counter.verify(shown)
    rows = await city.sql("SELECT * FROM verifications ORDER BY id")
    assert [(row["result"], row["reason"], row["offering"]) for row in rows] == [
        ("valid", None, "TR-01"),
        ("refused", "bad-cbor", None),
        ("refused", "expired", None),
    ]
    assert [row["iss"] for row in rows] == ["hck37", None, "hck37"]
    assert rows[0]["cti"] == rows[2]["cti"]
    assert len(rows[0]["cti"]) == 16
    assert {str(row["service_point_id"]) for row in rows} == {counter.point}
    assert {row["client_id"] for row in rows} == {counter.machine.entry["client_id"]}
    assert all(row["trace"].startswith("00-") for row in rows)
    assert not any(shown in str(dict(row)) for row in rows)


async def test_who_may_verify(city: City) -> None:
    counter = await desk(city)
    body = {"token": "HCK1:", "service_point": counter.point}
    answer = await city.nobody.post("/v1/verifications", body, key=None)
    assert answer.status_code == 401
    for other in (await city.client("housing"), await city.person("talent")):
        answer = await other.post("/v1/verifications", body, key=None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_counter_may_look_at_least_six_hundred_times_a_minute(city: City) -> None:
    assert city.settings.limit_verify >= 600
    assert city.settings.limit_redeem >= 300


async def test_service_points_are_the_callers_own(city: City) -> None:
    airport, museum = await desk(city), await desk(city, "museum")
    assert [each["name"] for each in airport.points] == ["T1 国内出发贵宾厅", "T1 国际出发贵宾厅"]
    assert [each["name"] for each in museum.points] == ["正门检票处"]
    first = await airport.machine.get("/v1/service-points?limit=1")
    assert first.json()["next"]
    rest = await airport.machine.get(f"/v1/service-points?cursor={first.json()['next']}")
    assert [each["id"] for each in rest.json()["items"]] == [airport.points[1]["id"]]
    assert rest.json()["next"] is None


async def set_card(city: City, **values: Any) -> None:
    for name, value in values.items():
        await city.sql(f"UPDATE cards SET {name} = '{value}' WHERE region = '370100'")


async def only_for(city: City, code: str, categories: list[int]) -> None:
    await city.sql("UPDATE offering_versions SET categories = $2 WHERE code = $1", code, categories)


async def forged(city: City, **claims: Any) -> str:
    """A token with the service's own key, as only a thief of it could make."""
    live = tokens.Live("AAAAAAAAAAAA", int(city.now.timestamp()), b"c" * 16, "hck:zz", 1)
    key = await card_keys.signer(city.pool, city.now)
    return tokens.mint_live(live._replace(**claims), key, issuer="hck37")
