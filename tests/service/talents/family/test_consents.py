"""The ledger, and what is forgotten when a consent is taken back (guide.md 7.1)."""

from typing import Any

from tests.city import City, Someone
from tests.service.talents.family.kin import QINGDAO, added, child, holder, number, spouse

FAMILY, CONSENTS = "/v1/me/family", "/v1/me/consents"
TRANSFER: dict[str, Any] = {"offering": "ED-02", "region": "370100"}


async def erased(city: City) -> bool:
    (row,) = await city.sql("SELECT * FROM family_members")
    gone = {row[name] for name in ("name", "id_kind", "id_number", "id_blind", "born_on")}
    assert (row["erased_at"] is None) is (None not in gone)
    return row["erased_at"] is not None


async def asked_for(city: City, who: Someone, member: str) -> str:
    offering = (await who.get("/v1/offerings/ED-02")).json()
    body = TRANSFER | {"form": offering["form_schema"]["examples"][0], "beneficiaries": [member]}
    answer = await who.post("/v1/requests", body)
    assert answer.status_code == 201, answer.text
    await city.settle()
    return str(answer.json()["id"])


async def test_the_ledger_says_what_was_agreed_to_and_when(city: City) -> None:
    who = await holder(city)
    member = await added(who, child())
    items = (await who.get(CONSENTS)).json()["items"]
    assert {each["purpose"] for each in items} == {"family-services", "child-under-14"}
    for each in items:
        assert (each["member_id"], each["guardian"]) == (member, True)
        assert each["given_at"] == "2026-03-02T10:00:00+08:00"
        assert (each["text_version"], each["withdrawn_at"]) == ("2026-1", None)


async def test_who_is_removed_is_forgotten_at_once_and_the_ledger_stays(city: City) -> None:
    who = await holder(city)
    member = await added(who, child())
    assert (await who.delete(f"{FAMILY}/{member}")).status_code == 204
    assert await erased(city)
    assert (await who.get(FAMILY)).json()["items"] == []
    assert all(each["withdrawn_at"] for each in (await who.get(CONSENTS)).json()["items"])
    assert await city.events(f"family/{member}") == ["hck.family.added.v1", "hck.family.removed.v1"]
    for row in await city.sql("SELECT id FROM consents"):
        assert (await city.events(f"consents/{row['id']}"))[-1] == "hck.consent.withdrawn.v1"
    assert (await who.delete(f"{FAMILY}/{member}")).status_code == 404
    await added(who, child())  # and may come back, with new consents


async def test_a_consent_taken_back_removes_whom_it_was_for(city: City) -> None:
    who = await holder(city)
    await added(who, spouse())
    (line,) = (await who.get(CONSENTS)).json()["items"]
    path = f"{CONSENTS}/{line['id']}/withdraw"
    assert (await (await holder(city, QINGDAO)).post(path)).status_code == 404
    answer = await who.post(path)
    assert (answer.status_code, answer.json()["withdrawn_at"][:10]) == (200, "2026-03-02")
    assert await erased(city)
    again = await who.post(path)
    assert (again.status_code, again.json()["code"]) == (409, "consent-withdrawn")


async def test_an_open_request_keeps_whom_it_needs_until_it_ends(city: City) -> None:
    who = await holder(city)
    member = await added(who, child())
    request = await asked_for(city, who, member)
    await who.delete(f"{FAMILY}/{member}")
    assert not await erased(city)
    assert (await who.get(FAMILY)).json()["items"] == []

    seen = await who.get(f"/v1/requests/{request}")
    assert seen.json()["members"][0]["masked_name"] == "王*"
    left = await who.post(f"/v1/requests/{request}/withdraw", etag=seen.headers["ETag"])
    assert left.status_code == 200
    assert not await erased(city)
    await city.settle()
    assert await erased(city)

    # The request's history says for which kind of relative it was, and no more.
    after = (await who.get(f"/v1/requests/{request}")).json()
    assert after["beneficiaries"] == ["child"]
    assert [(each["relation"], each["masked_name"]) for each in after["members"]] == [
        ("child", "已删除")
    ]
    (row,) = await city.sql("SELECT request_members::text || family_members::text AS whole"
                            " FROM request_members JOIN family_members ON true")  # fmt: skip
    assert number() not in row["whole"]


async def test_one_request_that_ends_forgets_nobody_whom_another_needs(city: City) -> None:
    who = await holder(city)
    member = await added(who, child())
    first, second = await asked_for(city, who, member), await asked_for(city, who, member)
    await who.delete(f"{FAMILY}/{member}")
    for request, gone in ((first, False), (second, True)):
        tag = (await who.get(f"/v1/requests/{request}")).headers["ETag"]
        await who.post(f"/v1/requests/{request}/withdraw", etag=tag)
        await city.settle()
        assert await erased(city) is gone
