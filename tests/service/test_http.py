"""HTTP itself, as any client may rely on it beside api.md 1 (RFC 9110)."""

import re

import pytest

from tests.city import City
from tests.service.test_manners import CLOSED, path_with_values

SIGN_IN = {"login": "nobody", "password": "x"}


@pytest.mark.parametrize("path", ["/v1/offerings", "/livez", "/schema/openapi.json", "/sign-in"])
async def test_head_is_get_without_the_body(city: City, path: str) -> None:
    whole, head = await city.http.get(path), await city.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == whole.headers.get(name), name


async def test_head_is_guarded_as_get_is(city: City) -> None:
    refused = await city.http.head("/v1/requests")
    assert (refused.status_code, refused.content) == (401, b"")
    talent = await city.person("talent")
    assert (await talent.send("HEAD", "/v1/centre/overview")).status_code == 403
    assert (await talent.send("HEAD", path_with_values("/v1/requests/{id}"))).status_code == 404


async def test_head_of_a_stream_ends(city: City) -> None:
    centre = await city.person("centre")
    head = await centre.send("HEAD", "/v1/centre/stream")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


async def test_options_tells_the_methods_of_every_door_to_everybody(city: City) -> None:
    for method, path in CLOSED:
        told = await city.http.options(path_with_values(path))
        assert told.status_code == 204, (method, path)
        allowed = told.headers["allow"].split(", ")
        assert method in allowed, path
        assert ("HEAD" in allowed) == ("GET" in allowed)
    assert (await city.http.options("/v1/nothing")).status_code == 404


async def test_a_method_that_a_door_lacks_is_405_with_those_it_has(city: City) -> None:
    for method, path in (("PUT", "/v1/offerings"), ("TRACE", "/livez"), ("POST", "/v1/me")):
        refused = await city.http.request(method, path)
        assert (refused.status_code, refused.json()["code"]) == (405, "method-not-allowed")
        assert refused.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_what_a_form_elsewhere_can_send_is_no_json(city: City, kind: str) -> None:
    """A page elsewhere may send these three without being asked: 415 (api.md 1.1, 1.3)."""
    headers = {"Content-Type": kind}
    refused = await city.http.post("/v1/sessions", content=b'{"login": "x"}', headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"]
)
async def test_json_by_any_of_its_names_is_read(city: City, kind: str) -> None:
    body = b'{"login": "nobody", "password": "x"}'
    answer = await city.http.post("/v1/sessions", content=body, headers={"Content-Type": kind})
    assert answer.json()["code"] == "wrong-credentials"
    assert (await city.http.post("/v1/sessions", content=body)).json()["code"] == (
        "wrong-credentials"
    )


async def test_a_401_says_how_to_come_in(city: City) -> None:
    for answer in (
        await city.http.get("/v1/me"),
        await city.http.get("/v1/me", headers={"Authorization": "Bearer x"}),
        await city.http.post("/v1/sessions", json=SIGN_IN),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("content", [b"", b"{", b'{"login": "\\ud800"}', b"\xff\xfe", b"{'a': 1}"])
async def test_a_body_that_cannot_be_read_is_told_like_any_bad_body(
    city: City, content: bytes
) -> None:
    """`errors` for every bad body (api.md 1.3)."""
    refused = await city.http.post(
        "/v1/sessions", content=content, headers={"Content-Type": "application/json"}
    )
    assert refused.status_code in (400, 422)
    for error in refused.json()["errors"]:
        assert set(error) == {"pointer", "code", "detail"}
        assert re.search(r"[\u4e00-\u9fff]", error["detail"])


async def test_text_that_the_database_cannot_hold_is_the_caller_s_matter(city: City) -> None:
    """No 5xx for any input (api.md 1.3): U+0000 in a body, in a form and in a query."""
    answer = await city.http.post("/v1/sessions", json={"login": "a\0", "password": "b"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unstorable")
    form = {"grant_type": "client_credentials", "client_id": "a\0", "client_secret": "b"}
    assert (await city.http.post("/oauth/token", data=form)).status_code in (400, 401)
    page = await city.http.post("/sign-in", data={"login": "a\0", "password": "b"})
    assert page.status_code < 500
    talent = await city.person("talent")
    for path in ("/v1/offerings?q=%00", "/v1/offerings/%00", "/v1/requests?state=%00"):
        assert (await talent.get(path)).status_code < 500, path


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_page_elsewhere_cannot_sign_somebody_in(city: City, origin: str) -> None:
    """Nobody's browser is signed in as the attacker, who would then read what is typed there."""
    talent = city.entry("talent")
    form = {"login": talent["login"], "password": talent["password"]}
    refused = await city.http.post("/sign-in", data=form, headers={"Origin": origin})
    assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
    own = {"Origin": str(city.http.base_url).rstrip("/")}
    assert (await city.http.post("/sign-in", data=form, headers=own)).status_code == 303
