"""A partner's machines: secrets and keys changed by the partner itself, without a gap."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.city import City, Someone

DOOR = "/v1/partner/clients"


async def clerk(city: City) -> Someone:
    name = (await city.client("housing")).entry["partner"]
    return await city.person("partner_clerk", organisation=name)


async def token(city: City, client_id: str, secret: str) -> int:
    answer = await city.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret)
    )
    return answer.status_code


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    found: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return found


async def test_a_clerk_sees_the_agency_s_machines_without_secrets(city: City) -> None:
    entry = (await city.client("housing")).entry
    seen = await (await clerk(city)).get(DOOR)
    assert [each["client_id"] for each in seen.json()["items"]] == [entry["client_id"]]
    assert "secret" not in seen.text.replace("old_secret_until", "")


async def test_after_a_rotation_the_old_secret_is_good_for_a_day(city: City) -> None:
    entry = (await city.client("housing")).entry
    mine, old = entry["client_id"], entry["client_secret"]
    done = await (await clerk(city)).post(f"{DOOR}/{mine}/secret")
    assert (done.status_code, done.headers["Cache-Control"]) == (200, "no-store")
    new = done.json()["client_secret"]
    assert new != old
    assert [await token(city, mine, each) for each in (new, old, "", "x")] == [200, 200, 401, 401]
    city.pass_time(timedelta(hours=24))
    assert [await token(city, mine, each) for each in (new, old)] == [200, 401]
    assert await city.events(f"clients/{mine}") == ["hck.client.rotated.v1"]


async def test_a_machine_may_not_change_its_own_secret(city: City) -> None:
    housing = await city.client("housing")
    path = f"{DOOR}/{housing.entry['client_id']}/secret"
    assert (await housing.post(path)).status_code == 403


async def test_another_agency_s_machine_is_not_there(city: City) -> None:
    bank = (await city.client("bank1")).entry
    someone = await clerk(city)
    assert (await someone.post(f"{DOOR}/{bank['client_id']}/secret")).status_code == 404
    key = {"jwk": public_jwk(ec.generate_private_key(ec.SECP256R1()))}
    put = await someone.send("PUT", f"{DOOR}/{bank['client_id']}/key", json=key)
    assert put.status_code == 404


async def test_a_registered_key_signs_assertions_until_it_is_dropped(city: City) -> None:
    mine = (await city.client("housing")).entry["client_id"]
    someone, key = await clerk(city), ec.generate_private_key(ec.SECP256R1())
    path = f"{DOOR}/{mine}/key"

    async def asserted(jti: str) -> int:
        claims = {
            "iss": mine, "sub": mine, "aud": f"{city.settings.base_url}/oauth/token", "jti": jti,
            "exp": int((city.now + timedelta(minutes=5)).timestamp()),
        }  # fmt: skip
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        body = {
            "grant_type": "client_credentials", "client_assertion_type": kind,
            "client_assertion": jwt.encode(claims, key, algorithm="ES256"),
        }  # fmt: skip
        return (await city.http.post("/oauth/token", data=body)).status_code

    put = await someone.send("PUT", path, json={"jwk": public_jwk(key)})
    assert put.status_code == 200, put.text
    assert await asserted("1") == 200
    assert (await someone.delete(path)).status_code == 204
    assert await asserted("2") == 401


@pytest.mark.parametrize(
    ("jwk", "code"),
    [
        ({}, "invalid"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "invalid"),
        ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "invalid"),
        (public_jwk(ec.generate_private_key(ec.SECP384R1())), "invalid"),
        ({**public_jwk(ec.generate_private_key(ec.SECP256R1())), "d": "secret"}, "private"),
    ],
)
async def test_what_is_no_public_p256_key_is_refused(
    city: City, jwk: dict[str, Any], code: str
) -> None:
    mine = (await city.client("housing")).entry["client_id"]
    path = f"{DOOR}/{mine}/key"
    refused = await (await clerk(city)).send("PUT", path, json={"jwk": jwk})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
