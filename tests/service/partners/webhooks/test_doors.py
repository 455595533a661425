"""Webhooks' doors (events.md 4.1, 4.5): whose they are, what may be given, what is never shown."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.partners.webhooks import addresses, delivering
from service.partners.webhooks.addresses import AddressRefused
from tests.city import MONDAY, City
from tests.service.partners.webhooks.test_pushing import happen
from workers.webhooks import retry_after

DOOR = "/v1/partner/webhooks"
URL = "https://93.184.216.34/events"


async def test_the_secret_is_shown_once_and_kept_sealed(city: City) -> None:
    housing = await city.client("housing")
    made = await housing.post(DOOR, {"url": URL})
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    assert made.headers["Cache-Control"] == "no-store"
    path = f"{DOOR}/{made.json()['id']}"
    assert "secret" not in (await housing.get(path)).json()
    assert secret not in (await housing.get(DOOR)).text
    dump = await city.sql("SELECT webhooks::text FROM webhooks")
    kept = await city.sql("SELECT encode(body, 'escape') FROM idempotency_keys")
    assert not any(secret in row[0] for row in [*dump, *kept])


async def test_a_partner_sees_its_own_only(city: City) -> None:
    housing, bank = await city.client("housing"), await city.client("bank1")
    made = (await housing.post(DOOR, {"url": URL})).json()
    path = f"{DOOR}/{made['id']}"
    assert (await bank.get(DOOR)).json()["items"] == []
    for answer in (
        await bank.get(path),
        await bank.patch(path, {"types": []}, etag=made["etag"]),
        await bank.delete(path, headers={"If-Match": made["etag"]}),
        await bank.post(f"{path}/rotate", etag=made["etag"]),
        await bank.post(f"{path}/test"),
        await bank.get(f"{path}/deliveries"),
        await bank.post(f"{path}/replay", {"from": city.now.isoformat()}),
    ):
        assert answer.status_code == 404, answer.text
    talent = await city.person("talent", region="370100")
    assert (await talent.get(DOOR)).status_code == 403


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://93.184.216.34/x", "https-only"),
        ("https://10.0.0.1/x", "address-refused"),
        ("https://192.168.1.1/", "address-refused"),
        ("https://127.0.0.1/x", "address-refused"),
        ("https://169.254.169.254/latest/meta-data", "address-refused"),
        ("https://0.0.0.0/", "address-refused"),
        ("https://224.0.0.1/", "address-refused"),
        ("https://255.255.255.255/", "address-refused"),
        ("https://100.64.0.1/", "address-refused"),
        ("https://[::1]/", "address-refused"),
        ("https://[fe80::1]/", "address-refused"),
        ("https://[fd00::1]/", "address-refused"),
        ("https://[::ffff:127.0.0.1]/", "address-refused"),
        ("https://[64:ff9b::7f00:1]/", "address-refused"),
        ("https://[2002:7f00:1::]/", "address-refused"),
        ("https://localhost/", "address-refused"),
        ("https://user:word@93.184.216.34/", "malformed"),
        ("https://93.184.216.34/#part", "malformed"),
        ("ftp://93.184.216.34/", "malformed"),
        ("https:///x", "malformed"),
        ("https://93.184.216.34:99999/", "malformed"),
        ("https://93.184.216.34/\r\nX: y", "malformed"),
        ("https://例子.example/", "malformed"),
        ("javascript:alert(1)", "malformed"),
        ("https://93.184.216.34/" + "x" * 500, "malformed"),
    ],
)
async def test_an_address_that_is_not_to_be_called_is_refused(
    city: City, url: str, code: str
) -> None:
    housing = await city.client("housing")
    refused = await housing.post(DOOR, {"url": url})
    assert refused.status_code == 422, refused.text
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/url", code)]


@given(st.ip_addresses(v=4))
def test_no_wrapping_in_ipv6_makes_an_inner_address_public(inner: IPv4Address) -> None:
    number = int(inner)
    wrapped = (0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x64FF9B << 96 | number)
    for each in wrapped:
        if not addresses.is_public(inner):
            assert not addresses.is_public(IPv6Address(each))


async def test_a_name_that_changes_after_it_was_given_is_looked_up_again_and_refused() -> None:
    allowed = addresses.networks_of("127.0.0.0/8, ::1/128")
    _, address = await addresses.resolve("http://localhost:1/", allowed)
    assert address.is_loopback
    with pytest.raises(AddressRefused, match="address-refused"):
        await addresses.resolve("http://localhost:1/", [])
    with pytest.raises(AddressRefused, match="not-resolved"):
        await addresses.resolve("https://no-such-host.invalid/", [])


async def test_a_type_that_does_not_exist_is_named(city: City) -> None:
    housing = await city.client("housing")
    types = ["hck.request.offered.v1", "hck.request.nothing.v1"]
    refused = await housing.post(DOOR, {"url": URL, "types": types})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/types/1"


async def test_acts_need_the_revision_that_was_seen(city: City) -> None:
    housing = await city.client("housing")
    made = (await housing.post(DOOR, {"url": URL})).json()
    path = f"{DOOR}/{made['id']}"
    assert (await housing.post(f"{path}/rotate")).status_code == 428
    assert (await housing.patch(path, {"types": []})).status_code == 428
    assert (await housing.delete(path)).status_code == 428
    assert (await housing.post(f"{path}/rotate", etag=made["etag"])).status_code == 200
    assert (await housing.post(f"{path}/rotate", etag=made["etag"])).status_code == 412


async def test_a_delivery_makes_no_new_revision(city: City) -> None:
    housing = await city.client("housing")
    made = (await housing.post(DOOR, {"url": URL})).json()
    path = f"{DOOR}/{made['id']}"
    await housing.post(f"{path}/test")
    async with city.sessions.begin() as session:
        await delivering.claim(session, city.now, base_url="http://x", busy={})
    assert (await housing.get(path)).headers["ETag"] == made["etag"]
    known = await housing.get(path, headers={"If-None-Match": made["etag"]})
    assert known.status_code == 304


async def test_deleted_is_gone_from_the_list_and_nothing_more_is_tried(city: City) -> None:
    housing = await city.client("housing")
    made = (await housing.post(DOOR, {"url": URL})).json()
    path = f"{DOOR}/{made['id']}"
    await housing.post(f"{path}/test")
    gone = await housing.delete(path, headers={"If-Match": made["etag"]})
    assert gone.status_code == 204
    assert (await housing.get(DOOR)).json()["items"] == []
    (sent,) = (await housing.get(f"{path}/deliveries")).json()["items"]
    assert (sent["state"], sent["next_at"]) == ("failed", None)


async def test_a_partner_has_at_most_twenty(city: City) -> None:
    housing = await city.client("housing")
    answers = await asyncio.gather(*(housing.post(DOOR, {"url": URL}) for _ in range(22)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] * 20 + [409] * 2
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"too-many-webhooks"}


@pytest.mark.parametrize("back", [timedelta(days=91), -timedelta(minutes=1)])
async def test_a_replay_begins_within_what_is_kept(city: City, back: timedelta) -> None:
    housing = await city.client("housing")
    made = (await housing.post(DOOR, {"url": URL})).json()
    since = (city.now - back).isoformat()
    refused = await housing.post(f"{DOOR}/{made['id']}/replay", {"from": since})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/from")


def test_the_waits_grow_are_jittered_and_end() -> None:
    now = MONDAY
    for tries in range(1, delivering.TRIES):
        wait = delivering.WAITS[tries - 1]
        drawn = [delivering.next_try(tries, None, now) for _ in range(50)]
        assert all(each is not None and abs(each - now - wait) <= wait / 10 for each in drawn)
        assert len(set(drawn)) > 1
    assert delivering.next_try(delivering.TRIES, 5, now) is None
    asked = delivering.next_try(1, 10**9, now)
    assert asked == now + delivering.LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120),
        ("Mon, 02 Mar 2026 02:01:00 GMT", 60),
        ("Mon, 02 Mar 2020 02:01:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, 10**8),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str | None, seconds: int | None) -> None:
    assert retry_after(text, MONDAY) == seconds


async def test_a_digest_proves_that_nothing_was_missed(city: City) -> None:
    housing, bank = await city.client("housing"), await city.client("bank1")
    await happen(city, housing, 4)
    await happen(city, bank)
    digest = (await housing.get("/v1/partner/digests/2026-03-02")).json()
    seen = (await housing.get("/v1/partner/events")).json()["events"]
    assert digest["ids"] == sorted(each["id"] for each in seen)
    assert (digest["count"], digest["complete"]) == (4, False)
    assert digest["sha256"] == sha256("".join(f"{i}\n" for i in digest["ids"]).encode()).hexdigest()
    city.pass_time(timedelta(days=1))
    housing = await city.client("housing")
    assert (await housing.get("/v1/partner/digests/2026-03-02")).json()["complete"] is True
    empty = (await housing.get("/v1/partner/digests/2026-03-03")).json()
    assert (empty["count"], empty["ids"]) == (0, [])
    for day in ("2026-03-04", "2025-11-01"):
        assert (await housing.get(f"/v1/partner/digests/{day}")).status_code == 404
