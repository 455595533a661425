"""From hand to hand: who may, when, and what a return does (api.md 3.3, guide.md 2.3)."""

import pytest

from tests.city import City
from tests.service.talents.apply import CHEN, WAYS, applicant, at_county, at_office, body, drafted

PASS = {"decision": "pass", "opinion": "同意"}
BACK = {"decision": "return", "opinion": "请补充"}
NO = {"decision": "reject", "opinion": "不符合条件"}


async def test_each_level_sees_a_file_once_it_has_come_to_it(city: City) -> None:
    way = await at_county(city)
    seen = {
        hand: (await way.seen(hand)).status_code
        for hand in ("manager", "specialist", "county", "city", "province", "office")
    }
    assert seen == {
        "manager": 200, "specialist": 200, "county": 200, "city": 404, "province": 404,
        "office": 404,
    }  # fmt: skip
    await way.pass_("county")
    assert (await way.seen("county")).json()["allowed"] == []
    assert (await way.seen("city")).json()["allowed"] == ["decisions"]


async def test_somebody_elses_talents_and_units_see_nothing(city: City) -> None:
    way = await at_county(city)
    other = await city.person("talent", region="370200")
    assert (await other.get(way.path)).status_code == 404
    assert (await other.post(f"{way.path}/withdraw", etag='"1"')).status_code == 404
    assert way.id not in [each["id"] for each in (await other.get(WAYS)).json()["items"]]
    auditor = await city.person("auditor")
    assert (await auditor.get(way.path)).status_code == 403
    assert (await city.nobody.get(way.path)).status_code == 401


async def test_an_act_that_the_role_lacks_is_forbidden(city: City) -> None:
    way = await at_county(city)
    assert (await way.act("talent", "decisions", PASS)).status_code == 403
    assert (await way.act("county", "withdraw")).status_code == 403
    assert (await way.act("county", "assign", {"specialist": "x"})).status_code == 403
    assert (await way.act("specialist", "decisions", PASS)).status_code == 409


async def test_acts_need_the_revision_that_was_seen(city: City) -> None:
    way = await drafted(city)
    who = await applicant(city)
    assert (await who.post(f"{way.path}/submit")).status_code == 428
    assert (await who.post(f"{way.path}/submit", etag='"9"')).status_code == 412
    assert (await who.post(f"{way.path}/submit", etag='"1"', key=None)).status_code == 400


async def test_a_wrong_state_tells_the_state_and_what_is_open_to_this_caller(city: City) -> None:
    way = await at_county(city)
    answer = await way.act("manager", "decisions", PASS)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong-state")
    assert (answer.json()["state"], answer.json()["allowed"]) == ("county_review", ["reassign"])
    again = await way.act("talent", "submit")
    assert again.json()["allowed"] == ["withdraw"]


async def test_the_manager_names_a_specialist_of_the_unit_by_login_or_by_id(city: City) -> None:
    way = await drafted(city)
    await way.done("talent", "submit")
    stranger = await way.act("manager", "assign", {"specialist": "reviewer-lixia"})
    assert (stranger.status_code, stranger.json()["errors"][0]["code"]) == (422, "unknown")
    manager = await way.who("manager")
    (mine,) = (await manager.get("/v1/unit/specialists")).json()["items"]
    assert (await way.done("manager", "assign", {"specialist": mine["id"]}))["specialist"] == mine


async def test_at_assigning_a_pass_is_not_to_be_had(city: City) -> None:
    way = await drafted(city)
    await way.done("talent", "submit")
    answer = await way.act("manager", "decisions", PASS)
    assert (answer.status_code, answer.json()["allowed"]) == (409, ["assign", "decisions"])


async def test_a_return_or_a_rejection_needs_its_reason(city: City) -> None:
    way = await at_county(city)
    for decision in ("return", "reject"):
        answer = await way.act("county", "decisions", {"decision": decision, "opinion": " "})
        assert answer.json()["errors"][0]["pointer"] == "/opinion"


@pytest.mark.parametrize(
    ("to", "hand", "mend_at"),
    [
        (None, "talent", "draft"),
        ("talent", "talent", "draft"),
        ("unit_specialist", "specialist", "unit_complete"),
        ("unit_manager", "manager", "unit_endorse"),
        ("county_review", "county", "county_review"),
    ],
)
async def test_a_return_names_who_mends_and_comes_back_to_who_returned_it(
    city: City, to: str | None, hand: str, mend_at: str
) -> None:
    way = await at_county(city)
    await way.pass_("county")
    returned = await way.done("city", "decisions", BACK | ({"to": to} if to else {}))
    assert (returned["step"], returned["returned_by"], returned["mend_at"]) == (
        "returned", "city_review", mend_at,
    )  # fmt: skip
    assert "submit" in (await way.seen(hand)).json()["allowed"]
    assert (await way.act("city", "decisions", PASS)).status_code == 409
    assert (await way.done(hand, "submit"))["step"] == "city_review"
    assert (await way.pass_("city"))["step"] == "province_review"


async def test_a_return_to_a_later_step_or_to_none_is_refused(city: City) -> None:
    way = await at_county(city)
    for to in ("province_review", "county_review", "nobody"):
        answer = await way.act("county", "decisions", BACK | {"to": to})
        assert answer.json()["errors"][0]["pointer"] == "/to"


async def test_the_specialist_mends_for_the_talent_too(city: City) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", BACK)
    assert (await way.seen("specialist")).json()["allowed"] == ["patch", "submit"]
    assert (await way.done("specialist", "submit"))["step"] == "county_review"


async def test_a_rejection_ends_it(city: City) -> None:
    way = await at_county(city)
    assert (await way.done("county", "decisions", NO))["step"] == "rejected"
    for hand in ("talent", "county"):
        assert (await way.seen(hand)).json()["allowed"] == []
    assert await city.sql("SELECT 1 FROM cards WHERE application_id = $1", way.id) == []
    who = await applicant(city)
    assert (await who.post(WAYS, body(who))).status_code == 201


async def test_a_talent_withdraws_any_time_before_the_card(city: City) -> None:
    way = await at_office(city)
    assert (await way.done("talent", "withdraw"))["step"] == "withdrawn"
    late = await way.act("office", "decisions", PASS)
    assert (late.status_code, late.json()["state"]) == (409, "withdrawn")


async def test_a_direct_category_is_issued_by_the_provinces_pass(city: City) -> None:
    way = await at_county(city, category=2, management_until="2027-12-31")
    last = await way.pass_("county", "city", "province")
    assert last["step"] == "issued"
    (card,) = await city.sql("SELECT * FROM cards WHERE application_id = $1", way.id)
    assert (card["tier"], str(card["valid_until"]), card["state"]) == ("A", "2027-12-31", "active")


async def test_a_contract_that_ran_out_on_the_way_makes_no_card(city: City) -> None:
    way = await at_office(city, contract_until="2026-03-31")
    city.at("2026-04-01 09:00")
    late = await way.act("office", "decisions", PASS)
    assert (late.status_code, late.json()["code"]) == (409, "contract-over")
    assert (await way.seen("office")).json()["step"] == "office_consent"
    assert (await way.events())[-1] == "office_consent"


async def test_lists_show_what_is_ones_own_by_step_and_region(city: City) -> None:
    way = await at_county(city)
    county = await way.who("county")
    found = (await county.get(f"{WAYS}?step=county_review")).json()["items"]
    assert [each["id"] for each in found] == [way.id]
    assert (found[0]["name"], found[0]["step_name"]) == ("陈若溪", "县级人社审核")
    assert (await county.get(f"{WAYS}?step=city_review")).json()["items"] == []
    assert (await county.get(f"{WAYS}?region=370102")).json()["items"] != []
    assert (await county.get(f"{WAYS}?region=370200")).json()["items"] == []
    assert (await county.get(f"{WAYS}?step=nonsense")).status_code == 422
    city_hall = await way.who("city")
    assert way.id not in [each["id"] for each in (await city_hall.get(WAYS)).json()["items"]]
    centre = await city.person("centre")
    (line,) = [e for e in (await centre.get(WAYS)).json()["items"] if e["id"] == way.id]
    assert line["name"] == "陈*"


async def test_the_story_tells_the_talent_why_it_came_back_and_not_why_it_passed(
    city: City,
) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", BACK | {"opinion": "缺学历"})
    talent = (await (await applicant(city)).get(f"{way.path}/timeline")).json()["items"]
    assert [e["opinion"] for e in talent] == [None, None, None, None, None, "缺学历"]
    assert [e["by"] for e in talent] == [
        "申请人", "申请人", "单位业务负责人", "单位服务专员", "单位业务负责人", "县级人社",
    ]  # fmt: skip
    staff = (await (await way.who("county")).get(f"{way.path}/timeline")).json()["items"]
    assert staff[4]["opinion"] == "同意"


@pytest.mark.parametrize(
    ("level", "first", "skipped"),
    [("city", "city", ["county"]), ("province", "province", ["county", "city"])],
)
async def test_a_level_that_is_skipped_never_sees_the_file(
    city: City, level: str, first: str, skipped: list[str]
) -> None:
    await city.sql("UPDATE units SET level = $1 WHERE region = '370102'", level)
    way = await at_county(city)  # as far as the manager's endorsement
    assert (await way.seen(first)).json()["step"] == f"{first}_review"
    await way.pass_(first)
    for hand in skipped:
        assert (await way.seen(hand)).status_code == 404, hand
    assert f"{skipped[-1]}_review" not in await way.events()


ELDER = {"person": CHEN | {"id_number": "370105197011082869"}}
"""Born on 1970-11-08: 56 on 2026-11-08."""


async def test_on_the_day_before_the_56th_birthday_somebody_may_still_hand_in(city: City) -> None:
    city.at("2026-11-07 23:59")
    way = await drafted(city, **ELDER)
    assert (await way.done("talent", "submit"))["step"] == "unit_assign"


async def test_who_turns_56_on_a_desk_or_while_mending_goes_on(city: City) -> None:
    city.at("2026-11-07 23:59")
    way = await drafted(city, **ELDER)
    await way.done("talent", "submit")
    city.at("2026-11-08 09:00")
    await way.done("manager", "assign", {"specialist": "specialist1"})
    await way.done("specialist", "submit")
    back = {"decision": "return", "opinion": "补充", "to": "talent"}
    await way.done("manager", "decisions", back)
    assert (await way.done("talent", "submit"))["step"] == "unit_endorse"


async def test_who_turns_56_before_handing_in_is_refused(city: City) -> None:
    city.at("2026-11-07 23:59")
    way = await drafted(city, **ELDER)
    city.at("2026-11-08 00:00")
    refused = await way.act("talent", "submit")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "too-old")
