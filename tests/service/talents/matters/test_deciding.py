"""What a decision does, who takes it, and what stays as it is (guide.md 2.4, api.md 1.5–1.7)."""

import asyncio
from datetime import timedelta
from uuid import UUID

from tests.city import City
from tests.service.talents.matters.life import (
    act,
    agreed,
    ask,
    asked,
    card_of,
    decide,
    holder,
    manager,
    notices_of,
    specialist,
    uscc,
    window,
)


async def test_a_renewal_is_decided_by_the_city_and_follows_the_category_s_rule(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "renewal")
    county = await window(city, "370102")
    assert (await county.get(f"/v1/card-matters/{matter['id']}")).status_code == 404
    done = await agreed(await window(city, "370100"), matter)
    assert (done["state"], done["valid_until"]) == ("agreed", "2033-06-30")
    assert (await card_of(mine))["valid_until"] == "2033-06-30"
    assert (await city.events(f"cards/{card['id']}"))[-3:] == [
        "hck.card.matter_opened.v1", "hck.card.matter_decided.v1", "hck.card.renewed.v1",
    ]  # fmt: skip
    await city.settle()
    assert (await notices_of(city, mine))[-3:] == [
        "您的惠才卡“卡片延期”已提出,3月16日(周一)24:00前答复。",
        "您的惠才卡“卡片延期”已办结:已同意,详情见“我的卡”。",
        "您的惠才卡有效期已延长。",
    ]


async def test_an_early_renewal_keeps_the_later_day(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "renewal", contract_until="2027-01-01")
    assert (await agreed(await window(city, "370100"), matter))["valid_until"] == "2031-03-01"
    assert (await card_of(mine))["valid_until"] == card["valid_until"]


async def test_a_contract_that_ran_out_while_it_waited_is_not_renewed_by(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "renewal", contract_until="2026-03-20")
    city.pass_time(timedelta(days=30))
    late = await decide(await window(city, "370100"), matter)
    assert (late.status_code, late.json()["code"]) == (409, "contract-over")
    assert (
        await act(
            await window(city, "370100"),
            matter,
            "decisions",
            {"decision": "decline", "opinion": "合同已满"},
        )
    ).status_code == 200


async def test_a_revocation_leaves_the_card_alone_until_the_province_agrees(city: City) -> None:
    mine, boss = await holder(city), await manager(city)
    card = await card_of(mine)
    matter = await asked(boss, card["id"], "revocation")
    assert (await mine.post("/v1/me/card/presentations", key=None)).status_code == 201
    stated = await act(mine, matter, "statement", {"statement": "我仍在岗"})
    assert (stated.status_code, stated.json()["statement"]) == (200, "我仍在岗")
    assert (await decide(await window(city, "370100"), matter)).status_code == 403
    province = await window(city, "370000")
    wordless = await decide(province, matter, opinion=" ")
    assert wordless.json()["errors"][0]["pointer"] == "/opinion"
    assert (await province.get(f"/v1/card-matters/{matter['id']}")).json()[
        "statement"
    ] == "我仍在岗"
    await agreed(province, matter)
    assert (await card_of(mine))["state"] == "revoked"
    late = await act(mine, matter, "statement", {"statement": "等一下"})
    assert (late.status_code, late.json()["state"], late.json()["allowed"]) == (409, "agreed", [])


async def test_a_declined_proposal_changes_nothing(city: City) -> None:
    mine, boss = await holder(city), await manager(city)
    card = await card_of(mine)
    matter = await asked(boss, card["id"], "leaving")
    done = await decide(await window(city, "370000"), matter, "decline", "尚未离鲁")
    assert (done.json()["state"], done.json()["opinion"]) == ("declined", "尚未离鲁")
    assert await card_of(mine) == card
    assert await asked(boss, card["id"], "leaving")


async def test_a_change_of_unit_links_the_card_to_the_new_unit_s_people(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    theirs = await city.person("unit_specialist")
    assert (await theirs.get(f"/v1/cards/{card['id']}")).status_code == 404
    matter = await asked(mine, card["id"], "unit_change", unit_uscc=await uscc(city, "370102"))
    assert matter["new_unit"] == "济南历下云帆智能科技有限公司"
    await agreed(await window(city, "370102"), matter)
    linked = await theirs.get(f"/v1/cards/{card['id']}")
    assert (linked.json()["region"], linked.json()["unit"]) == ("370102", matter["new_unit"])
    assert (await city.events(f"cards/{card['id']}"))[-1] == "hck.card.relinked.v1"
    story = (await mine.get(f"/v1/cards/{card['id']}/timeline")).json()["items"]
    assert [entry["text"] for entry in story][-3:] == [
        "提出“变更用人单位”", "同意“变更用人单位”", "变更用人单位为济南历下云帆智能科技有限公司",
    ]  # fmt: skip
    await city.settle()
    assert await notices_of(city, theirs) == [
        "本单位一位人才的卡务“变更用人单位”已办结:已同意。",
        "一位持卡人才已转入本单位,请与其联系。",
    ]


async def test_a_death_is_never_told_to_the_holder_s_account(city: City) -> None:
    mine, boss, theirs = await holder(city), await manager(city), await specialist(city)
    steward = await city.person("steward")
    card = await card_of(mine)
    renewal = await asked(mine, card["id"], "renewal")
    matter = await asked(steward, card["id"], "death")
    await city.settle()
    before = await notices_of(city, mine)
    assert (await mine.get(f"/v1/card-matters/{matter['id']}")).status_code == 404
    listed = (await mine.get("/v1/card-matters")).json()["items"]
    assert [each["kind"] for each in listed] == ["renewal"]
    await agreed(await window(city, "370000"), matter)
    await city.settle()
    assert await notices_of(city, mine) == before
    for who in (theirs, steward):
        told = await notices_of(city, who)
        assert told[-1] == "您联系的一位人才的“去世报告”已核实,惠才卡已注销。"
    shut = (await boss.get(f"/v1/card-matters/{renewal['id']}")).json()
    assert (shut["state"], shut["allowed"]) == ("withdrawn", [])
    story = await mine.get(f"/v1/cards/{card['id']}/timeline")
    assert "去世" not in story.text
    assert story.json()["items"][-1]["text"] == "“卡片延期”因卡已失效而终止"
    assert "注销(去世)" in (await steward.get(f"/v1/cards/{card['id']}/timeline")).text


async def test_a_replacement_gives_a_new_card_and_what_is_open_goes_on_there(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    renewal = await asked(mine, card["id"], "renewal")
    matter = await asked(mine, card["id"], "replacement", cause="lost")
    done = await agreed(await window(city, "370100"), matter)
    new = await card_of(mine)
    assert (new["id"], new["state"]) == (done["new_card_id"], "active")
    assert new["number"] != card["number"]
    moved = await mine.get(f"/v1/card-matters/{renewal['id']}")
    assert (moved.json()["card_id"], moved.json()["state"]) == (new["id"], "open")
    await agreed(await window(city, "370100"), renewal)
    assert (await card_of(mine))["valid_until"] == "2033-06-30"


async def test_nobody_decides_what_they_brought_up(city: City) -> None:
    card = await card_of(await holder(city))
    province = await window(city, "370000")
    matter = await asked(province, card["id"], "death")
    assert matter["allowed"] == ["withdraw"]
    own = await decide(province, matter)
    assert (own.status_code, own.json()["allowed"]) == (409, ["withdraw"])


async def test_only_the_opener_takes_it_back(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "renewal")
    jinan = await window(city, "370100")
    other = await act(jinan, matter, "withdraw")
    assert (other.status_code, other.json()["allowed"]) == (409, ["decisions"])
    assert (await act(mine, matter, "withdraw")).json()["state"] == "withdrawn"
    late = await decide(jinan, matter)
    assert (late.status_code, late.json()["state"]) == (409, "withdrawn")


async def test_an_act_asks_for_the_revision_that_was_read(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "renewal")
    path = f"/v1/card-matters/{matter['id']}"
    assert (await mine.post(f"{path}/withdraw")).status_code == 428
    assert (await mine.post(f"{path}/withdraw", etag='"7"')).status_code == 412
    seen = await mine.get(path)
    again = await mine.get(path, headers={"If-None-Match": seen.headers["ETag"]})
    assert again.status_code == 304
    assert (await mine.post(f"{path}/withdraw", key=None, etag='"1"')).status_code == 400


async def test_agreeing_and_taking_back_at_once_leave_one_of_them(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    jinan = await window(city, "370100")
    for _ in range(6):
        matter = await asked(mine, card["id"], "renewal")
        path = f"/v1/card-matters/{matter['id']}"
        both = await asyncio.gather(
            jinan.post(f"{path}/decisions", {"decision": "agree"}, etag='"1"'),
            mine.post(f"{path}/withdraw", etag='"1"'),
        )
        codes = sorted(each.status_code for each in both)
        assert codes[0] == 200
        assert codes[1] in (409, 412), [each.text for each in both]
        state = (await mine.get(path)).json()["state"]
        assert state == ("agreed" if both[0].status_code == 200 else "withdrawn")


async def test_two_who_ask_at_once_open_one(city: City) -> None:
    mine, theirs = await holder(city), await specialist(city)
    card = await card_of(mine)
    answers = await asyncio.gather(
        *(ask(who, card["id"], "renewal") for who in (mine, theirs, mine, theirs))
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    rows = await city.sql("SELECT 1 FROM card_matters WHERE state = 'open'")
    assert len(rows) == 1


async def test_what_is_open_ends_with_a_card_that_ended_otherwise(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "renewal")
    province = await window(city, "370000")
    await province.post(f"/v1/cards/{card['id']}/revoke", {"reason": "查实"}, etag='"1"')
    late = await decide(await window(city, "370100"), matter)
    assert (late.status_code, late.json()["code"]) == (409, "card-unfit-for-matter")
    await city.sweep()
    assert (await mine.get(f"/v1/card-matters/{matter['id']}")).json()["state"] == "withdrawn"


async def test_what_people_wrote_lies_sealed_and_in_no_event(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "renewal", reason="秘密理由")
    await agreed(await window(city, "370100"), matter)
    (row,) = await city.sql("SELECT * FROM card_matters WHERE id = $1", UUID(matter["id"]))
    assert "秘密理由".encode() not in row["reason"]
    data = await city.sql("SELECT data::text FROM events WHERE subject = $1", f"cards/{card['id']}")
    assert all("秘密" not in each["data"] and "已核实" not in each["data"] for each in data)
    centre = await city.person("centre", region="370000")
    read = (await centre.get(f"/v1/card-matters/{matter['id']}")).json()
    assert (read["reason"], read["opinion"], read["name"]) == (None, None, "张*")
