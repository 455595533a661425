"""Beginning an application and mending it (api.md 3.2)."""

from typing import Any

import pytest

from service import sealing
from tests.city import City
from tests.service.talents.apply import CHEN, WAYS, applicant, at_county, body, drafted, file_of


async def test_a_draft_is_made_with_an_etag_and_numbers_are_masked(city: City) -> None:
    who = await applicant(city)
    made = await who.post(WAYS, body(who))
    assert made.status_code == 201, made.text
    seen = made.json()
    assert (seen["step"], seen["allowed"]) == ("draft", ["patch", "submit", "withdraw"])
    assert made.headers["ETag"] == '"1"'
    assert made.headers["Location"] == f"{WAYS}/{seen['id']}"
    assert seen["person"]["name"] == "陈若溪"
    assert seen["person"]["id_number"] == "3701**********2868"
    assert seen["person"]["phone"] == "138****0004"
    assert CHEN["id_number"] not in made.text
    again = await who.get(f"{WAYS}/{seen['id']}", headers={"If-None-Match": '"1"'})
    assert again.status_code == 304


async def test_what_names_people_is_nowhere_in_clear_in_the_database(city: City) -> None:
    way = await at_county(city, evidence=[{"kind": "学历证明", "note": "导师赵某某"}])
    returned = {"decision": "return", "opinion": "陈若溪学历不清"}
    await way.done("county", "decisions", returned)
    for table in ("people", "card_applications", "opinions", "events"):
        rows = await city.sql(f"SELECT t::text AS row FROM {table} t")
        text = "".join(row["row"] for row in rows)
        for secret in ("陈若溪", CHEN["id_number"], CHEN["phone"], "导师赵某某", "学历不清"):
            assert secret not in text, table
            assert secret.encode().hex() not in text, table


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"category": 9}, "/category"),
        ({"unit_uscc": "91370102MA3E00005X"}, "/unit_uscc"),
        ({"unit_uscc": "91110000600037341L"}, "/unit_uscc"),
        ({"contract_until": "2026-03-01"}, "/contract_until"),
        ({"management_until": "2029-01-01"}, "/management_until"),
        ({"person": CHEN | {"id_number": "370105199011082867"}}, "/person/id_number"),
        ({"person": CHEN | {"id_number": "37010519691108286X"}}, "/category"),
        ({"evidence": [{"kind": "学历证明", "file_id": "019d0000-0000-7000-8000-000000000000"}]},
         "/evidence/0/file_id"),
        ({"evidence": [{"kind": "学历\0"}]}, "/evidence/0/kind"),
        ({"photo": "x"}, "/photo"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_with_a_pointer(
    city: City, changed: dict[str, Any], pointer: str
) -> None:
    who = await applicant(city)
    answer = await who.post(WAYS, body(who) | changed)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert "1990" not in answer.text


async def test_one_open_application_a_person_and_a_new_one_after_withdrawing(city: City) -> None:
    way = await drafted(city)
    who = await applicant(city)
    second = await who.post(WAYS, body(who))
    assert (second.status_code, second.json()["code"]) == (409, "application-open")
    await way.done("talent", "withdraw")
    assert (await who.post(WAYS, body(who))).status_code == 201


async def test_who_holds_a_card_applies_for_no_other(city: City) -> None:
    holder = await city.person("talent", region="370100", category=2)
    answer = await holder.post(WAYS, body(holder))
    assert (answer.status_code, answer.json()["code"]) == (409, "card-exists")


async def test_somebody_elses_document_is_refused_without_a_word_about_whose(city: City) -> None:
    who = await applicant(city)
    rows = await city.sql("SELECT id_number FROM people ORDER BY id")
    for row in rows:
        number = sealing.ring().open(bytes(row["id_number"]), "people.id_number").decode()
        if number == CHEN["id_number"]:
            continue
        answer = await who.post(WAYS, body(who, person=CHEN | {"id_number": number}))
        assert (answer.status_code, answer.json()["code"]) == (409, "person-registered")
        assert number not in answer.text


async def test_somebody_known_may_leave_the_person_out(city: City) -> None:
    who = await applicant(city)
    asked = body(who)
    del asked["person"]
    made = await who.post(WAYS, asked)
    assert (made.status_code, made.json()["person"]["name"]) == (201, "陈若溪")


async def test_a_draft_is_mended_by_its_talent_and_seen_by_nobody_else(city: City) -> None:
    way = await drafted(city)
    for hand in ("manager", "specialist", "county", "city", "province", "office"):
        assert (await way.seen(hand)).status_code == 404, hand
    seen = await way.seen()
    who = await applicant(city)
    changed = {"category": 4, "contract_until": None, "person": CHEN | {"phone": "13905310004"}}
    mended = await who.patch(way.path, changed, etag=seen.headers["ETag"])
    assert mended.status_code == 200, mended.text
    assert (mended.json()["category"], mended.json()["contract_until"]) == (4, None)
    assert mended.json()["person"]["phone"] == "139****0004"
    assert mended.headers["ETag"] != seen.headers["ETag"]
    stale = await who.patch(way.path, {"category": 5}, etag=seen.headers["ETag"])
    assert stale.status_code == 412
    assert (await who.patch(way.path, {"category": 5})).status_code == 428


async def test_a_change_of_the_person_alone_is_a_new_revision(city: City) -> None:
    way = await drafted(city)
    who, seen = await applicant(city), await way.seen()
    changed = {"person": CHEN | {"address": "济南市历下区解放路 1 号"}}
    mended = await who.patch(way.path, changed, etag=seen.headers["ETag"])
    assert mended.headers["ETag"] != seen.headers["ETag"]


async def test_once_submitted_category_and_unit_are_fixed_and_the_talent_waits(city: City) -> None:
    way = await drafted(city)
    await way.done("talent", "submit")
    who, seen = await applicant(city), await way.seen()
    refused = await who.patch(way.path, {"contract_until": None}, etag=seen.headers["ETag"])
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")
    assert (refused.json()["state"], refused.json()["allowed"]) == ("unit_assign", ["withdraw"])
    await way.done("manager", "decisions", {"decision": "return", "opinion": "单位写错"})
    seen = await way.seen()
    fixed = await who.patch(way.path, {"category": 4}, etag=seen.headers["ETag"])
    assert (fixed.status_code, fixed.json()["errors"][0]["code"]) == (422, "fixed")


async def test_categories_are_told_to_everybody(city: City) -> None:
    answer = await city.nobody.get("/v1/card-categories")
    assert [each["category"] for each in answer.json()["items"]] == [1, 2, 3, 4, 5]
    assert answer.json()["items"][4] == {
        "category": 5, "name": "急需紧缺等其他高层次人才", "route": "panel", "consent": "office",
        "validity": ["contract", "5y"], "tier": "C", "age_limit": 55,
        "evidence": ["业绩材料", "学历证明", "单位推荐"],
    }  # fmt: skip


async def test_the_same_key_applies_once(city: City) -> None:
    who = await applicant(city)
    first = await who.post(WAYS, body(who), key="apply-once")
    again = await who.post(WAYS, body(who), key="apply-once")
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_evidence_names_a_file_of_ones_own(city: City) -> None:
    who = await applicant(city)
    mine = (await file_of(who)).json()["id"]
    theirs = (await file_of(await city.person("unit_specialist"))).json()["id"]
    given = [{"kind": "业绩材料", "file_id": mine}, {"kind": "学历证明", "file_id": theirs}]
    answer = await who.post(WAYS, body(who, evidence=given))
    assert answer.json()["errors"][0]["pointer"] == "/evidence/1/file_id"
