"""At the counter: what is had by a city's card, or beside another offering, is not given twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from service.reference import tables
from service.talents.family import declaring
from service.talents.family.declaring import Choose
from tests.city import City
from tests.service.counters.desk import Desk, benefit, desk
from tests.service.requests.ask import accepted, body
from tests.service.talents.family.kin import (
    caller_of,
    chosen,
    declared,
    holder,
    rights,
    waiting,
)


async def refused(counter: Desk, offering: str = "TR-01") -> tuple[int, str, str]:
    answer = await counter.redeem(await counter.token(), offering)
    body = answer.json()
    return answer.status_code, body.get("code", ""), body.get("reason", "")


async def reloaded(city: City, name: str, change: Any) -> None:
    """Officials load a newer table."""
    async with city.sessions.begin() as session:
        rows = [dict(row) for row in await tables.rows_of(session, name)]
        for row in rows:
            change(row)
        lines = [list(rows[0]), *(list(row.values()) for row in rows)]
        content = "\n".join("\t".join(line) for line in lines)
        await tables.load(session, name, content, city.now)


async def test_what_the_citys_card_gives_more_of_is_not_given_by_ours(city: City) -> None:
    counter = await desk(city)
    await declared(await holder(city))  # 青岛: 24 times at the airport, ours 12
    seen = benefit(await counter.verify(await counter.token()), "TR-01")
    assert (seen["usable"], seen["reason"], seen["left"]) == (False, "municipal-card", 12)
    assert await refused(counter) == (409, "not-entitled", "municipal-card")
    assert not await city.sql("SELECT 1 FROM redemptions")
    # What the city's card gives less of, or not at all, is ours as before.
    shown = await counter.verify(await counter.token())
    assert benefit(shown, "CT-01")["usable"]
    assert benefit(shown, "ME-01")["usable"]


async def test_no_declared_card_changes_nothing(city: City) -> None:
    counter = await desk(city)
    assert (await counter.redeem(await counter.token())).status_code == 201


async def test_a_card_that_has_ended_or_run_out_excludes_nothing(city: City) -> None:
    counter, who = await desk(city), await holder(city)
    card = await declared(who, valid_until="2026-03-02")
    assert (await refused(counter))[2] == "municipal-card"
    city.at("2026-03-03T00:00:00")
    counter = await desk(city)
    assert benefit(await counter.verify(await counter.token()), "TR-01")["usable"]
    city.at("2026-03-02T23:59:59")
    counter = await desk(city)
    assert (await refused(counter))[2] == "municipal-card"
    who = await holder(city)
    assert (await who.delete(f"/v1/me/municipal-cards/{card}")).status_code == 204
    assert (await counter.redeem(await counter.token())).status_code == 201


async def test_the_holder_may_choose_ours_until_the_first_use_settles_it(city: City) -> None:
    counter, who = await desk(city), await holder(city)
    await declared(who)
    assert (await chosen(who, "TR-01", "province")).status_code == 200
    assert (await chosen(who, "TR-01", "municipal")).status_code == 200
    assert (await refused(counter))[2] == "municipal-card"
    assert (await chosen(who, "TR-01", "province")).json() == {"uses": "province"}
    assert (await counter.redeem(await counter.token())).status_code == 201
    again = await chosen(who, "TR-01", "municipal")
    assert (again.status_code, again.json()["code"]) == (409, "municipal-choice-locked")
    city.pass_time(timedelta(seconds=30))
    assert (await counter.redeem(await counter.token())).json()["left"] == 10


async def test_a_counter_that_looked_before_a_choice_looks_again(city: City) -> None:
    counter, who = await desk(city), await holder(city)
    await declared(who)
    await chosen(who, "TR-01", "province")
    by, shown = await caller_of(city, who), await counter.token()
    async with city.sessions.begin() as session:
        await declaring.choose(session, by, "TR-01", Choose("municipal"), city.now)
        given = asyncio.create_task(counter.redeem(shown))
        assert await waiting(city, given)
    assert (await given).json()["reason"] == "municipal-card"
    assert not await city.sql("SELECT 1 FROM redemptions")


async def test_of_a_choice_and_a_first_use_at_once_one_finds_the_other_done(city: City) -> None:
    counter, who = await desk(city), await holder(city)
    await declared(who)
    await chosen(who, "TR-01", "province")
    shown = await counter.token()
    given, choice = await asyncio.gather(counter.redeem(shown), chosen(who, "TR-01", "municipal"))
    assert sorted((given.status_code, choice.status_code)) in ([200, 409], [201, 409])


async def test_what_is_under_way_or_was_granted_on_request_excludes_at_the_counter(
    city: City,
) -> None:
    def exclude(row: dict[str, str]) -> None:
        if row["code"] == "CT-01":
            row["exclusive_with"] = "HO-01"

    await reloaded(city, "catalogue", exclude)
    case = await accepted(city)
    museum = await desk(city, "museum")
    assert await refused(museum, "CT-01") == (409, "not-entitled", "exclusive")
    ends = "UPDATE requests SET state = 'completed', ended_at = $1, completed_at = $1, outcome = "
    await city.sql(ends + "'granted'", city.now)
    assert (await refused(museum, "CT-01"))[2] == "exclusive"
    last_year = city.now.replace(year=2025)
    await city.sql(ends + "'granted'", last_year)
    assert benefit(await museum.verify(await museum.token()), "CT-01")["usable"]
    await city.sql(ends + "'declined'", city.now)
    assert (await museum.redeem(await museum.token(), "CT-01")).status_code == 201
    # And what a counter gave excludes the case, the other way round.
    refusal = await case.holder.post("/v1/requests", body())
    assert (refusal.status_code, refusal.json()["reason"]) == (409, "exclusive")


@pytest.mark.parametrize("offering", ["CT-02", "XX-99", "%00", "TR-03"])
async def test_only_what_both_give_can_be_chosen(city: City, offering: str) -> None:
    who = await holder(city)
    await declared(who)
    answer = await chosen(who, offering, "municipal")
    assert answer.json()["code"] in ("nothing-to-choose", "not-found")


async def test_a_replaced_card_keeps_choices_and_what_was_used(city: City) -> None:
    counter, who = await desk(city), await holder(city)
    await declared(who)
    await chosen(who, "TR-01", "province")
    assert (await counter.redeem(await counter.token())).status_code == 201
    card = (await who.get("/v1/me/card")).json()
    window = await city.person("reviewer", region="370100")
    seen = await window.get(f"/v1/cards/{card['id']}")
    made = await window.post(
        f"/v1/cards/{card['id']}/replace", {"reason": "遗失"}, etag=seen.headers["ETag"]
    )
    assert made.status_code == 200, made.text
    mine = (await rights(who))["TR-01"]
    assert (mine["used"], mine["left"], mine["uses"]) == (1, 11, "province")
    assert mine["choosable"] is False


async def test_officials_table_is_heard_with_the_next_scan(city: City) -> None:
    counter = await desk(city)
    await declared(await holder(city))
    assert (await refused(counter))[2] == "municipal-card"

    def fewer(row: dict[str, str]) -> None:
        if (row["city"], row["offering"]) == ("370200", "TR-01"):
            row["annual_limit"] = "3"

    await reloaded(city, "municipal", fewer)
    assert (await counter.redeem(await counter.token())).status_code == 201


async def test_one_of_two_offerings_excludes_the_other_and_both_ways(city: City) -> None:
    def exclude(row: dict[str, str]) -> None:
        if row["code"] == "TR-01":
            row["exclusive_with"] = "municipal-card;TR-02"

    await reloaded(city, "catalogue", exclude)
    counter, who = await desk(city), await holder(city)
    before = await rights(who)
    assert (before["TR-01"]["excludes"], before["TR-02"]["excludes"]) == (["TR-02"], ["TR-01"])
    assert "“铁路贵宾候车”每年只享受其一" in before["TR-01"]["explanation"]
    assert (await counter.redeem(await counter.token(), "TR-02")).status_code == 201
    city.pass_time(timedelta(seconds=30))
    assert await refused(counter, "TR-01") == (409, "not-entitled", "exclusive")
    assert (await counter.redeem(await counter.token(), "TR-02")).status_code == 201
    after = (await rights(who))["TR-01"]
    assert (after["usable"], after["reason"]) == (False, "exclusive")
    assert "铁路贵宾候车" in after["explanation"]


async def test_which_of_two_offerings_gives_more_is_told_while_both_are_open(city: City) -> None:
    def exclude(row: dict[str, str]) -> None:
        if row["code"] == "ST-01":
            row["exclusive_with"] = "CT-02"

    await reloaded(city, "catalogue", exclude)
    told = await rights(await holder(city))
    for code, other in (("ST-01", "图书馆与博物馆便利"), ("CT-02", "公共体育场馆优惠")):
        said = told[code]["explanation"]
        assert f"与“{other}”每年只享受其一(“图书馆与博物馆便利”每年 365 次,更多)" in said


async def test_two_that_exclude_one_another_are_not_both_given_at_once(city: City) -> None:
    def exclude(row: dict[str, str]) -> None:
        if row["code"] == "TR-01":
            row["exclusive_with"] = "TR-02"

    await reloaded(city, "catalogue", exclude)
    counter = await desk(city)
    shown = [await counter.token() for _ in range(16)]
    answers = await asyncio.gather(
        *(counter.redeem(token, ("TR-01", "TR-02")[n % 2]) for n, token in enumerate(shown))
    )
    given = {a.json()["offering"] for a in answers if a.status_code == 201}
    assert len(given) == 1
    assert {a.status_code for a in answers} == {201, 409}
