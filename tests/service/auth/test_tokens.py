"""Machines (api.md 2.1): client credentials, private_key_jwt, RFC 9068 tokens, metadata."""

import base64
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from tests.city import City

GRANT = {"grant_type": "client_credentials"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def client_of(city: City, key: str = "housing") -> dict[str, Any]:
    return next(dict(each) for each in city.planted["clients"] if each["key"] == key)


def key_client_of(city: City) -> dict[str, Any]:
    return next(dict(each) for each in city.planted["clients"] if each.get("private_key_pem"))


async def ask(city: City, form: dict[str, str], **rest: Any) -> httpx.Response:
    return await city.http.post("/oauth/token", data={**GRANT, **form}, **rest)


async def test_a_secret_works_in_the_header_and_in_the_form(city: City) -> None:
    client = client_of(city)
    pair = (client["client_id"], client["client_secret"])
    in_header = await ask(city, {}, auth=pair)
    in_form = await ask(city, {"client_id": pair[0], "client_secret": pair[1]})
    for answer in (in_header, in_form):
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "Bearer"
        assert answer.json()["expires_in"] <= 900
        assert answer.headers["cache-control"] == "no-store"


async def test_the_token_is_of_rfc_9068_and_verifies_with_the_published_keys(city: City) -> None:
    client = client_of(city)
    token = (await ask(city, {}, auth=(client["client_id"], client["client_secret"]))).json()
    header = jwt.get_unverified_header(token["access_token"])
    assert header["typ"] == "at+jwt"
    keys = (await city.http.get("/.well-known/jwks.json")).json()["keys"]
    key = next(each for each in keys if each["kid"] == header["kid"])
    assert key["hck_use"] == "access"
    claims = jwt.decode(
        token["access_token"],
        jwt.PyJWK(key, algorithm="ES256").key,
        algorithms=["ES256"],
        audience=city.settings.base_url,
        issuer=city.settings.base_url,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"} <= set(claims)
    assert claims["sub"] == claims["client_id"] == client["client_id"]
    assert claims["exp"] - claims["iat"] <= 900


async def test_a_token_ends_after_fifteen_minutes(city: City) -> None:
    housing = await city.client("housing")
    assert (await housing.get("/v1/me")).status_code == 200
    city.pass_time(timedelta(minutes=15))
    refused = await housing.get("/v1/me")
    assert refused.status_code == 401
    assert "invalid_token" in refused.headers["www-authenticate"]


@pytest.mark.parametrize("change", ["secret", "name"])
async def test_wrong_credentials_are_invalid_client(city: City, change: str) -> None:
    client = client_of(city)
    name = "nobody" if change == "name" else client["client_id"]
    secret = "wrong" if change == "secret" else client["client_secret"]
    refused = await ask(city, {}, auth=(name, secret))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "cards:everything"}, "invalid_scope"),
        ({"scope": "cards:verify"}, "invalid_scope"),
    ],
)
async def test_what_is_not_given_is_refused(city: City, form: dict[str, str], error: str) -> None:
    client = client_of(city)
    refused = await ask(city, form, auth=(client["client_id"], client["client_secret"]))
    assert (refused.status_code, refused.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    "header", ["Basic", "Basic %%%", "Basic " + base64.b64encode(b"\xff").decode()]
)
async def test_unreadable_credentials_are_no_fault_of_ours(city: City, header: str) -> None:
    refused = await ask(city, {}, headers={"Authorization": header})
    assert refused.status_code == 401


async def test_a_body_of_another_kind_is_invalid_request(city: City) -> None:
    refused = await city.http.post("/oauth/token", json=GRANT)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


def assertion_of(city: City, client: dict[str, Any], **changes: Any) -> str:
    now = int(city.now.timestamp())
    claims = {
        "iss": client["client_id"],
        "sub": client["client_id"],
        "aud": f"{city.settings.base_url}/oauth/token",
        "jti": "once",
        "iat": now,
        "exp": now + 60,
        **changes,
    }
    return jwt.encode(claims, client["private_key_pem"], algorithm="ES256")


async def by_assertion(city: City, assertion: str) -> httpx.Response:
    return await ask(city, {"client_assertion_type": ASSERTION, "client_assertion": assertion})


async def test_private_key_jwt_works_once(city: City) -> None:
    assertion = assertion_of(city, key_client_of(city))
    assert (await by_assertion(city, assertion)).status_code == 200
    assert (await by_assertion(city, assertion)).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": 99_999_999_999},
        {"sub": "somebody-else"},
        {"jti": 7},
        {"jti": "x" * 300},
        {"exp": "soon"},
    ],
)
async def test_a_private_key_jwt_that_is_not_right_is_refused(
    city: City, changes: dict[str, Any]
) -> None:
    assertion = assertion_of(city, key_client_of(city), **changes)
    assert (await by_assertion(city, assertion)).status_code == 401


async def test_another_s_key_does_not_open_the_door(city: City) -> None:
    client = {**key_client_of(city), "client_id": client_of(city, "education")["client_id"]}
    assert (await by_assertion(city, assertion_of(city, client))).status_code == 401


async def test_metadata_names_the_doors(city: City) -> None:
    page = (await city.http.get("/.well-known/oauth-authorization-server")).json()
    assert page["issuer"] == city.settings.base_url
    assert page["token_endpoint"].endswith("/oauth/token")
    assert "private_key_jwt" in page["token_endpoint_auth_methods_supported"]
    assert page["grant_types_supported"] == ["client_credentials"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "", "中"])
async def test_a_token_that_is_none_is_401(city: City, token: str) -> None:
    refused = await city.http.get(
        "/v1/me", headers=[(b"Authorization", f"Bearer {token}".encode())]
    )
    assert refused.status_code == 401


async def test_me_names_a_machine_s_agency_and_scopes(city: City) -> None:
    me = (await (await city.client("housing")).get("/v1/me")).json()
    assert me["kind"] == "client"
    assert me["scopes"] == ["requests:handle"]
    assert me["may"] == ["handle_request"]
    assert me["organisation"]
