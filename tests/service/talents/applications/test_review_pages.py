"""The reviewers' pages: the queue, the file with its proofs, the unit's day."""

import re
from datetime import timedelta

import pytest

from tests.city import City
from tests.service.talents.applications.test_batches import WHOLE, copies
from tests.service.talents.apply import applicant, at_county, at_office, drafted, file_of
from tests.service.talents.test_pages import HTML, seen, send, step_of

BACK = {"do": "decide", "decision": "return", "to": "draft"}


def marked(text: str, name: str) -> list[str]:
    """The texts of the elements with this `data-test`, without their tags."""
    found = re.findall(rf'data-test="{name}"[^>]*>(.*?)</', text, re.S)
    return [re.sub(r"<[^>]+>|\s+", "", each) for each in found]


async def test_the_queue_counts_and_shows_in_red_what_is_late(city: City) -> None:
    way = await at_county(city)
    text = await seen(await way.who("county"), "/review")
    assert marked(text, "left") == ["还剩7天14小时"]
    assert 'class="late"' not in text
    city.at("2026-03-10 08:00")
    text = await seen(await way.who("county"), "/review?overdue=yes")
    assert marked(text, "left") == ["已超8小时0分"]
    assert 'class="late"' in text
    assert marked(text, "count-overdue") == ["1"]


async def test_what_came_back_is_marked(city: City) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", {"decision": "return", "opinion": "补"})
    await way.done("talent", "submit")
    text = await seen(await way.who("county"), "/review")
    assert marked(text, "again") == ["退回过1次"]
    assert marked(text, "count-again") == ["1"]


async def test_the_queue_is_cut_into_pages(city: City) -> None:
    way = await at_county(city)
    await copies(city, way, 30)
    who = await way.who("county")
    first = await seen(who, "/review")
    assert len(re.findall('data-test="line"', first)) == 25
    assert "第 1 / 2 页,共 30 件" in first
    assert len(re.findall('data-test="line"', await seen(who, "/review?page=2"))) == 5


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "category=a",
        "region=99",
        "unit=x",
        "step=x",
        "q=%00",
        "page=9",
        "page=99999",
    ],
)
async def test_an_address_that_makes_no_sense_still_shows_a_page(city: City, query: str) -> None:
    way = await at_county(city)
    await seen(await way.who("county"), f"/review?{query}")


async def test_a_return_by_the_page_lists_what_is_missing_to_the_talent(city: City) -> None:
    way = await at_county(city)
    who = await way.who("county")
    text = await seen(who, f"/review/{way.id}")
    done = await send(
        who, f"/review/{way.id}", text, **BACK, opinion="", missing="evidence:业绩材料",
        missing_other="劳动合同",
    )  # fmt: skip
    assert done.status_code == 303, done.text
    mine = await seen(await applicant(city), "/my/application")
    assert re.findall(r'data-missing="(.*?)" data-done="(.*?)"', mine) == [
        ("业绩材料", "no"), ("劳动合同", "no"),
    ]  # fmt: skip
    assert "请于 3月16日(周一)24:00 前补充" in mine
    await way.done("talent", "submit")
    assert "data-missing" not in await seen(await applicant(city), "/my/application")
    back = await seen(who, f"/review/{way.id}")
    assert 'data-hint="still-missing"' in back
    assert "没有任何变化" in back


async def test_an_opinion_ready_to_use_serves_without_script(city: City) -> None:
    way = await at_county(city)
    who = await way.who("county")
    text = await seen(who, f"/review/{way.id}")
    sent = await send(who, f"/review/{way.id}", text, **BACK, template="proof-blurred")
    assert sent.status_code == 303
    story = (await who.get(f"{way.path}/timeline")).json()["items"]
    assert story[-1]["opinion"] == "所附材料不清晰或缺页,请重新扫描后上传。"


async def test_a_page_overtaken_by_somebody_else_keeps_what_was_typed_and_ticked(
    city: City,
) -> None:
    way = await at_county(city)
    who = await way.who("county")
    text = await seen(who, f"/review/{way.id}")
    stale = await send(
        who, f"/review/{way.id}", re.sub(r'(_revision" value=")\d+', r"\g<1>1", text), **BACK,
        opinion="写了很久的意见", missing="field:phone", missing_other="别的",
    )  # fmt: skip
    assert stale.status_code == 412
    for kept in ("写了很久的意见", 'value="field:phone" checked', 'value="别的"'):
        assert kept in stale.text
    assert (await way.seen("county")).json()["step"] == "county_review"


async def test_proofs_stand_beside_the_form_and_may_be_framed_here_only(city: City) -> None:
    talent = await applicant(city)
    file = (await file_of(talent)).json()["id"]
    way = await at_county(city, evidence=[{"kind": "业绩材料", "file_id": file}])
    who = await way.who("county")
    page = await who.get(f"/review/{way.id}", headers=HTML)
    assert f'<iframe name="proof" title="证明材料:业绩材料" src="/v1/files/{file}' in page.text
    assert page.headers["x-frame-options"] == "DENY"
    shown = await who.get(f"/v1/files/{file}")
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"
    assert "sandbox; frame-ancestors 'self'" in shown.headers["content-security-policy"]
    assert shown.headers["content-disposition"] == "inline"
    assert shown.headers["x-content-type-options"] == "nosniff"


async def test_several_are_passed_by_the_page_and_each_result_is_told(city: City) -> None:
    ways = await copies(city, await at_office(city, evidence=WHOLE), 3)
    who = await ways[0].who("office")
    text = await seen(who, "/review")
    picks = re.findall(r'name="pick" value="(.*?)"', text)
    assert len(picks) == 3
    await ways[1].done("office", "decisions", {"decision": "return", "opinion": "补"})
    data = {"pick": picks, "opinion": "同意发放。"}
    done = await who.post("/review", key=None, data=data, headers=HTML)
    assert sorted(re.findall(r'data-result="(\w+)"', done.text)) == ["passed", "passed", "refused"]
    again = await who.post("/review", key=None, data=data, headers=HTML)
    assert re.findall(r'data-result="(\w+)"', again.text) == ["refused"] * 3
    none = await who.post("/review", key=None, data={"opinion": "x"}, headers=HTML)
    assert none.status_code == 422
    assert 'data-test="problem"' in none.text


async def test_a_file_with_a_hint_cannot_be_ticked(city: City) -> None:
    way = await at_office(city)
    text = await seen(await way.who("office"), "/review")
    assert 'name="pick"' not in text
    assert marked(text, "look") == ["有提示"]


async def test_the_file_says_why_it_is_due_then(city: City) -> None:
    way = await at_county(city)
    text = await seen(await way.who("county"), f"/review/{way.id}")
    assert "3月9日(周一)24:00前办结" in text
    assert "起算日,不计入" in text


async def another_specialist(city: City) -> str:
    """A second specialist of the unit; returns the account's id."""
    (row,) = await city.sql(
        """
        WITH fresh AS (
          INSERT INTO accounts SELECT (jsonb_populate_record(a, jsonb_build_object(
            'id', gen_random_uuid(), 'login', 'specialist-2'))).* FROM accounts a
          WHERE login = (SELECT login FROM accounts JOIN grants ON account_id = accounts.id
                         WHERE role = 'unit_specialist' LIMIT 1) RETURNING id)
        INSERT INTO grants SELECT (jsonb_populate_record(g, jsonb_build_object(
            'id', gen_random_uuid(), 'account_id', fresh.id))).* FROM grants g, fresh
        WHERE role = 'unit_specialist' RETURNING account_id
        """
    )
    return str(row["account_id"])


async def test_the_manager_names_another_specialist_and_the_time_runs_on(city: City) -> None:
    way = await at_county(city)
    second = await another_specialist(city)
    before = (await way.seen("manager")).json()
    after = await way.done("manager", "reassign", {"specialist": second})
    assert after["specialist"]["id"] == second
    assert (after["step"], after["due_at"]) == (before["step"], before["due_at"])
    assert (await way.events())[-1] == "reassigned"
    same = await way.act("manager", "reassign", {"specialist": second})
    assert (same.status_code, same.json()["errors"][0]["code"]) == (422, "unchanged")
    stranger = await way.act("manager", "reassign", {"specialist": "reviewer-lixia"})
    assert stranger.status_code == 422
    assert (await way.act("county", "reassign", {"specialist": second})).status_code == 403
    await way.done("county", "decisions", {"decision": "return", "opinion": "补"})
    assert (await way.act("specialist", "submit")).status_code == 409


async def test_before_anybody_is_assigned_there_is_nobody_to_replace(city: City) -> None:
    way = await drafted(city)
    await way.done("talent", "submit")
    answer = await way.act("manager", "reassign", {"specialist": "x"})
    assert (answer.status_code, answer.json()["allowed"]) == (409, ["assign", "decisions"])


async def test_the_manager_replaces_the_specialist_on_the_page(city: City) -> None:
    way = await at_county(city)
    second = await another_specialist(city)
    manager = await way.who("manager")
    text = await seen(manager, f"/review/{way.id}")
    sent = await send(manager, f"/review/{way.id}", text, do="reassign", specialist=second)
    assert sent.status_code == 303
    assert step_of(await seen(manager, f"/review/{way.id}")) == "county_review"


async def test_the_unit_sees_its_day_by_what_runs_out_first(city: City) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", {"decision": "return", "opinion": "补"})
    specialist = await seen(await way.who("specialist"), "/unit")
    assert f'data-test="waiting" data-id="{way.id}"' in specialist
    manager = await seen(await way.who("manager"), "/unit")
    assert f'data-test="under-way" data-id="{way.id}"' in manager
    assert (await (await way.who("county")).get("/unit", headers=HTML)).status_code == 403


async def test_a_card_that_runs_out_soon_and_open_requests_are_on_the_units_page(
    city: City,
) -> None:
    way = await at_office(city, evidence=WHOLE, contract_until="2026-12-31")
    assert (await way.pass_("office"))["step"] == "issued"
    assert marked(await seen(await way.who("manager"), "/unit"), "runs-out") == []
    holder = await way.who("talent")
    offering = (await holder.get("/v1/offerings/HO-01")).json()
    (example, *_) = offering["form_schema"]["examples"]
    asked = {"offering": "HO-01", "region": "370100", "form": example}
    assert (await holder.post("/v1/requests", asked)).status_code == 201
    city.pass_time(timedelta(days=250))
    for hand in ("manager", "specialist"):
        text = await seen(await way.who(hand), "/unit")
        assert marked(text, "runs-out") == ["还有54天,请提醒续办"], hand
        assert "1 件" in text
        (card,) = re.findall(r'href="(/cards/[^"]+)"', text)
        assert "2026年12月31日" in await seen(await way.who(hand), card)
