"""The general manners of api.md 1, over every route that there is."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from litestar.handlers import HTTPRouteHandler

from events.catalogue import EVENTS
from service.app import ROUTES
from service.problems import CATALOGUE
from tests.city import City

OPEN = {
    "/", "/livez", "/readyz", "/metrics", "/oauth/token", "/v1/sessions", "/sign-in",
    "/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/.well-known/cose-keys",
    "/v1/status-lists/{id}", "/v1/tools/deadline", "/problems/{code}", "/schema/asyncapi.json",
    "/schema/events/{name}", "/v1/offerings", "/v1/offerings/{code}", "/v1/card-categories",
    "/v1/public/satisfaction", "/v1/public/card-checks", "/c", "/v1/audit/keys", "/card-worker.js",
    "/offerings", "/offerings/{code}", "/rate/{token}",
    "/v1/public/batches", "/v1/public/batches/{id}", "/batches", "/batches/{id}",
}  # fmt: skip
"""Doors that need no credentials; a new one has to be written down here."""


def handlers() -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in ROUTES:
        if isinstance(route, HTTPRouteHandler):
            for path in route.paths:
                yield re.sub(r"\{(\w+):\w+\}", r"{\1}", path), route


def path_with_values(path: str) -> str:
    values = {"day": "2026-03-02", "id": "0198c0de-0000-7000-8000-000000000000"}
    return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], values["id"]), path)


CLOSED = sorted(
    {
        (method, path)
        for path, handler in handlers()
        for method in handler.http_methods
        if not handler.opt.get("open") and method not in ("OPTIONS", "HEAD")
    }
)
POSTS = sorted(
    path
    for path, handler in handlers()
    if "POST" in handler.http_methods
    and not any(handler.opt.get(word) for word in ("open", "no_key", "page"))
)


def test_the_open_doors_are_those_written_down() -> None:
    opened = {
        re.sub(r"\{\w+\}", "{}", path) for path, handler in handlers() if handler.opt.get("open")
    }
    assert opened <= {re.sub(r"\{\w+\}", "{}", path) for path in OPEN}


@pytest.fixture
async def closed_answers(city: City) -> list[tuple[str, str, Any]]:
    return [
        (method, path, await city.http.request(method, path_with_values(path)))
        for method, path in CLOSED
    ]


async def test_every_other_door_is_closed_to_nobody(closed_answers: list[Any]) -> None:
    for method, path, answer in closed_answers:
        if answer.headers.get("location", "").startswith("/sign-in"):
            continue
        assert answer.status_code == 401, (method, path, answer.status_code)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", POSTS)
def test_every_door_that_acts_is_guarded_by_more_than_signing_in(path: str) -> None:
    handler = next(h for p, h in handlers() if p == path and "POST" in h.http_methods)
    assert handler.guards, path


BODY_FIRST = {"/v1/redemptions"}
"""A fast door that reads its body before it takes a transaction; its own tests ask for the key."""


async def test_every_act_needs_an_idempotency_key(city: City) -> None:
    people = [await city.person("talent"), await city.person("centre")]
    people += [await city.person("reviewer"), await city.client("housing")]
    people += [await city.client("hospital"), await city.person("unit_manager")]
    people += [await city.person("partner_clerk"), await city.person("system_admin")]
    for path in sorted({*POSTS} - BODY_FIRST):
        answers = [
            await someone.post(path_with_values(path), json={}, key=None) for someone in people
        ]
        codes = {answer.json().get("code") for answer in answers}
        assert codes & {"idempotency-key-required"}, (path, codes)


async def test_problems_have_the_form_of_rfc_9457(city: City) -> None:
    answer = await (await city.person("talent")).get("/v1/requests/not-an-id")
    body = answer.json()
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"/problems/{body['code']}"
    assert body["status"] == 404
    assert re.fullmatch(r"[0-9a-f]{32}", body["trace_id"])
    assert body["trace_id"] in answer.headers["traceparent"]


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_problem_is_told_in_chinese_and_says_what_to_do(code: str) -> None:
    kind = CATALOGUE[code]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
    assert re.search(r"[\u4e00-\u9fff]", kind.title)
    assert re.search(r"[\u4e00-\u9fff]", kind.advice)
    assert 400 <= kind.status <= 599


async def test_every_problem_has_its_page(city: City) -> None:
    for code, kind in CATALOGUE.items():
        answer = await city.http.get(f"/problems/{code}")
        assert answer.json()["status"] == kind.status, code
    assert (await city.http.get("/problems/no-such")).status_code == 404


async def test_each_event_s_schema_answers(city: City) -> None:
    for name in EVENTS:
        answer = await city.http.get(f"/schema/events/{name}")
        assert answer.status_code == 200
        assert "type" not in answer.json()["properties"]


async def test_unknown_members_of_a_body_are_422_with_a_pointer(city: City) -> None:
    body = {"login": "x", "password": "y", "surprise": 1}
    answer = await city.http.post("/v1/sessions", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/surprise"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"{" * 10_000, b'{"login": "\\ud800"}'],
)
async def test_a_body_that_is_no_json_object_is_never_a_fault_of_ours(
    city: City, content: bytes
) -> None:
    answer = await city.http.post(
        "/v1/sessions", content=content, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_given_trace_is_continued(city: City) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await city.http.get("/livez", headers={"traceparent": given})
    assert answer.headers["traceparent"].split("-")[1] == given.split("-")[1]
    for broken in ("x", given[:-1], given.replace("00-", "zz-", 1), "00-" + "0" * 32 + given[35:]):
        fresh = await city.http.get("/livez", headers={"traceparent": broken})
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", fresh.headers["traceparent"])


async def test_the_service_tells_how_it_is(city: City) -> None:
    await city.settle()
    assert (await city.http.get("/livez")).json()["status"] == "ok"
    ready = await city.http.get("/readyz")
    assert ready.status_code == 200
    assert set(ready.json()["parts"]) == {"database", "broker", "relay"}
    metrics = (await city.http.get("/metrics")).text
    assert "hck_http_requests_total" in metrics
    assert "hck_relay_lag_seconds" in metrics


async def test_too_many_calls_are_429_with_a_time_to_wait(city: City) -> None:
    limited = city.settings.limit_sign_in
    wrong = {"login": "nobody", "password": "x", "otp": "0" * 11}
    for _ in range(3):
        await city.http.post("/v1/sessions", json=wrong)
    await city.sql("UPDATE rate_counters SET used = $1 WHERE bucket LIKE 'sign-in %'", limited)
    body = {"login": "nobody", "password": "x"}
    await city.http.post("/v1/sessions", json=body)
    await city.sql("UPDATE rate_counters SET used = $1 WHERE bucket LIKE 'sign-in %'", limited)
    answer = await city.http.post("/v1/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    city.pass_time(timedelta(minutes=1))
    assert (await city.http.post("/v1/sessions", json=body)).status_code in (401, 423)
