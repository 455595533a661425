"""Who may be on a holder's list (guide.md 3.3), and what is seen of them."""

import asyncio

import pytest

from tests.city import City
from tests.service.talents.family.kin import (
    GUARDIAN,
    INFORMED,
    QINGDAO,
    added,
    child,
    holder,
    number,
    parent,
    spouse,
)

FAMILY = "/v1/me/family"


async def code(city: City, given: dict[str, object], region: str = "370100") -> tuple[int, str]:
    answer = await (await holder(city, region)).post(FAMILY, given)
    return answer.status_code, answer.json().get("code", "")


async def test_a_member_is_recognised_but_never_shown_whole(city: City) -> None:
    who = await holder(city)
    answer = await who.post(FAMILY, child())
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{FAMILY}/{made['id']}"
    assert (made["relation"], made["masked_name"]) == ("child", "王*")
    assert made["masked_id_number"] == f"3701**********{number()[-4:]}"
    assert (made["under_14"], made["under_18"]) == (True, True)
    listed = await who.get(FAMILY)
    assert [each["id"] for each in listed.json()["items"]] == [made["id"]]
    assert {each["purpose"] for each in listed.json()["consent_texts"]} == {
        "family-services", "child-under-14",
    }  # fmt: skip
    for text in (answer.text, listed.text):
        assert number() not in text
        assert "小满" not in text
        assert "2018-06-01" not in text


async def test_what_says_who_it_is_is_sealed_and_stays_out_of_the_log(city: City) -> None:
    await added(await holder(city), child())
    (row,) = await city.sql("SELECT family_members::text AS whole FROM family_members")
    logged = await city.sql("SELECT data::text AS data FROM events")
    for secret in (number(), "王小满", "2018-06-01", "20180601"):
        assert secret not in row["whole"]
        assert all(secret not in each["data"] for each in logged)


async def test_adding_is_told_as_a_fact_of_the_member_and_of_each_consent(city: City) -> None:
    member = await added(await holder(city), child())
    assert await city.events(f"family/{member}") == ["hck.family.added.v1"]
    rows = await city.sql("SELECT id, purpose FROM consents ORDER BY purpose")
    assert [row["purpose"] for row in rows] == ["child-under-14", "family-services"]
    for row in rows:
        assert await city.events(f"consents/{row['id']}") == ["hck.consent.given.v1"]


async def test_there_is_one_spouse_at_a_time(city: City) -> None:
    who = await holder(city)
    first = await added(who, spouse())
    other = spouse(id_number=number("19910203", "028"))
    assert await code(city, other) == (409, "spouse-exists")
    assert (await who.delete(f"{FAMILY}/{first}")).status_code == 204
    await added(who, other)


async def test_parents_are_four_at_most(city: City) -> None:
    who = await holder(city)
    for nth in range(1, 5):
        await added(who, parent(nth))
    assert await code(city, parent(5)) == (409, "parents-complete")


async def test_one_document_is_on_a_list_once(city: City) -> None:
    await added(await holder(city), child())
    assert await code(city, child(name="王小满满")) == (409, "family-member-exists")


async def test_a_child_may_have_two_parents_who_hold_cards_but_a_spouse_only_one(
    city: City,
) -> None:
    mother, father = await holder(city), await holder(city, QINGDAO)
    await added(mother, child())
    await added(father, child())
    await added(mother, spouse())
    refused = await father.post(FAMILY, spouse())
    assert (refused.status_code, refused.json()["code"]) == (409, "family-conflict")
    assert "王" not in refused.json()["detail"]
    assert len((await father.get(FAMILY)).json()["items"]) == 1


async def test_of_two_holders_who_name_one_spouse_at_once_one_may(city: City) -> None:
    both = [await holder(city), await holder(city, QINGDAO)]
    answers = await asyncio.gather(*(who.post(FAMILY, spouse()) for who in both))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"id_number": "370102201806010011"}, "/id_number"),
        ({"id_kind": "passport", "id_number": "E12345678"}, "/born_on"),
        ({"id_number": number("20080101")}, "/relation"),  # 18 before this day
        ({"id_number": number("20270101")}, "/born_on"),
        ({"relation": "cousin"}, "/relation"),
        ({"surprise": 1}, "/surprise"),
    ],
)
async def test_what_is_wrong_is_told_where(
    city: City, given: dict[str, object], pointer: str
) -> None:
    answer = await (await holder(city)).post(FAMILY, child(**given))
    assert answer.status_code == 422, answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


async def test_nobody_is_their_own_family(city: City) -> None:
    who = await holder(city)
    (row,) = await city.sql(
        "SELECT p.id FROM people p JOIN accounts a ON a.person_id = p.id WHERE a.login = $1",
        who.entry["login"],
    )
    await added(who, spouse())
    blind = "SELECT id_blind FROM family_members"
    await city.sql(f"UPDATE people SET id_blind = ({blind}) WHERE id = $1", row["id"])
    await city.sql("UPDATE family_members SET removed_at = now()")
    answer = await who.post(FAMILY, spouse())
    assert answer.json()["errors"][0]["code"] == "own"


async def test_a_child_under_14_needs_the_guardian_and_others_need_to_know(city: City) -> None:
    assert await code(city, child(consent={})) == (422, "guardian-consent-required")
    assert await code(city, child(consent=INFORMED)) == (422, "guardian-consent-required")
    assert await code(city, spouse(consent=GUARDIAN)) == (422, "member-consent-required")
    old = {"guardian_consent": True, "version": "2020-1"}
    assert await code(city, child(consent=old)) == (409, "consent-text-changed")
    assert not await city.sql("SELECT 1 FROM consents")


async def test_who_turns_14_or_18_does_so_by_the_date(city: City) -> None:
    fourteen = number("20120303")
    assert await code(city, child(id_number=fourteen)) == (201, "")
    shown = (await (await holder(city)).get(FAMILY)).json()["items"][0]
    assert shown["under_14"] is True
    city.at("2026-03-03T00:00:00")
    shown = (await (await holder(city)).get(FAMILY)).json()["items"][0]
    assert (shown["under_14"], shown["under_18"]) == (False, True)
    city.at("2030-03-02T23:59:59")
    assert (await (await holder(city)).get(FAMILY)).json()["items"][0]["under_18"] is True
    city.at("2030-03-03T00:00:00")
    assert (await (await holder(city)).get(FAMILY)).json()["items"][0]["under_18"] is False


async def test_a_family_is_its_holders_own(city: City) -> None:
    member = await added(await holder(city), child())
    stranger = await holder(city, QINGDAO)
    assert (await stranger.get(FAMILY)).json()["items"] == []
    assert (await stranger.delete(f"{FAMILY}/{member}")).status_code == 404
    centre = await city.person("centre")
    assert (await centre.post(FAMILY, child())).status_code == 403
    assert (await city.nobody.get(FAMILY)).status_code == 401


async def test_the_same_key_adds_once(city: City) -> None:
    who = await holder(city)
    first = await who.post(FAMILY, child(), key="once")
    again = await who.post(FAMILY, child(), key="once")
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
