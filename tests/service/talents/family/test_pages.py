"""The pages: 家庭成员 to add and remove, 我的权益 to see what is left and why something is not."""

import re
from html import unescape
from typing import Any

import httpx

from tests.city import City, Someone
from tests.service.talents.family.kin import (
    added,
    child,
    chosen,
    declared,
    holder,
    number,
    rights,
)

PAGE, RIGHTS = "/my/family", "/card/entitlements"
FORM: dict[str, Any] = {
    "relation": "child", "name": "王小满", "id_kind": "resident_id", "id_number": number(),
    "born_on": "", "version": "2026-1", "guardian": "yes",
}  # fmt: skip


async def shown(who: Someone, path: str) -> str:
    answer = await who.get(path)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


async def sent(who: Someone, path: str, form: dict[str, Any]) -> httpx.Response:
    return await who.post(path, data=form, key=None)


def offerings_of(text: str) -> list[str]:
    return re.findall(r'data-offering="([A-Z0-9-]+)"', text)


async def test_a_child_is_added_with_the_guardians_consent_and_removed_again(city: City) -> None:
    who = await holder(city)
    assert "还没有添加家庭成员" in await shown(who, PAGE)
    answer = await sent(who, f"{PAGE}/added", FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?done=added")
    text = await shown(who, f"{PAGE}?done=added")
    assert "同意记录已保存" in text
    assert "未满 14 周岁" in text
    assert number() not in text
    (member,) = (await who.get("/v1/me/family")).json()["items"]
    gone = await sent(who, f"{PAGE}/removed", {"id": member["id"]})
    assert gone.status_code == 303
    text = await shown(who, PAGE)
    assert "还没有添加家庭成员" in text
    assert text.count("已撤回") == 2


async def test_what_was_typed_stays_where_it_was_refused(city: City) -> None:
    who = await holder(city)
    answer = await sent(who, f"{PAGE}/added", FORM | {"guardian": ""})
    assert answer.status_code == 422
    assert "需要监护人同意" in answer.text
    assert 'value="王小满"' in answer.text
    empty = await sent(who, f"{PAGE}/added", {})
    assert empty.status_code == 422
    assert not await city.sql("SELECT 1 FROM family_members")


async def test_a_citys_card_is_declared_and_ended_on_the_page(city: City) -> None:
    who = await holder(city)
    form = {"region": "370200", "valid_until": ""}
    assert (await sent(who, f"{PAGE}/declared", form)).status_code == 303
    again = await sent(who, f"{PAGE}/declared", form)
    assert (again.status_code, "已登记该市的人才卡" in again.text) == (409, True)
    assert (await sent(who, f"{PAGE}/declared", {"region": "x"})).status_code == 422
    (card,) = (await who.get("/v1/me/municipal-cards")).json()["items"]
    assert (card["region"], card["tier"]) == ("370200", None)
    assert "青岛市" in await shown(who, PAGE)
    assert (await sent(who, f"{PAGE}/ended", {"id": card["id"]})).status_code == 303
    assert (await who.get("/v1/me/municipal-cards")).json()["items"] == []


async def test_what_is_not_there_is_not_found(city: City) -> None:
    who = await holder(city)
    for path, form in (
        (f"{PAGE}/removed", {"id": "nonsense"}),
        (f"{PAGE}/ended", {"id": "0198c0de-0000-7000-8000-000000000000"}),
        (f"{PAGE}/nonsense", {}),
        (RIGHTS, {"offering": "TR-01", "uses": "both"}),
    ):
        assert (await sent(who, path, form)).status_code == 404, path


async def test_rights_that_can_be_used_stand_first_and_each_says_why(city: City) -> None:
    who = await holder(city)
    text = await shown(who, RIGHTS)
    told = await rights(who)
    seen = offerings_of(text)
    usable = [told[code]["usable"] for code in seen]
    assert len(seen) == len(told)
    assert usable == sorted(usable, reverse=True)
    assert "可添加子女后申请。" in text
    assert "今年还剩 12 次" in text


async def test_a_search_finds_words_and_pinyin(city: City) -> None:
    who = await holder(city)
    assert offerings_of(await shown(who, f"{RIGHTS}?q=机场")) == ["TR-01"]
    assert "TR-01" in offerings_of(await shown(who, f"{RIGHTS}?q=jichang"))
    assert offerings_of(await shown(who, f"{RIGHTS}?q=没有这样的服务")) == []


async def test_which_card_is_used_is_changed_on_the_page(city: City) -> None:
    who = await holder(city)
    await declared(who)
    assert "改用惠才卡" in await shown(who, f"{RIGHTS}?q=机场")
    answer = await sent(who, RIGHTS, {"offering": "TR-01", "uses": "province"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{RIGHTS}#TR-01")
    assert (await rights(who))["TR-01"]["uses"] == "province"
    refused = await sent(who, RIGHTS, {"offering": "CT-02", "uses": "municipal"})
    assert (refused.status_code, "此项无需选择" in refused.text) == (409, True)


async def test_without_a_card_the_pages_say_what_to_do(city: City) -> None:
    newcomer = await city.person("talent", region="370102")
    assert "申请办卡" in await shown(newcomer, RIGHTS)
    assert "添加家庭成员" in await shown(newcomer, PAGE)


async def test_a_request_may_be_asked_for_by_the_members_name(city: City) -> None:
    who = await holder(city)
    kid = await added(who, child())
    text = await shown(who, "/my/requests/new?offering=ED-02")
    assert "子女 王*" in text
    assert f'value="{kid}"' in text


async def test_what_the_citys_card_is_used_for_is_not_offered_to_be_asked_for(city: City) -> None:
    who = await holder(city)
    await declared(who)
    assert 'data-test="choose-HO-02"' in await shown(who, "/my/requests/new")
    await chosen(who, "HO-02", "municipal")
    text = await shown(who, "/my/requests/new")
    assert 'data-test="closed-HO-02"' in text
    assert "今年按您的选择使用青岛市人才卡" in text
