"""Signing in (api.md 2.2): passwords, one-time passwords, lockout."""

from datetime import timedelta

import pyotp

from tests.city import City

BOTH = "wrong-credentials"


def body_of(city: City, role: str, **wrong: str) -> dict[str, str]:
    entry = city.entry(role)
    body = {"login": entry["login"], "password": entry["password"]}
    if secret := entry.get("totp_secret"):
        body["otp"] = pyotp.TOTP(secret).at(int(city.now.timestamp()))
    return {**body, **wrong}


async def test_a_talent_signs_in_with_name_and_password(city: City) -> None:
    answer = await city.http.post("/v1/sessions", json=body_of(city, "talent"))
    assert answer.status_code == 201
    assert answer.json()["roles"] == ["talent"]
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("secure", "httponly", "samesite=lax"))
    assert answer.headers["cache-control"] == "no-store"


async def test_staff_need_the_one_time_password(city: City) -> None:
    whole = body_of(city, "reviewer")
    without = {k: v for k, v in whole.items() if k != "otp"}
    assert (await city.http.post("/v1/sessions", json=without)).json()["code"] == BOTH
    wrong = {**whole, "otp": f"{(int(whole['otp']) + 1) % 1_000_000:06d}"}
    assert (await city.http.post("/v1/sessions", json=wrong)).json()["code"] == BOTH
    assert (await city.http.post("/v1/sessions", json=whole)).status_code == 201


async def test_an_old_one_time_password_is_of_no_use(city: City) -> None:
    whole = body_of(city, "reviewer")
    city.pass_time(timedelta(minutes=2))
    assert (await city.http.post("/v1/sessions", json=whole)).status_code == 401


async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(city: City) -> None:
    wrong_password = await city.http.post(
        "/v1/sessions", json=body_of(city, "talent", password="x")
    )
    wrong_name = await city.http.post("/v1/sessions", json=body_of(city, "talent", login="nobody"))
    assert wrong_password.status_code == wrong_name.status_code == 401
    first, second = wrong_password.json(), wrong_name.json()
    assert {**first, "trace_id": ""} == {**second, "trace_id": ""}


async def test_five_failures_lock_the_login_for_fifteen_minutes(city: City) -> None:
    wrong = body_of(city, "talent", password="wrong")
    for _ in range(5):
        assert (await city.http.post("/v1/sessions", json=wrong)).status_code == 401
    locked = await city.http.post("/v1/sessions", json=body_of(city, "talent"))
    assert (locked.status_code, locked.json()["code"]) == (423, "login-locked")
    assert 0 < int(locked.headers["retry-after"]) <= 901
    city.pass_time(timedelta(minutes=15, seconds=1))
    assert (await city.http.post("/v1/sessions", json=body_of(city, "talent"))).status_code == 201


async def test_the_lock_is_one_event_and_names_nobody(city: City) -> None:
    wrong = body_of(city, "talent", password="wrong")
    for _ in range(7):
        await city.http.post("/v1/sessions", json=wrong)
    rows = await city.sql("SELECT data FROM events WHERE type = 'hck.session.locked.v1'")
    assert len(rows) == 1
    assert set(rows[0]["data"]) == {"account_id"}


async def test_an_unknown_name_is_locked_too(city: City) -> None:
    wrong = {"login": "nobody", "password": "wrong"}
    for _ in range(5):
        await city.http.post("/v1/sessions", json=wrong)
    assert (await city.http.post("/v1/sessions", json=wrong)).status_code == 423


async def test_success_begins_the_count_again(city: City) -> None:
    wrong = body_of(city, "talent", password="wrong")
    for _ in range(4):
        await city.http.post("/v1/sessions", json=wrong)
    assert (await city.http.post("/v1/sessions", json=body_of(city, "talent"))).status_code == 201
    assert (await city.http.post("/v1/sessions", json=wrong)).status_code == 401
    assert (await city.http.post("/v1/sessions", json=body_of(city, "talent"))).status_code == 201


async def test_signing_out_ends_the_token_at_once(city: City) -> None:
    talent = await city.person("talent")
    assert (await talent.get("/v1/me")).status_code == 200
    assert (await talent.delete("/v1/sessions/current")).status_code == 204
    assert (await talent.get("/v1/me")).status_code == 401


async def test_a_session_ends_by_itself(city: City) -> None:
    talent = await city.person("talent")
    city.pass_time(timedelta(hours=12, seconds=1))
    assert (await talent.get("/v1/me")).status_code == 401


async def test_me_says_who_i_am_and_what_i_may_do(city: City) -> None:
    reviewer = await city.person("reviewer", region="370102")
    me = (await reviewer.get("/v1/me")).json()
    assert me["kind"] == "person"
    assert me["roles"] == ["reviewer"]
    assert me["regions"] == ["370102"]
    assert me["may"] == ["review_application"]


async def test_no_one_holds_two_of_the_three_offices(city: City) -> None:
    held = await city.sql(
        "SELECT account_id FROM grants WHERE role IN ('system_admin', 'security_admin', 'auditor')"
        " GROUP BY account_id HAVING count(DISTINCT role) > 1"
    )
    assert held == []


async def test_a_page_elsewhere_cannot_act_with_the_cookie(city: City) -> None:
    answer = await city.http.post("/v1/sessions", json=body_of(city, "talent"))
    cookie = {"Cookie": f"hck_session={answer.json()['access_token']}"}
    city.http.cookies.clear()
    foreign = {**cookie, "Origin": "https://evil.example"}
    refused = await city.http.delete("/v1/sessions/current", headers=foreign)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await city.http.get("/v1/me", headers=cookie)).status_code == 200
    own = {**cookie, "Origin": city.settings.base_url}
    assert (await city.http.delete("/v1/sessions/current", headers=own)).status_code == 204
