"""For whom a request is: a kind of relative, or one by name; what its partner sees of them."""

import asyncio
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.offerings import details
from service.reference import tables
from service.requests import entitlement, members
from service.requests.actions import submitting
from service.requests.entitlement import NotEntitled
from service.talents.family.models import FamilyMember
from tests.city import City, Someone
from tests.service.counters.test_exclusions import reloaded
from tests.service.requests.ask import APARTMENT, GRANTED, accepted, body
from tests.service.talents.family.kin import (
    QINGDAO,
    added,
    caller_of,
    child,
    chosen,
    declared,
    holder,
    number,
    rights,
    spouse,
    waiting,
)

PURCHASE = "HO-02"


async def form_of(who: Someone, offering: str) -> dict[str, Any]:
    answer = (await who.get(f"/v1/offerings/{offering}")).json()
    return dict(answer["form_schema"]["examples"][0])


async def asked(who: Someone, offering: str, *named: str) -> httpx.Response:
    form = await form_of(who, offering)
    given = {"offering": offering, "form": form, "beneficiaries": list(named)}
    return await who.post("/v1/requests", body(**given))


async def test_a_member_named_by_id_is_what_they_are_to_the_holder(city: City) -> None:
    who = await holder(city)
    kid = await added(who, child())
    made = (await asked(who, "ED-02", kid)).json()
    assert made["beneficiaries"] == ["child"]
    assert made["members"] == [{"id": kid, "relation": "child", "masked_name": "王*"}]
    again = await who.get(f"/v1/requests/{made['id']}")
    assert again.json()["members"] == made["members"]


async def test_kinds_as_text_keep_working_with_or_without_a_family(city: City) -> None:
    who = await holder(city)
    for _ in range(2):
        made = await asked(who, "ED-02", "child")
        assert (made.status_code, made.json()["beneficiaries"]) == (201, ["child"])
        assert made.json()["members"] == []
        await added(who, child(id_number=number(serial=f"{_ + 2:03}")))
    mixed = await asked(who, "SS-02", "holder", await added(who, spouse()))
    assert mixed.json()["beneficiaries"] == ["holder", "spouse"]


async def test_who_is_not_of_the_family_is_told_where(city: City) -> None:
    who, other = await holder(city), await holder(city, QINGDAO)
    mine, theirs = await added(who, child()), await added(other, child())
    gone = await added(who, spouse())
    await who.delete(f"/v1/me/family/{gone}")
    answer = await asked(who, "SS-02", mine, theirs, gone, "0198c0de-0000-7000-8000-000000000000")
    assert answer.status_code == 422
    pointers = [each["pointer"] for each in answer.json()["errors"]]
    assert pointers == [f"/beneficiaries/{n}" for n in (1, 2, 3)]


async def test_a_member_must_be_of_a_kind_that_the_offering_is_for(city: City) -> None:
    who = await holder(city)
    answer = await asked(who, "ED-02", await added(who, spouse()))
    assert (answer.status_code, answer.json()["reason"]) == (409, "beneficiary")


def test_a_child_is_served_until_the_day_of_being_18() -> None:
    kid = FamilyMember(relation="child", born_on="2008-03-02")
    entitlement.check_ages([kid], date(2026, 3, 1))
    with pytest.raises(NotEntitled) as refusal:
        entitlement.check_ages([kid], date(2026, 3, 2))
    assert refusal.value.reason == "age"
    parent = FamilyMember(relation="parent", born_on="1950-01-01")
    entitlement.check_ages([parent], date(2026, 3, 2))


async def test_a_member_removed_at_the_same_moment_is_either_named_or_not(city: City) -> None:
    who = await holder(city)
    kid = await added(who, child())
    form = await form_of(who, "ED-02")
    given = body(offering="ED-02", form=form, beneficiaries=[kid])
    answer, removed = await asyncio.gather(
        who.post("/v1/requests", given), who.delete(f"/v1/me/family/{kid}")
    )
    assert removed.status_code == 204
    (row,) = await city.sql("SELECT erased_at FROM family_members")
    assert (row["erased_at"] is None) is (answer.status_code == 201)


async def test_who_is_being_named_is_not_removed_meanwhile(city: City) -> None:
    who = await holder(city)
    kid, by = await added(who, child()), await caller_of(city, who)
    async with city.sessions.begin() as session:
        kinds, _ = await submitting._named(session, by.person_id, [kid])
        assert kinds == ["child"]
        removal = asyncio.create_task(who.delete(f"/v1/me/family/{kid}"))
        assert await waiting(city, removal)
    assert (await removal).status_code == 204


async def test_a_partner_sees_relation_and_masked_name_and_what_the_offering_shares(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, education = await holder(city), await city.client("education")
    kid = await added(who, child())
    plain = (await asked(who, "ED-02", kid)).json()["id"]
    await city.settle()
    seen = await education.get(f"/v1/partner/requests/{plain}")
    assert seen.json()["members"] == [{"relation": "child", "masked_name": "王*"}]
    assert kid not in seen.text
    assert number() not in seen.text

    shutil.copytree(details.DATA, tmp_path / "data")
    file = tmp_path / "data" / "forms" / "ED-02.json"
    form = json.loads(file.read_text())
    form["shared_fields"] += ["member.name", "member.born_on", "member.id_number"]
    file.write_text(json.dumps(form))
    monkeypatch.setattr(details, "DATA", tmp_path / "data")
    async with city.sessions.begin() as session:
        text = (tables.DATA / "catalogue.tsv").read_text()
        await tables.load(session, "catalogue", text, city.now)
    shared = (await asked(who, "ED-02", kid)).json()["id"]
    await city.settle()
    assert (await education.get(f"/v1/partner/requests/{shared}")).json()["members"] == [
        {
            "relation": "child", "masked_name": "王*", "name": "王小满",
            "born_on": "2018-06-01", "id_number": number(),
        }
    ]  # fmt: skip
    # The request that began under the version before shares no more than it did.
    old = await education.get(f"/v1/partner/requests/{plain}")
    assert old.json()["members"] == [{"relation": "child", "masked_name": "王*"}]


def test_which_version_shares_what_is_the_versions_own_matter() -> None:
    kid = FamilyMember(relation="child", name="王小满", id_number=number(), born_on="2018-06-01")
    (seen,) = members.shared(["member.name"], [kid])
    assert (seen.name, seen.id_number, seen.born_on) == ("王小满", None, None)
    assert [line.title for line in members.lines([seen])] == ["子女姓名"]


# 相同服务不重复享受


async def test_a_case_that_the_citys_card_is_used_for_is_not_asked_of_us(city: City) -> None:
    who = await holder(city)
    await declared(who)
    assert (await asked(who, PURCHASE)).status_code == 201  # as much by both: ours
    other = await holder(city, QINGDAO)
    await declared(other)
    assert (await chosen(other, PURCHASE, "municipal")).status_code == 200
    answer = await asked(other, PURCHASE)
    assert (answer.status_code, answer.json()["reason"]) == (409, "municipal-card")
    assert "今年按您的选择使用青岛市人才卡" in answer.json()["detail"]
    assert (await rights(other))[PURCHASE]["reason"] == "municipal-card"
    assert (await chosen(other, PURCHASE, "province")).status_code == 200
    assert (await asked(other, PURCHASE)).status_code == 201
    locked = await chosen(other, PURCHASE, "municipal")
    assert locked.json()["code"] == "municipal-choice-locked"


def exclude(row: dict[str, str]) -> None:
    if row["code"] == "HO-01":
        row["exclusive_with"] = "municipal-card;HO-02"


async def test_what_was_granted_this_year_excludes_the_other_until_the_next(city: City) -> None:
    await reloaded(city, "catalogue", exclude)
    case = await accepted(city, form=APARTMENT)
    refused = await asked(case.holder, PURCHASE)
    assert (refused.status_code, refused.json()["reason"]) == (409, "exclusive")
    assert (await case.act("publicity", {"from": "2026-03-02", "to": "2026-03-05"})).is_success
    city.at("2026-03-09T10:00:00")
    await city.sweep()
    case.holder, case.partner = await holder(city), await city.client("housing")
    assert (await case.act("complete", GRANTED)).status_code == 200
    refused = await asked(case.holder, PURCHASE)
    assert (refused.status_code, refused.json()["reason"]) == (409, "exclusive")
    assert (await rights(case.holder))[PURCHASE]["reason"] == "exclusive"
    city.at("2027-01-01T00:00:00")
    assert (await asked(await holder(city), PURCHASE)).status_code == 201


async def test_what_was_withdrawn_excludes_nothing(city: City) -> None:
    await reloaded(city, "catalogue", exclude)
    case = await accepted(city, form=APARTMENT)
    assert (await case.hold("withdraw")).status_code == 200
    assert (await asked(case.holder, PURCHASE)).status_code == 201


async def test_two_that_exclude_one_another_are_not_both_asked_for_at_once(city: City) -> None:
    await reloaded(city, "catalogue", exclude)
    who = await holder(city)
    answers = await asyncio.gather(*(asked(who, code) for code in ("HO-01", "HO-02")))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
