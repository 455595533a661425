"""`Idempotency-Key` (api.md 1.4): the same act asked twice happens once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.city import City, Someone

ASKING: dict[str, Any] = {
    "offering": "LE-01",
    "region": "370100",
    "form": {"matter": "咨询专利实施许可合同的条款", "contact_phone": "13800005678"},
}


async def count(city: City) -> int:
    return int((await city.sql("SELECT count(*) FROM requests"))[0][0])


@pytest.fixture
async def talent(city: City) -> Someone:
    return await city.person("talent")


async def test_the_same_key_and_body_give_the_first_answer(city: City, talent: Someone) -> None:
    before, wanted = await count(city), ASKING
    first = await talent.post("/v1/requests", wanted, key="k-1")
    again = await talent.post("/v1/requests", wanted, key="k-1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(city) == before + 1


async def test_another_body_under_the_same_key_is_refused(city: City, talent: Someone) -> None:
    wanted = ASKING
    await talent.post("/v1/requests", wanted, key="k-1")
    refused = await talent.post("/v1/requests", {**wanted, "region": "370200"}, key="k-1")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")


async def test_another_path_under_the_same_key_is_refused(city: City, talent: Someone) -> None:
    made = await talent.post("/v1/requests", ASKING, key="k-1")
    path = f"/v1/requests/{made.json()['id']}/withdraw"
    refused = await talent.post(path, {}, key="k-1", etag=made.headers["etag"])
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")


async def test_another_caller_s_key_is_another_key(city: City, talent: Someone) -> None:
    other = await city.person("talent", region="370200")
    wanted = ASKING
    mine = await talent.post("/v1/requests", wanted, key="k-1")
    theirs = await other.post("/v1/requests", wanted, key="k-1")
    assert mine.json()["id"] != theirs.json()["id"]


async def test_of_many_at_once_one_acts_and_the_rest_wait_or_hear_of_it(
    city: City, talent: Someone
) -> None:
    before, wanted = await count(city), ASKING
    answers = await asyncio.gather(
        *(talent.post("/v1/requests", wanted, key="k-1") for _ in range(8))
    )
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency-key-in-use"}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert await count(city) == before + 1


async def test_an_act_that_was_refused_may_be_mended_under_a_new_key(
    city: City, talent: Someone
) -> None:
    wanted = ASKING
    refused = await talent.post("/v1/requests", {**wanted, "region": "999999"}, key="k-1")
    assert refused.status_code == 422
    assert (await talent.post("/v1/requests", wanted, key="k-2")).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "中", "x" * 201, "\x7f"])
async def test_a_key_that_is_not_visible_ascii_is_as_none(
    city: City, talent: Someone, key: str
) -> None:
    headers = [
        (b"Idempotency-Key", key.encode()),
        *((name.encode(), value.encode()) for name, value in talent.headers.items()),
    ]
    refused = await city.http.post("/v1/requests", json=ASKING, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-required")


async def test_a_key_is_kept_for_a_day_at_least(city: City, talent: Someone) -> None:
    wanted = ASKING
    first = await talent.post("/v1/requests", wanted, key="k-1")
    city.pass_time(timedelta(hours=11, minutes=59))
    again = await talent.post("/v1/requests", wanted, key="k-1")
    assert again.json()["id"] == first.json()["id"]


async def test_what_a_key_keeps_is_sealed_and_still_the_first_answer(
    city: City, talent: Someone
) -> None:
    first = await talent.post("/v1/requests", ASKING, key="k-1")
    kept = (await city.sql("SELECT body FROM idempotency_keys WHERE key = 'k-1'"))[0]["body"]
    assert first.json()["number"].encode() not in bytes(kept)
    again = await talent.post("/v1/requests", ASKING, key="k-1")
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
