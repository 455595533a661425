"""The pages work without script: forms, refusals beside the fields, nothing lost."""

import html
import re
from urllib.parse import urlencode

import httpx
import pytest

from tests.city import City, Someone
from tests.service.requests.ask import APARTMENT, Case, accepted, offered
from tests.service.talents.apply import PDF

FORM = {
    "_region": "370100",
    "_for": "holder",
    "family_size": "3",
    "preferred_district": "370102",
    "move_in_on": "2026-05-01",
    "contact_phone": "13800000000",
}
NEW = "/my/requests/new?offering=HO-01"


async def send(who: Someone, path: str, form: dict[str, str]) -> httpx.Response:
    """A browser's form."""
    return await who.send(
        "POST",
        path,
        content=urlencode(form),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, name
    return found[1]


def marked(page: httpx.Response, mark: str) -> list[str]:
    """The texts of the elements with this data-test."""
    found = re.findall(rf'data-test="{mark}"[^>]*>(.*?)</', page.text, re.S)
    return [html.unescape(re.sub(r"<[^>]+>", " ", each)).strip() for each in found]


async def test_a_holder_chooses_fills_in_and_reads_the_story(city: City) -> None:
    holder = await city.person("talent", region="370100")
    choose = await holder.get("/my/requests/new")
    assert 'data-test="choose-HO-01"' in choose.text
    assert 'data-test="closed-ED-01"' in choose.text
    assert "受理时段" in choose.text
    form = await holder.get(NEW)
    assert "意向县(市、区)" in form.text
    assert "济南市历下区" in form.text
    sent = await send(holder, NEW, {**FORM, "_id": hidden(form, "_id")})
    assert sent.status_code == 303, sent.text
    story = await holder.get(sent.headers["Location"])
    assert marked(story, "told") == ["申请已提交,系统正在派送给办理单位。"]
    assert marked(story, "state") == ["已提交"]
    assert 'data-test="why"' in story.text
    listed = await holder.get("/my/requests")
    assert listed.text.count('data-test="request"') == 1


async def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(city: City) -> None:
    holder = await city.person("talent", region="370100")
    form = await holder.get(NEW)
    typed = {**FORM, "_id": hidden(form, "_id"), "family_size": "99", "remarks": "靠近地铁"}
    sent = await send(holder, NEW, typed)
    assert sent.status_code == 422
    assert "不能大于 10" in sent.text
    assert 'value="99"' in sent.text
    assert "靠近地铁" in sent.text
    assert 'value="370102" selected' in sent.text
    assert hidden(sent, "_id") == typed["_id"]
    assert await city.sql("SELECT 1 FROM requests") == []
    mended = await send(holder, NEW, {**typed, "family_size": "9"})
    assert mended.status_code == 303


async def test_a_form_sent_twice_is_one_request(city: City) -> None:
    holder = await city.person("talent", region="370100")
    typed = {**FORM, "_id": hidden(await holder.get(NEW), "_id")}
    first, second = await send(holder, NEW, typed), await send(holder, NEW, typed)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(await city.sql("SELECT 1 FROM requests")) == 1


async def test_a_form_with_nonsense_in_it_is_refused_and_shown_again(city: City) -> None:
    holder = await city.person("talent", region="370100")
    nonsense = {"_id": "\0", "_region": "\0", "_for": "\0", "family_size": "\0"}
    assert (await send(holder, NEW, nonsense)).status_code == 409
    assert (await send(holder, NEW, nonsense | {"_for": "holder"})).status_code == 422
    assert (await holder.get("/my/requests/new?offering=%00")).status_code == 404


async def test_no_file_is_taken_before_it_is_declared_not_to_be_secret(city: City) -> None:
    holder = await city.person("talent", region="370100")
    typed = {**FORM, "_id": hidden(await holder.get(NEW), "_id")}
    paper = [("_files", ("无房证明.pdf", PDF, "application/pdf"))]
    refused = await holder.send("POST", NEW, data=typed, files=paper)
    assert refused.status_code == 422
    assert "请先确认材料不涉及国家秘密" in refused.text
    assert await city.sql("SELECT 1 FROM files") == []
    assert await city.sql("SELECT 1 FROM requests") == []


async def test_files_that_were_sent_are_kept_where_the_form_is_refused(city: City) -> None:
    holder = await city.person("talent", region="370100")
    typed = {**FORM, "_id": hidden(await holder.get(NEW), "_id"), "not_secret": "yes"}
    paper = [("_files", ("无房证明.pdf", PDF, "application/pdf"))]
    wrong = [("_files", ("表.pdf", b"MZ not a paper", "application/pdf"))]
    refused = await holder.send("POST", NEW, data=typed, files=wrong)
    assert refused.status_code == 422
    assert "只接受 PDF、JPEG、PNG" in refused.text
    refused = await holder.send("POST", NEW, data={**typed, "family_size": "99"}, files=paper)
    assert refused.status_code == 422
    assert "已上传(PDF,1 KB)" in refused.text
    done = await send(holder, NEW, {**typed, "_file": hidden(refused, "_file")})
    assert done.status_code == 303
    await city.settle()
    request_id = done.headers["Location"].split("/")[-1].partition("?")[0]
    bureau, other = await city.client("housing"), await city.client("education")
    (file,) = (await bureau.get(f"/v1/partner/requests/{request_id}")).json()["files"]
    assert (await bureau.get(f"/v1/files/{file}")).content == PDF
    assert (await other.get(f"/v1/files/{file}")).status_code == 404
    steward = await city.person("steward")
    assert (await steward.get(f"/v1/files/{file}")).status_code == 200


async def test_a_correction_is_answered_on_the_page(city: City) -> None:
    case = await accepted(city)
    await case.act("ask", {"items": ["请核对人数"]})
    page = await case.holder.get(f"/my/requests/{case.id}")
    assert "请核对人数" in page.text
    typed = {k: v for k, v in FORM.items() if not k.startswith("_")}
    answer = {**typed, "family_size": "4", "_note": "", "_revision": hidden(page, "_revision")}
    path = f"/my/requests/{case.id}/answers"
    wrong = await send(case.holder, path, {**answer, "contact_phone": "110"})
    assert wrong.status_code == 422
    assert 'value="110"' in wrong.text
    assert (await send(case.holder, path, answer)).status_code == 303
    rows = await city.sql("SELECT state FROM requests")
    assert rows[0]["state"] == "accepted"
    seen = (await case.partner.get(case.desk)).json()
    assert seen["form"]["family_size"] == 4
    assert seen["correction"]["answer"]["form"] == {"family_size": 4}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("q=公寓", True), ("q=rencaigongyu", True), ("q=RCGY", True), ("q=gongyu+公寓", True),
        ("q=驾照", False), ("sector=public", True), ("sector=market", False), ("sector=x", True),
        ("q=%00", True), ("q=没有这样的", False),
    ],
)  # fmt: skip
async def test_the_choice_is_found_by_words_by_pinyin_and_by_sector(
    city: City, query: str, shown: bool
) -> None:
    holder = await city.person("talent", region="370100")
    page = await holder.get(f"/my/requests/new?{query}")
    assert page.status_code == 200
    assert ("choose-HO-01" in page.text) is shown
    assert ('data-test="none"' in page.text) is (query == "q=没有这样的")


async def test_a_page_that_is_out_of_date_says_so(city: City) -> None:
    case = await offered(city)
    page = await case.holder.get(f"/my/requests/{case.id}")
    seen = hidden(page, "_revision")
    await case.act("accept")
    late = await send(case.holder, f"/my/requests/{case.id}/withdraw", {"_revision": seen})
    assert late.status_code == 412
    assert "内容已被他人更新" in late.text
    assert marked(late, "state") == ["办理中"]
    fresh = {"_revision": hidden(late, "_revision")}
    done = await send(case.holder, f"/my/requests/{case.id}/withdraw", fresh)
    assert done.headers["Location"].endswith("?done=withdrawn")


async def clerk_of(city: City, case: Case) -> Someone:
    return await city.person("partner_clerk", organisation=case.partner.entry["partner"])


async def test_a_clerk_accepts_tells_and_completes_at_the_desk(city: City) -> None:
    case = await offered(city)
    clerk = await clerk_of(city, case)
    desk = await clerk.get("/desk")
    assert case.made["number"] in desk.text
    at = f"/desk/{case.id}"
    page = await clerk.get(at)
    assert "13800000000" in page.text
    done = await send(clerk, f"{at}/accept", {"_revision": hidden(page, "_revision")})
    page = await clerk.get(done.headers["Location"])
    assert marked(page, "told") == ["已接件,办理时限开始计时。"]
    note = {"_revision": hidden(page, "_revision"), "note": "资格审核通过"}
    page = await clerk.get((await send(clerk, f"{at}/progress", note)).headers["Location"])
    bare = {"_revision": hidden(page, "_revision"), "_outcome": "granted", "project": "泉城公寓"}
    wrong = await send(clerk, f"{at}/complete", bare)
    assert wrong.status_code == 422
    assert "请填写此项" in wrong.text
    assert 'value="泉城公寓"' in wrong.text
    done = await send(clerk, f"{at}/complete", {**bare, "summary": "已配租"})
    page = await clerk.get(done.headers["Location"])
    assert marked(page, "state") == ["已办结"]
    assert (await clerk.get("/desk")).text.count('data-test="line"') == 0
    assert (await clerk.get("/desk?show=done")).text.count('data-test="line"') == 1


async def test_a_clerk_bounces_asks_publicises_and_declines_at_the_desk(city: City) -> None:
    case = await accepted(city)
    clerk = await clerk_of(city, case)
    at = f"/desk/{case.id}"

    async def act(name: str, **form: str) -> httpx.Response:
        page = await clerk.get(at)
        return await send(clerk, f"{at}/{name}", {"_revision": hidden(page, "_revision"), **form})

    assert (await act("bounce", reason="other", note="")).status_code == 409
    assert (await act("ask", items=" \n ")).status_code == 422
    assert (await act("publicity", to="someday")).status_code == 422
    empty = await act("complete", _outcome="declined", _reason=" ")
    assert empty.status_code == 422
    assert "不予办理须说明原因" in empty.text
    assert (await act("nonsense")).status_code == 404
    assert (await act("complete", _outcome="declined", _reason="名下有房")).status_code == 303


async def test_the_desk_puts_first_what_runs_out_first(city: City) -> None:
    first = await offered(city)
    city.at("2026-03-02T15:00")
    second = await offered(city)
    clerk = await clerk_of(city, first)
    first.partner = clerk
    await first.act("accept")
    page = await clerk.get("/desk")
    order = re.findall(r'data-id="([^"]+)"', page.text)
    assert order == [second.id, first.id]


async def test_pages_are_for_their_own_people(city: City) -> None:
    case = await offered(city)
    stranger = await city.person("talent", region="370200")
    assert (await stranger.get(f"/my/requests/{case.id}")).status_code == 404
    assert (await case.holder.get("/desk")).status_code == 403
    education = await city.person("partner_clerk", organisation="济南市教育局")
    assert (await education.get(f"/desk/{case.id}")).status_code == 404
    assert (await city.nobody.get("/my/requests")).headers["Location"].startswith("/sign-in")


def test_the_pages_form_is_the_apis_form() -> None:
    assert set(APARTMENT) - {"has_local_home"} <= set(FORM)
