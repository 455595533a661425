"""api.md 3.7: what the card gives now, for whom, and why something is not given."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.counters.entitlements import Holder, view_of
from service.offerings.entitlement import Facts
from service.offerings.models import OfferingVersion
from service.talents.cards.card import Card
from tests.city import City
from tests.service.counters.desk import benefit, desk
from tests.service.requests.ask import accepted
from tests.service.talents.family.kin import (
    added,
    child,
    chosen,
    declared,
    holder,
    number,
    rights,
    spouse,
)
from workers import timers

LAST_MOMENT = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


async def test_each_benefit_says_what_is_used_and_left_in_which_year(city: City) -> None:
    counter, who = await desk(city), await holder(city)
    await counter.redeem(await counter.token(), companions=1)
    answer = (await who.get("/v1/me/entitlements")).json()
    assert (answer["year"], answer["period_from"], answer["period_to"]) == (
        2026, "2026-01-01", "2026-12-31",
    )  # fmt: skip
    assert (answer["card"]["category"], answer["card"]["status"]) == (2, "active")
    lounge = next(each for each in answer["items"] if each["offering"] == "TR-01")
    assert lounge == {
        "offering": "TR-01", "name": "机场贵宾通道", "sector": "social", "mode": "benefit",
        "usable": True, "reason": None,
        "explanation": "出示惠才卡即可使用,今年还剩 11 次,可带 1 人。",
        "used": 1, "left": 11, "unit": "times", "period": "year",
        "period_from": "2026-01-01", "period_to": "2026-12-31",
        "for_whom": [{"relation": "holder", "usable": True, "members": []}],
        "companions_max": 1, "uses": None, "choosable": False, "excludes": [],
    }  # fmt: skip
    seen = await counter.verify(await counter.token())
    mine = await rights(who)
    assert len(answer["items"]) == 36
    for each in seen["benefits"]:  # the counter and the holder are told the same
        told = mine[each["offering"]]
        assert (told["usable"], told["left"]) == (each["usable"], each["left"])


async def test_each_exclusion_says_why_in_one_sentence(city: City) -> None:
    counter, who = await desk(city, "hospital"), await holder(city)
    await counter.redeem(await counter.token(), "ME-02")
    await declared(who)
    told = await rights(who)
    wanted = {
        "RP-02": ("category", "此项不面向您的卡类别。"),
        "ME-02": ("quota-exhausted", "今年的 1 次已用完,明年 1 月 1 日重新计算。"),
        "ED-02": ("beneficiary-missing", "可添加子女后申请。"),
        "SP-01": ("beneficiary-missing", "可添加配偶后申请。"),
        "TR-01": (
            "municipal-card",
            "青岛市人才卡每年 24 次、可带 1 人,惠才卡每年 12 次、可带 1 人,"
            "按不重复享受原则使用前者。",
        ),
        "HO-01": (None, "可以申请。"),
    }
    for code, (reason, sentence) in wanted.items():
        assert (told[code]["reason"], told[code]["explanation"]) == (reason, sentence), code
        assert told[code]["usable"] is (reason is None)
    assert (told["TR-01"]["uses"], told["TR-01"]["choosable"]) == ("municipal", True)
    await added(who, child())
    season = (await rights(who))["ED-01"]
    assert season["reason"] == "window-closed"
    assert "7 月 1 日至8 月 20 日" in season["explanation"]


async def test_family_members_are_named_masked_where_an_offering_is_for_them(city: City) -> None:
    who = await holder(city)
    kid, wife = await added(who, child()), await added(who, spouse())
    told = await rights(who)
    assert told["ED-02"]["usable"]
    assert told["ED-02"]["for_whom"] == [
        {"relation": "child", "usable": True, "members": [{"id": kid, "masked_name": "王*"}]}
    ]
    scenic = {each["relation"]: each for each in told["CT-01"]["for_whom"]}
    assert scenic["spouse"]["members"] == [{"id": wife, "masked_name": "李*"}]
    assert scenic["parent"] == {"relation": "parent", "usable": False, "members": []}
    text = (await who.get("/v1/me/entitlements")).text
    assert number() not in text
    assert "小满" not in text


async def test_a_child_of_age_is_served_no_longer_from_the_birthday_on(city: City) -> None:
    who = await holder(city)
    await added(who, child(id_number=number("20080303"), consent={"informed": True}))
    assert (await rights(who))["ED-02"]["usable"]
    city.at("2026-03-03T00:00:00")
    assert (await rights(await holder(city)))["ED-02"]["reason"] == "beneficiary-missing"


async def test_nobody_at_a_counter_learns_of_the_family(city: City) -> None:
    counter, who = await desk(city), await holder(city)
    kid = await added(who, child())
    answer = await counter.ask(await counter.token())
    assert kid not in answer.text
    assert "members" not in answer.text


@pytest.mark.parametrize("state", ["suspended", "expired", "revoked"])
async def test_a_card_that_is_not_good_gives_nothing_and_says_so(city: City, state: str) -> None:
    who = await holder(city)
    await city.sql("UPDATE cards SET state = $1", state)
    told = await rights(who)
    assert {each["reason"] for each in told.values()} == {f"card-{state}"}
    assert not any(each["usable"] or each["choosable"] for each in told.values())


async def test_a_card_past_its_last_day_has_expired_before_anybody_wrote_it_down(
    city: City,
) -> None:
    who = await holder(city)
    await city.sql("UPDATE cards SET valid_until = '2026-03-01'")
    answer = (await who.get("/v1/me/entitlements")).json()
    assert answer["card"]["status"] == "expired"
    assert {each["reason"] for each in answer["items"]} == {"card-expired"}


async def test_without_a_card_there_is_nothing_to_tell(city: City) -> None:
    newcomer = await city.person("talent", region="370102")
    answer = await newcomer.get("/v1/me/entitlements")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "办卡申请" in answer.json()["detail"]
    centre = await city.person("centre")
    assert (await centre.get("/v1/me/entitlements")).status_code == 403


async def test_what_was_granted_on_request_is_counted_in_its_year(city: City) -> None:
    case = await accepted(city)
    assert (await rights(case.holder))["HO-01"]["used"] == 0
    await city.sql("UPDATE requests SET state = 'accepted'")
    await city.sql(
        "UPDATE requests SET state = 'completed', outcome = 'granted', completed_at = $1,"
        " ended_at = $1", city.now,
    )  # fmt: skip
    assert (await rights(case.holder))["HO-01"]["used"] == 1
    city.at(NEW_YEAR)
    assert (await rights(await holder(city)))["HO-01"]["used"] == 0


async def test_the_year_changes_at_midnight_in_shanghai(city: City) -> None:
    city.at(LAST_MOMENT - timedelta(minutes=5))
    await timers.tidy(city.sessions, city.now)  # keys and lists of the day, and of the next
    who = await holder(city)
    await declared(who)
    assert (await chosen(who, "TR-01", "province")).status_code == 200

    city.at(LAST_MOMENT)
    counter = await desk(city)
    given = await counter.redeem(await counter.token())
    assert (given.status_code, given.json()["left"]) == (201, 11)
    assert given.json()["redeemed_at"] == "2026-12-31T23:59:59+08:00"
    old = (await who.get("/v1/me/entitlements")).json()
    assert (old["year"], old["period_to"]) == (2026, "2026-12-31")
    assert (await chosen(who, "TR-01", "municipal")).json()["code"] == "municipal-choice-locked"

    # A second later nothing is used, nothing is chosen, and the rule holds again.
    city.at(NEW_YEAR)
    counter, who = await desk(city), await holder(city)
    lounge = (await rights(who))["TR-01"]
    assert (lounge["used"], lounge["left"], lounge["period_from"]) == (0, 12, "2027-01-01")
    assert (lounge["uses"], lounge["choosable"]) == ("municipal", True)
    assert (await counter.redeem(await counter.token())).json()["reason"] == "municipal-card"
    assert (await chosen(who, "TR-01", "province")).status_code == 200
    fresh = await counter.redeem(await counter.token())
    assert (fresh.status_code, fresh.json()["left"]) == (201, 11)
    assert benefit(await counter.verify(await counter.token()), "TR-01")["left"] == 11


@given(st.none() | st.integers(0, 20), st.integers(0, 40))
def test_what_is_left_is_never_below_nothing(limit: int | None, used: int) -> None:
    version = OfferingVersion(
        code="TR-01", name_zh="x", sector="social", mode="benefit", categories=[1],
        beneficiaries=["holder"], annual_limit=limit, unit="times", companions_max=0,
        window=None, exclusive_with=None,
    )  # fmt: skip
    day = LAST_MOMENT.date()
    whose = Holder(
        card=Card(state="active", category=1, valid_until=day), family=(),
        facts=Facts(used={"TR-01": used}), granted={}, versions={}, today=day,
    )  # fmt: skip
    told = view_of(version, whose)
    assert told.left is None if limit is None else told.left == max(0, limit - used)
    assert told.usable is (told.left is None or told.left > 0)


async def test_the_reasons_are_a_closed_list_that_outsiders_can_read(city: City) -> None:
    schemas = (await city.http.get("/schema/openapi.json")).json()["components"]["schemas"]
    listed = set(schemas["Problem"]["properties"]["reason"]["enum"])
    assert {"municipal-card", "exclusive", "age", "window-closed", "card-suspended"} <= listed
    (mine,) = [each for name, each in schemas.items() if name.endswith("EntitlementView")]
    told = set(mine["properties"]["reason"]["enum"])
    assert told >= {"beneficiary-missing", "municipal-card", "exclusive", "quota-exhausted"}
