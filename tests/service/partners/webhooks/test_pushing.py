"""Events pushed to a partner's address (events.md 4), over a real receiver."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.partners.webhooks import delivering
from tests.city import City, Someone
from tests.service.partners.test_feed import append, offer
from tests.service.partners.webhooks.receiver import Got, Receiver, receiving
from workers import webhooks

DOOR = "/v1/partner/webhooks"


@pytest.fixture(autouse=True)
def _receivers_are_on_the_loopback_address(city: City) -> None:
    allowed = msgspec.structs.replace(city.settings, webhook_networks="127.0.0.0/8")
    city.settings = city.app.state.settings = allowed


async def push(city: City) -> int:
    """Plan and make every delivery that is due."""
    return await webhooks.push_due(city.sessions, webhooks.Caller(city.settings), lambda: city.now)


async def subscribed(who: Someone, receiver: Receiver, **more: Any) -> dict[str, Any]:
    answer = await who.post(DOOR, {"url": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def happen(city: City, who: Someone, count: int = 1) -> None:
    async with city.sessions.begin() as session:
        for _ in range(count):
            await append(session, city, offer(who))


async def deliveries(who: Someone, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await who.get(f"{DOOR}/{webhook['id']}/deliveries")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def signed_by(secret: str, call: Got) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}."
    mac = hmac.digest(key, head.encode() + call.body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac).decode()}"


async def test_an_event_arrives_signed_and_is_the_feed_s_own(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        made = await subscribed(housing, receiver)
        await happen(city, housing)
        assert await push(city) == 1
        (call,) = receiver.events
    feed = (await housing.get("/v1/partner/events")).json()["events"]
    assert call.event == feed[-1], "push and pull say the same (4.6)"
    assert call.headers["content-type"].startswith("application/cloudevents+json")
    assert call.headers["webhook-id"] == call.event["id"]
    assert call.headers["webhook-timestamp"] == str(int(city.now.timestamp()))
    assert call.headers["webhook-signature"] == signed_by(made["secret"], call)
    (sent,) = await deliveries(housing, made)
    assert (sent["state"], sent["tries"], sent["answers"][0]["status"]) == ("delivered", 1, 204)
    assert sent["request"] == call.event


async def test_only_what_concerns_the_partner_and_is_of_its_types_is_sent(city: City) -> None:
    housing, bank = await city.client("housing"), await city.client("bank1")
    async with receiving() as receiver:
        await subscribed(housing, receiver, types=["hck.request.bounced.v1"])
        await happen(city, housing)
        await happen(city, bank)
        assert await push(city) == 0
        assert receiver.calls == []


async def test_what_happened_before_the_subscription_is_not_sent(city: City) -> None:
    housing = await city.client("housing")
    await happen(city, housing, 3)
    async with receiving() as receiver:
        await subscribed(housing, receiver)
        assert await push(city) == 0


async def test_the_receiver_is_asked_before_its_first_delivery_and_once(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        made = await subscribed(housing, receiver)
        await happen(city, housing, 2)
        await push(city)
        assert [each.method for each in receiver.calls] == ["OPTIONS", "POST", "POST"]
        assert receiver.asked[0].headers["webhook-request-origin"] == "hck.example"
    shown = (await housing.get(f"{DOOR}/{made['id']}")).json()
    assert shown["confirmed_at"] is not None


@pytest.mark.parametrize(
    "how",
    [
        {"consent": {}},
        {"consent": {"WebHook-Allowed-Origin": "elsewhere.example"}},
        {"consent_status": 405},
        {"consent_status": 302},
    ],
)
async def test_without_consent_nothing_is_sent(city: City, how: dict[str, Any]) -> None:
    housing = await city.client("housing")
    async with receiving(**how) as receiver:
        made = await subscribed(housing, receiver)
        await happen(city, housing)
        await push(city)
        assert receiver.events == []
    (sent,) = await deliveries(housing, made)
    assert (sent["state"], sent["answers"][0]["error"]) == ("waiting", "no-consent")


async def test_another_address_must_consent_anew(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as first, receiving() as second:
        made = await subscribed(housing, first)
        await happen(city, housing)
        await push(city)
        path = f"{DOOR}/{made['id']}"
        tag = (await housing.get(path)).headers["ETag"]
        assert (await housing.patch(path, {"url": second.url}, etag=tag)).status_code == 200
        await happen(city, housing)
        await push(city)
        assert (len(first.events), len(second.asked), len(second.events)) == (1, 1, 1)


async def test_the_allowed_rate_is_kept(city: City) -> None:
    housing = await city.client("housing")
    consent = {"WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "3"}
    async with receiving(consent=consent) as receiver:
        await subscribed(housing, receiver)
        await happen(city, housing, 8)
        await push(city)
        first = len(receiver.events)
        city.pass_time(timedelta(seconds=30))
        await push(city)
        assert len(receiver.events) == first
        city.pass_time(timedelta(seconds=31))
        await push(city)
        assert len(receiver.events) - first == 3
    assert first in (3, 4), "the one that asked for consent goes before the rate is known"


async def test_a_failure_is_tried_ten_times_over_about_75_hours(city: City) -> None:
    housing = await city.client("housing")
    begun = city.now
    async with receiving(status=500, answer="忙".encode()) as receiver:
        made = await subscribed(housing, receiver)
        await happen(city, housing)
        while True:
            await push(city)
            (sent,) = await deliveries(housing, made)
            if sent["next_at"] is None:
                break
            city.at(sent["next_at"])
            housing = await city.client("housing")
        assert len(receiver.events) == 10
        assert len({each.body for each in receiver.events}) == 1, "the same octets at every try"
    assert timedelta(hours=65) < city.now - begun < timedelta(hours=85)
    assert (sent["state"], sent["tries"]) == ("failed", 10)
    assert [each["status"] for each in sent["answers"]] == [500] * 10
    assert sent["answers"][0]["answer"] == "忙"


async def test_retry_after_is_kept(city: City) -> None:
    housing = await city.client("housing")
    async with receiving(status=503, headers={"Retry-After": "600"}) as receiver:
        await subscribed(housing, receiver)
        await happen(city, housing)
        await push(city)
        city.pass_time(timedelta(seconds=590))
        assert await push(city) == 0
        city.pass_time(timedelta(seconds=11))
        receiver.status = 200
        assert await push(city) == 1


async def test_410_ends_the_subscription(city: City) -> None:
    housing = await city.client("housing")
    async with receiving(status=410) as receiver:
        made = await subscribed(housing, receiver)
        await happen(city, housing, 3)
        await push(city)
        assert len(receiver.events) == 1
    path = f"{DOOR}/{made['id']}"
    assert (await housing.get(path)).json()["state"] == "ended"
    assert await city.events(f"webhooks/{made['id']}") == [
        "hck.webhook.made.v1", "hck.webhook.ended.v1",
    ]  # fmt: skip
    refused = await housing.post(f"{path}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")


async def test_120_hours_of_nothing_but_failure_disable_it_and_both_sides_hear(city: City) -> None:
    housing = await city.client("housing")
    async with receiving(status=500) as receiver:
        made = await subscribed(housing, receiver)
        await happen(city, housing)
        await push(city)
        city.pass_time(timedelta(hours=119))
        await happen(city, housing)
        await push(city)
        housing = await city.client("housing")
        path = f"{DOOR}/{made['id']}"
        assert (await housing.get(path)).json()["state"] == "active"
        city.pass_time(timedelta(hours=2))
        await push(city)
        housing = await city.client("housing")
        shown = await housing.get(path)
        assert shown.json()["state"] == "disabled"
        await city.settle()
        told = await city.sql("SELECT text FROM notices WHERE kind LIKE '%webhook%'")
        assert len(told) >= 2, "the partner's clerks and the centre"
        await happen(city, housing)
        city.pass_time(timedelta(days=3))
        assert await push(city) == 0, "nothing is sent while it is off"
        receiver.status = 200
        housing = await city.client("housing")
        before = len(receiver.events)
        on = await housing.patch(path, {}, etag=shown.headers["ETag"])
        assert on.json()["state"] == "active"
        await push(city)
        ids = {each.event["id"] for each in receiver.events[before:]}
        assert len(ids) == 3, "turned on again it goes on from where it was"


async def test_one_that_delivered_in_between_is_not_disabled(city: City) -> None:
    housing = await city.client("housing")
    async with receiving(status=500) as receiver:
        made = await subscribed(housing, receiver)
        for hours in (0, 100, 100):
            city.pass_time(timedelta(hours=hours))
            receiver.status = 200 if hours == 0 else 500
            await happen(city, housing)
            await push(city)
        housing = await city.client("housing")
        assert (await housing.get(f"{DOOR}/{made['id']}")).json()["state"] == "active"


async def test_a_redirect_is_not_followed(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as other, receiving(status=307) as receiver:
        receiver.headers["Location"] = other.url
        made = await subscribed(housing, receiver)
        await happen(city, housing)
        await push(city)
        assert other.calls == []
    (sent,) = await deliveries(housing, made)
    assert (sent["state"], sent["answers"][0]["status"]) == ("waiting", 307)


async def test_a_slow_receiver_delays_nobody_else(city: City) -> None:
    housing, bank = await city.client("housing"), await city.client("bank1")
    async with receiving(hold=asyncio.Event()) as slow, receiving() as quick:
        await subscribed(housing, slow)
        await subscribed(bank, quick)
        await happen(city, housing, 30)
        await happen(city, bank, 30)
        pusher = webhooks.Pusher(city.sessions, lambda: city.now, webhooks.Caller(city.settings))
        await pusher.plan()
        while len(quick.events) < 30:
            await pusher.begin()
            # As the loop does: it looks again soon, whether or not a call has ended meanwhile.
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait(pusher.tasks, timeout=webhooks.POLL_SECONDS, return_when=first)
        assert len(slow.events) <= 8
        assert slow.hold is not None
        slow.hold.set()
        await pusher.idle()


async def test_many_that_hang_leave_places_for_the_rest(city: City) -> None:
    """Of 11 partners 6 hang until the time limit; the others
    have every event before a single hanging call is over (events.md 4.4)."""
    housing, bank = await city.client("housing"), await city.client("bank1")
    hang = asyncio.Event()
    async with contextlib.AsyncExitStack() as open_:
        stuck = [await open_.enter_async_context(receiving(hold=hang)) for _ in range(6)]
        quick = [await open_.enter_async_context(receiving()) for _ in range(5)]
        for receiver in stuck:
            made = await subscribed(housing, receiver)
            await city.sql(
                "UPDATE webhooks SET failing_since = $1 WHERE id = $2", city.now, UUID(made["id"])
            )
        for receiver in quick:
            await subscribed(bank, receiver)
        await happen(city, housing, 20)
        await happen(city, bank, 20)
        pusher = webhooks.Pusher(city.sessions, lambda: city.now, webhooks.Caller(city.settings))
        await pusher.plan()
        while any(len(receiver.events) < 20 for receiver in quick):
            await pusher.begin()
            assert len(pusher.tasks) <= len(stuck) + len(quick) * delivering.AT_ONCE
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait(pusher.tasks, timeout=webhooks.POLL_SECONDS, return_when=first)
        assert [len(receiver.events) for receiver in stuck] == [1] * 6
        hang.set()
        await pusher.idle()


async def test_one_that_failed_has_all_its_places_again_after_one_success(city: City) -> None:
    housing = await city.client("housing")
    async with receiving(status=500) as receiver:
        await subscribed(housing, receiver)
        await happen(city, housing, 4)
        pusher = webhooks.Pusher(city.sessions, lambda: city.now, webhooks.Caller(city.settings))
        await pusher.plan()
        for most in (1, 1):
            assert await pusher.begin() == most
            await pusher.idle()
        receiver.status = 204
        assert await pusher.begin() == 1
        await pusher.idle()
        assert await pusher.begin() == 1
        await pusher.idle()
        city.pass_time(timedelta(seconds=10))
        assert await pusher.begin() == 2
        await pusher.idle()


async def test_a_receiver_that_is_gone_is_a_failure_with_a_code(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        made = await subscribed(housing, receiver)
    await happen(city, housing)
    await push(city)
    (sent,) = await deliveries(housing, made)
    assert (sent["state"], sent["answers"][0]["error"]) == ("waiting", "not-reached")


async def test_many_pushers_send_each_event_once(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        await subscribed(housing, receiver)
        await happen(city, housing, 40)
        await asyncio.gather(*(push(city) for _ in range(4)))
        while await push(city):
            pass
        ids = [each.event["id"] for each in receiver.events]
    assert len(ids) == len(set(ids)) == 40


async def test_a_pusher_that_died_before_it_recorded_is_made_up_for(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        await subscribed(housing, receiver)
        await happen(city, housing)
        pusher = webhooks.Pusher(city.sessions, lambda: city.now, webhooks.Caller(city.settings))
        await pusher.plan()
        async with city.sessions.begin() as session:
            taken = await delivering.claim(
                session, city.now, base_url=city.settings.base_url, busy={}
            )
        assert len(taken) == 1
        assert await push(city) == 0, "it is somebody's"
        city.pass_time(timedelta(seconds=61))
        assert await push(city) == 1, "whose lease is over"
        async with city.sessions.begin() as session:
            late = delivering.Outcome(status=500)
            await delivering.record(session, taken[0], late, city.now)
        assert len(receiver.events) == 1
        assert await push(city) == 0, "what comes too late changes nothing"


async def test_after_a_rotation_both_secrets_sign_for_a_day(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        made = await subscribed(housing, receiver)
        path = f"{DOOR}/{made['id']}"
        tag = (await housing.get(path)).headers["ETag"]
        new = (await housing.post(f"{path}/rotate", etag=tag)).json()
        assert new["secret"] != made["secret"]
        await happen(city, housing)
        await push(city)
        call = receiver.events[-1]
        both = call.headers["webhook-signature"].split(" ")
        assert both == [signed_by(new["secret"], call), signed_by(made["secret"], call)]
        city.pass_time(timedelta(hours=24))
        await happen(city, housing)
        await push(city)
        call = receiver.events[-1]
        assert call.headers["webhook-signature"] == signed_by(new["secret"], call)


async def test_ed25519_signs_on_request(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        made = await subscribed(housing, receiver, signatures=["v1", "v1a"])
        await happen(city, housing)
        await push(city)
        call = receiver.events[-1]
    shown = (await housing.get(f"{DOOR}/{made['id']}")).json()
    key = base64.b64decode(shown["public_key"].removeprefix("whpk_"))
    v1, v1a = call.headers["webhook-signature"].split(" ")
    assert v1 == signed_by(made["secret"], call)
    head = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}."
    signature = base64.b64decode(v1a.removeprefix("v1a,"))
    Ed25519PublicKey.from_public_bytes(key).verify(signature, head.encode() + call.body)


async def test_redelivery_and_replay_send_the_same_events_again(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        made = await subscribed(housing, receiver)
        since = city.now.isoformat()
        city.pass_time(timedelta(minutes=1))
        await happen(city, housing, 3)
        await push(city)
        path = f"{DOOR}/{made['id']}"
        one = (await deliveries(housing, made))[0]
        again = await housing.post(f"{path}/deliveries/{one['id']}/redeliver")
        assert (again.status_code, again.json()["cause"]) == (201, "redelivery")
        assert await push(city) == 1
        assert receiver.events[-1].event["id"] == one["event_id"]
        replayed = await housing.post(f"{path}/replay", {"from": since})
        assert (replayed.status_code, replayed.json()) == (202, {"deliveries": 3})
        assert await push(city) == 3
        assert len({each.event["id"] for each in receiver.events}) == 3


async def test_a_test_is_sent_and_means_nothing(city: City) -> None:
    housing = await city.client("housing")
    async with receiving() as receiver:
        made = await subscribed(housing, receiver)
        asked = await housing.post(f"{DOOR}/{made['id']}/test")
        assert asked.status_code == 201
        await push(city)
        sent = receiver.events[-1].event
    assert (sent["type"], sent["sequence"]) == ("hck.webhook.test.v1", 1)
    assert (await city.http.get(sent["dataschema"])).json()["required"] == ["webhook_id"]
    (shown,) = await deliveries(housing, made)
    assert (shown["state"], shown["request"]) == ("delivered", sent)
