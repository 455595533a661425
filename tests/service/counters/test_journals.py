"""Journals of counters that were without a network (card-token.md 13.3–13.5)."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.city import City, Someone
from tests.service.counters.desk import QINGDAO, Desk, desk

DOOR = "/v1/offline-journals"


def line(city: City, name: str, token: str, **more: Any) -> dict[str, Any]:
    """One entry, scanned now with a list of now."""
    at = city.now.isoformat()
    entry = {"entry_id": name, "token": token, "offering": "TR-01", "companions": 0}
    return {**entry, "scanned_at": at, "status_list_iat": at, **more}


async def send(counter: Desk, *entries: Any, key: str | None = "fresh") -> httpx.Response:
    body = {"service_point": counter.point, "entries": list(entries)}
    return await counter.machine.post(DOOR, body, key=key)


async def results(counter: Desk, *entries: Any) -> list[dict[str, Any]]:
    answer = await send(counter, *entries)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def used(city: City, offering: str = "TR-01") -> int:
    rows = await city.sql("SELECT sum(used) FROM quota_uses WHERE offering = $1", offering)
    return int(rows[0][0] or 0)


async def reviewer(city: City, region: str = "370000") -> Someone:
    return await city.person("reviewer", region=region)


async def act(city: City, name: str) -> None:
    """A window acts on the card of 济南's sample holder."""
    holder = await city.person("talent", region="370100")
    card = await holder.get("/v1/me/card")
    someone = await reviewer(city)
    path = f"/v1/cards/{card.json()['id']}/{name}"
    done = await someone.post(path, {"reason": "核实"}, etag=card.headers["ETag"])
    assert done.status_code == 200, done.text


async def test_13_3_an_entry_is_accepted_and_counts_as_a_redemption(city: City) -> None:
    counter = await desk(city)
    entry = line(city, "e-1", await counter.token(), companions=1)
    city.pass_time(timedelta(hours=2))
    counter = await desk(city)
    (told,) = await results(counter, entry)
    assert (told["entry_id"], told["outcome"]) == ("e-1", "accepted")
    (row,) = await city.sql("SELECT * FROM redemptions WHERE id = $1", told["redemption"])
    assert (row["offline"], row["over_quota"], row["companions"]) == (True, False, 1)
    assert row["redeemed_at"].isoformat() != city.now.isoformat(), "given when it was scanned"
    assert await used(city) == 1
    assert await city.events(f"redemptions/{told['redemption']}") == ["hck.benefit.redeemed.v1"]


async def test_13_3_one_result_for_each_entry_in_order_and_a_bad_one_stops_no_other(
    city: City,
) -> None:
    counter = await desk(city)
    good = line(city, "good", await counter.token())
    bad: list[Any] = [
        {},
        {"entry_id": "shapeless"},
        line(city, "garbage", "HCK1:A"),
        line(city, "unknown", await counter.token(), offering="XX-99"),
        line(city, "many", await counter.token(), companions=7),
        line(city, "negative", await counter.token(), companions=-1),
        line(city, "no-zone", await counter.token(), scanned_at="2026-03-02T10:00:00"),
        {**line(city, "more", await counter.token()), "surprise": 1},
        line(city, "x" * 201, await counter.token()),
    ]
    told = await results(counter, *bad, good)
    assert [each["entry_id"] for each in told] == [
        None, "shapeless", "garbage", "unknown", "many", "negative", "no-zone", "more", None,
        "good",
    ]  # fmt: skip
    assert [each["outcome"] for each in told] == ["refused"] * 9 + ["accepted"]
    assert [each.get("reason") for each in told[:5]] == [
        "malformed", "malformed", "bad-base45", "unknown-offering", "companions-not-allowed",
    ]  # fmt: skip
    kept = await city.sql("SELECT count(*) FROM offline_entries")
    assert kept[0][0] == 10, "nothing is dropped (13.4)"


async def test_13_4_a_token_used_before_is_a_conflict_whoever_used_it(city: City) -> None:
    airport, museum = await desk(city), await desk(city, "museum")
    redeemed, shared = await airport.token(), await airport.token()
    assert (await airport.redeem(redeemed)).status_code == 201
    first = await results(airport, line(city, "a", redeemed), line(city, "b", shared))
    assert [(e["outcome"], e.get("reason")) for e in first] == [
        ("conflict", "token-replayed"), ("accepted", None),
    ]  # fmt: skip
    other = await results(museum, line(city, "b", shared, offering="CT-01"))
    assert (other[0]["outcome"], other[0]["reason"]) == ("conflict", "token-replayed")
    again = await airport.redeem(shared)
    assert (again.status_code, again.json()["code"]) == (409, "token-replayed")
    assert await used(city) == 2


async def test_13_4_what_was_given_past_the_quota_is_a_conflict_and_never_silent(
    city: City,
) -> None:
    counter = await desk(city)
    await city.pool.execute(
        "INSERT INTO quota_uses SELECT id, 'TR-01', 2026, 11 FROM cards WHERE state = 'active'"
    )
    tokens = [await counter.token() for _ in range(3)]
    told = await results(counter, *(line(city, f"e-{n}", t) for n, t in enumerate(tokens)))
    assert [(e["outcome"], e.get("reason")) for e in told] == [
        ("accepted", None), ("conflict", "quota-exhausted"), ("conflict", "quota-exhausted"),
    ]  # fmt: skip
    rows = await city.sql("SELECT over_quota FROM redemptions ORDER BY id")
    assert [row["over_quota"] for row in rows] == [False, True, True]
    most = await city.sql("SELECT max(used) FROM quota_uses WHERE offering = 'TR-01'")
    assert most[0][0] == 12, "the quota itself is never passed"
    assert (await counter.redeem(tokens[1])).json()["code"] == "token-replayed"


async def test_13_4_every_conflict_reaches_the_centre_and_the_counter(city: City) -> None:
    counter = await desk(city)
    token = await counter.token()
    await results(counter, line(city, "one", token), line(city, "two", token))
    await city.settle()
    centre = await city.person("centre")
    (open_,) = (await centre.get("/v1/centre/conflicts?settled=false")).json()["items"]
    assert (open_["reason"], open_["entry_id"]) == ("token-replayed", "two")
    own = (await counter.machine.get("/v1/offline-conflicts")).json()["items"]
    assert [each["id"] for each in own] == [open_["id"]]
    feed = (await counter.machine.get("/v1/partner/events")).json()["events"]
    assert feed[-1]["type"] == "hck.benefit.conflicted.v1"
    notices = (await centre.get("/v1/me/notices")).json()["items"]
    assert any("离线核销" in each["text"] for each in notices)
    path = f"/v1/centre/conflicts/{open_['id']}/settle"
    done = await centre.post(path, {"note": "两次都是本人,补记"}, etag=open_["etag"])
    assert (done.status_code, done.json()["note"]) == (200, "两次都是本人,补记")
    again = await centre.post(path, {"note": "再来"}, etag=done.headers["ETag"])
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")
    assert (await centre.get("/v1/centre/conflicts?settled=false")).json()["items"] == []
    other = await desk(city, "museum")
    assert (await other.machine.get("/v1/offline-conflicts")).json()["items"] == []
    assert (await counter.machine.get("/v1/centre/conflicts")).status_code == 403


@pytest.mark.parametrize(
    ("offering", "age", "outcome"),
    [
        ("TR-01", timedelta(hours=1), "accepted"),
        ("TR-01", timedelta(hours=1, seconds=1), "refused"),
        ("CT-02", timedelta(hours=24), "accepted"),
        ("CT-02", timedelta(hours=24, seconds=1), "refused"),
    ],
)
async def test_13_2_the_list_s_age_is_an_hour_or_a_day_for_low_value(
    city: City, offering: str, age: timedelta, outcome: str
) -> None:
    await city.pool.execute(
        "UPDATE offering_versions SET low_value = (code = 'CT-02') WHERE code IN ('CT-02', 'TR-01')"
    )
    counter = await desk(city)
    token, iat = await counter.token(), (city.now - age).isoformat()
    entry = line(city, "e", token, offering=offering, status_list_iat=iat)
    (told,) = await results(counter, entry)
    assert told["outcome"] == outcome
    assert told.get("reason") == (None if outcome == "accepted" else "status-unknown")


async def test_13_4_a_card_is_judged_as_the_counter_s_list_had_it(city: City) -> None:
    counter = await desk(city)
    before = line(city, "before", await counter.token())
    known = city.now.isoformat()
    city.pass_time(timedelta(seconds=20))
    unknowing = line(city, "unknowing", await counter.token(), status_list_iat=known)
    city.pass_time(timedelta(seconds=10))
    after_scan = await counter.token()
    await act(city, "suspend")
    city.pass_time(timedelta(seconds=5))
    told = await results(
        counter,
        before,
        unknowing,
        line(city, "could-not-know", after_scan, status_list_iat=known),
        line(city, "knew", after_scan),
    )
    assert [(e["outcome"], e.get("reason")) for e in told] == [
        ("accepted", None), ("accepted", None), ("accepted", None), ("refused", "card-suspended"),
    ]  # fmt: skip


async def test_13_4_scanned_at_is_the_now_of_every_step(city: City) -> None:
    counter = await desk(city)
    token = await counter.token()
    late = (city.now + timedelta(seconds=60)).isoformat()
    city.pass_time(timedelta(minutes=5))
    told = await results(
        counter,
        line(city, "late", token, scanned_at=late, status_list_iat=late),
        line(city, "now", token),
        line(city, "in-time", token, scanned_at=(city.now - timedelta(minutes=5)).isoformat(),
             status_list_iat=(city.now - timedelta(minutes=5)).isoformat()),
    )  # fmt: skip
    assert [(e["outcome"], e.get("reason")) for e in told] == [
        ("refused", "expired"), ("refused", "expired"), ("accepted", None),
    ]  # fmt: skip


@pytest.mark.parametrize(("ahead", "outcome"), [(10, "accepted"), (11, "refused")])
async def test_13_4_a_scan_lies_not_after_the_upload(city: City, ahead: int, outcome: str) -> None:
    counter = await desk(city)
    at = (city.now + timedelta(seconds=ahead)).isoformat()
    (told,) = await results(counter, line(city, "e", await counter.token(), scanned_at=at))
    assert told["outcome"] == outcome


async def test_13_2_a_printed_token_is_refused(city: City) -> None:
    counter = await desk(city)
    told = await results(counter, line(city, "p", "HCK1:"), line(city, "long", "A" * 901))
    assert [each["reason"] for each in told] == ["bad-cbor", "too-long"]


async def test_13_5_the_same_entry_again_keeps_its_outcome_and_changes_nothing(
    city: City,
) -> None:
    counter, token = await desk(city), None
    token = await counter.token()
    entries = [line(city, "a", token), line(city, "b", token), line(city, "c", "x")]
    first = await results(counter, *entries)
    assert await results(counter, *entries) == first
    changed = line(city, "a", await counter.token(), offering="CT-01")
    assert await results(counter, changed) == first[:1]
    assert await used(city) == 1
    assert (await city.sql("SELECT count(*) FROM offline_entries"))[0][0] == 3


async def test_13_5_an_entry_twice_in_one_journal_has_one_outcome(city: City) -> None:
    counter = await desk(city)
    entry = line(city, "a", await counter.token())
    told = await results(counter, entry, entry)
    assert told[0] == told[1]
    assert told[0]["outcome"] == "accepted"


async def test_13_5_another_counter_s_entry_of_that_name_is_another(city: City) -> None:
    airport, museum = await desk(city), await desk(city, "museum")
    await results(airport, line(city, "a", await airport.token()))
    (told,) = await results(museum, line(city, "a", await museum.token(QINGDAO), offering="CT-01"))
    assert told["outcome"] == "accepted"


async def test_a_journal_s_key_gives_the_first_answer_again(city: City) -> None:
    counter = await desk(city)
    entry = line(city, "a", await counter.token())
    first = await send(counter, entry, key="j-1")
    again = await send(counter, entry, key="j-1")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert (await send(counter, key=None)).json()["code"] == "idempotency-key-required"


async def test_what_is_no_journal_is_refused_whole(city: City) -> None:
    counter = await desk(city)
    bodies: list[Any] = [
        {"service_point": counter.point},
        {"entries": []},
        {"service_point": counter.point, "entries": {}},
        {"service_point": counter.point, "entries": [{}] * 501},
        {"service_point": counter.point, "entries": ["x"]},
        {"service_point": "nowhere", "entries": []},
        {"service_point": (await desk(city, "museum")).point, "entries": []},
    ]
    codes = [(await counter.machine.post(DOOR, body)).status_code for body in bodies]
    assert codes == [422] * 7
    empty = await send(counter)
    assert (empty.status_code, empty.json()) == (200, {"results": []})


async def test_500_entries_of_the_longest_kind_fit(city: City) -> None:
    counter = await desk(city)
    entries = [line(city, f"e-{n}", "A" * 900) for n in range(500)]
    told = await results(counter, *entries)
    assert {each["reason"] for each in told} == {"bad-prefix"}


async def test_of_any_number_of_counters_and_journals_one_has_the_token(city: City) -> None:
    airport, museum = await desk(city), await desk(city, "museum")
    tokens = [await airport.token() for _ in range(6)]
    one = [line(city, f"a-{n}", each) for n, each in enumerate(tokens)]
    two = [line(city, f"m-{n}", each, offering="CT-01") for n, each in enumerate(reversed(tokens))]
    done = await asyncio.gather(
        results(airport, *one), results(museum, *two), results(airport, *one),
        *(airport.redeem(each) for each in tokens),
    )  # fmt: skip
    journals, live = done[:3], done[3:]
    accepted = {each["redemption"] for j in journals for each in j if each["outcome"] == "accepted"}
    redeemed = [a for a in live if a.status_code == 201]
    assert len(accepted) + len(redeemed) == 6
    rows = await city.sql("SELECT count(*), count(DISTINCT cti) FROM redemptions")
    assert tuple(rows[0]) == (6, 6)
    assert done[0] == done[2], "the same line has one outcome, however often it is sent"
    total = await city.sql("SELECT sum(used) FROM quota_uses")
    assert total[0][0] == 6


async def test_no_token_is_kept_and_no_stranger_may_send(city: City) -> None:
    counter = await desk(city)
    token = await counter.token()
    await results(counter, line(city, "a", token))
    rows = await city.sql("SELECT offline_entries::text FROM offline_entries")
    assert token not in rows[0][0]
    for other in (await city.client("housing"), await city.person("talent")):
        body = {"service_point": counter.point, "entries": []}
        assert (await other.post(DOOR, body)).status_code == 403


async def test_the_centre_settles_a_conflict_on_its_page(city: City) -> None:
    counter = await desk(city)
    token = await counter.token()
    await results(counter, line(city, "one", token), line(city, "two", token))
    centre = await city.person("centre")
    page = (await centre.get("/centre/conflicts")).text
    assert "同一个码用了两次" in page
    (row,) = await city.sql("SELECT id FROM offline_entries WHERE outcome = 'conflict'")
    path = f"/centre/conflicts/{row['id']}"
    refused = await centre.send("POST", path, data={"_revision": "1", "note": " "})
    assert (refused.status_code, "请写明核对结果" in refused.text) == (422, True)
    done = await centre.send("POST", path, data={"_revision": "1", "note": "本人两次使用"})
    assert done.status_code == 303
    assert "没有待核对的冲突" in (await centre.get("/centre/conflicts")).text
    assert "本人两次使用" in (await centre.get("/centre/conflicts?show=settled")).text
