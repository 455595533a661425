"""The auditor's doors and page: who may, what is told, what is on record."""

from datetime import timedelta

import pytest

from tests.city import City
from tests.service.audit.test_days import TUESDAY, happen, seal

DOORS = ("/v1/audit/export", "/v1/audit/events", "/v1/audit/looks", "/audit")


@pytest.mark.parametrize("role", ["talent", "reviewer", "centre", "system_admin", "security_admin"])
async def test_only_the_auditor_reads_the_trail(city: City, role: str) -> None:
    somebody = await city.person(role)
    for door in DOORS:
        assert (await somebody.get(door)).status_code == 403
    allowed = 404 if role == "centre" else 403
    assert (await somebody.get("/v1/audit/proof?day=2030-01-01")).status_code == allowed
    assert (await city.nobody.get("/v1/audit/proof")).status_code == 401


async def test_a_day_that_is_not_sealed_has_no_proof(city: City) -> None:
    auditor = await city.person("auditor")
    for path in ("/v1/audit/proof", "/v1/audit/export"):
        answer = await auditor.get(path, params={"day": city.now.date().isoformat()})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-sealed")
    assert (await auditor.get("/v1/audit/proof?day=yesterday")).status_code == 422


async def test_the_key_that_seals_is_published_and_verifies_no_card(city: City) -> None:
    await happen(city, city.now - timedelta(days=1))
    await seal(city, city.now)
    [key] = (await city.nobody.get("/v1/audit/keys")).json()["keys"]
    assert key["hck_use"] == "audit"
    published = (await city.nobody.get("/.well-known/jwks.json")).json()["keys"]
    assert key["kid"] not in {each["kid"] for each in published}


async def test_taking_a_copy_is_on_record_with_who_it_was(city: City) -> None:
    await happen(city, city.now - timedelta(days=1))
    await seal(city, city.now)
    auditor = await city.person("auditor")
    day = (await auditor.get("/v1/audit/proof")).json()["day"]
    assert (await auditor.get(f"/v1/audit/export?day={day}")).status_code == 200
    trail = (await auditor.get(f"/v1/audit/events?subject=audit/{day}")).json()["items"]
    assert [each["type"] for each in trail] == ["hck.audit.sealed.v1", "hck.audit.exported.v1"]
    assert (trail[0]["role"], trail[1]["role"]) == ("system", "auditor")


async def test_the_trail_is_read_by_day_by_thing_and_by_person(city: City) -> None:
    await happen(city, city.now, times=3)
    auditor = await city.person("auditor")
    first = (await auditor.get("/v1/audit/events?limit=2&type=hck.request.withdrawn.v1")).json()
    rest = (
        await auditor.get(
            f"/v1/audit/events?limit=2&type=hck.request.withdrawn.v1&cursor={first['next']}"
        )
    ).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    opened = (await auditor.get("/v1/audit/events?type=hck.session.opened.v1")).json()["items"]
    mine = opened[-1]["actor"]
    of_me = (await auditor.get("/v1/audit/events", params={"actor": mine})).json()["items"]
    assert {each["actor"] for each in of_me} == {mine}
    assert (await auditor.get("/v1/audit/events?day=2026-01-01&actor=nobody")).json()["items"] == []


async def test_the_page_shows_seals_and_the_trail_with_sign_in_names(city: City) -> None:
    await happen(city, TUESDAY - timedelta(hours=1))
    city.at(TUESDAY)
    await seal(city, TUESDAY)
    auditor = await city.person("auditor")
    page = (await auditor.get("/audit")).text
    assert 'data-test="seal"' in page
    assert auditor.entry["login"] in page
    assert "没有人看过" in page
    none = (await auditor.get("/audit?subject=requests/none&day=x")).text
    assert "没有符合的日志" in none
