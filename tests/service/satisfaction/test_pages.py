"""Pages of rating and of the centre: what they show, and what a refused form keeps."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.requests.models import State
from tests.city import City, Someone
from tests.service.satisfaction.make import signed_in
from tests.service.satisfaction.test_doors import BAD, GOOD, Town


@pytest.fixture
async def town(city: City) -> Town:
    return await Town(city).set()


async def send(who: Someone, path: str, **form: Any) -> httpx.Response:
    return await who.send("POST", path, data=form)


def revision(answer: httpx.Response) -> str:
    found = re.search(r'name="_revision" value="(\d+)"', answer.text)
    assert found is not None
    return found[1]


def shown(answer: httpx.Response, test: str) -> str:
    """The text of the element that carries this `data-test`."""
    found = re.search(rf'data-test="{test}"[^>]*>(.*?)</(?:a|div|section|form)>', answer.text, re.S)
    assert found is not None, test
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip()


async def test_the_form_offers_each_grade_with_its_own_remarks(town: Town) -> None:
    answer = await town.holder.get(f"/my/requests/{await town.completed()}/rating")
    assert answer.status_code == 200
    assert answer.text.count('type="radio" name="grade"') == 5
    assert answer.text.count('name="tags-1"') == 8
    assert "服务态度生硬" in answer.text


async def test_a_sent_form_is_a_rating_and_a_second_one_changes_nothing(town: Town) -> None:
    path = f"/my/requests/{await town.completed()}/rating"
    sent = await send(town.holder, path, grade="5", **{"tags-5": ["510", "513"], "tags-1": "114"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path}?done=1")
    again = await send(town.holder, path, grade="1", comment="改主意了")
    assert again.status_code == 303
    seen = await town.holder.get(f"{path}?done=1")
    assert "感谢您的评价" in seen.text
    assert "非常满意" in shown(seen, "given")
    assert "服务热情效率高" in shown(seen, "given")
    assert "改主意了" not in seen.text


async def test_a_refused_form_keeps_what_was_typed(town: Town) -> None:
    path = f"/my/requests/{await town.completed()}/rating"
    answer = await send(town.holder, path, grade="2")
    assert answer.status_code == 422
    assert "请说明不满意的原因" in answer.text
    assert re.search(r'id="grade-2" value="2" required checked', answer.text)
    none = await send(town.holder, path, comment="忘了选等级 <b>")
    assert none.status_code == 422
    assert "忘了选等级 &lt;b&gt;" in none.text


async def test_what_is_not_done_or_past_its_time_has_no_form(town: Town) -> None:
    waiting = await town.completed(State.ACCEPTED)
    assert "办结后才能评价" in (await town.holder.get(f"/my/requests/{waiting}/rating")).text
    old = await town.completed(at=town.city.now - timedelta(days=40))
    assert "评价期已过" in (await town.holder.get(f"/my/requests/{old}/rating")).text


async def test_somebody_elses_rating_page_is_not_there(town: Town) -> None:
    path = f"/my/requests/{await town.completed()}/rating"
    other = await Town(town.city).set()
    assert (await other.holder.get(path)).status_code == 404
    assert (await send(other.holder, path, grade="5")).status_code == 404
    assert (await town.officer.get(path)).status_code == 403


async def test_the_board_begins_with_todays_risk(town: Town) -> None:
    await town.rated(GOOD)
    await town.rated(BAD)
    answer = await town.officer.get("/centre")
    assert answer.status_code == 200
    assert shown(answer, "uncalled").startswith("1")
    assert shown(answer, "good-rate").startswith("50.00%")
    assert "9.45%–90.55%" in shown(answer, "good-rate")
    assert answer.text.index("今日风险") < answer.text.index("满意与时效")
    assert answer.text.count("<svg") == answer.text.count("<title id") == 3


@pytest.mark.parametrize("period", ["month", "year", "all", "nonsense"])
async def test_an_empty_board_is_a_board(town: Town, period: str) -> None:
    answer = await town.officer.get("/centre", params={"period": period})
    assert answer.status_code == 200
    assert "暂无数据" in shown(answer, "good-rate")
    assert "青岛市" in answer.text


async def test_a_city_is_looked_into_and_left_again(town: Town) -> None:
    await town.rated(GOOD)
    answer = await town.officer.get("/centre", params={"region": "370100"})
    assert "历下区" in answer.text
    assert 'href="/centre?region=370000' in answer.text
    assert (await town.officer.get("/centre", params={"region": "110000"})).status_code == 404


async def test_the_centre_calls_back_on_its_page(town: Town) -> None:
    path, _ = await town.case()
    path = path.removeprefix("/v1")
    listed = await town.officer.get("/centre/bad-ratings")
    assert path in listed.text
    seen = await town.officer.get(path)
    assert "林小满" in shown(seen, "rater")
    empty = await send(town.officer, f"{path}/call-back", _revision=revision(seen), note="有话")
    assert empty.status_code == 422
    assert "有话</textarea>" in empty.text
    form = {"_revision": revision(seen), "verdict": "substantiated", "note": "属实"}
    assert (await send(town.officer, f"{path}/call-back", **form)).status_code == 303
    stale = await send(town.officer, f"{path}/call-back", **form)
    assert stale.status_code == 412


async def test_the_agency_mends_and_the_centre_accepts(town: Town) -> None:
    path, tag = await town.case()
    said = {"verdict": "substantiated", "note": "属实"}
    await town.officer.post(f"{path}/call-back", said, etag=tag)
    town.city.pass_time(timedelta(days=1))
    path = path.removeprefix("/v1")
    clerk = await signed_in(town.city, town.stage.clerk)
    assert path in (await clerk.get("/centre/bad-ratings")).text
    seen = await clerk.get(path)
    assert "林小满" not in seen.text
    assert "13800001234" not in seen.text
    form = {"_revision": revision(seen), "plan": "换人", "proof": "照片"}
    assert (await send(clerk, f"{path}/rectify", **form)).status_code == 303
    officer = await signed_in(town.city, town.stage.officer)
    seen = await officer.get(path)
    form = {"_revision": revision(seen), "ruling": "accept"}
    assert (await send(officer, f"{path}/rule", **form)).status_code == 303
    assert 'data-state="closed"' in (await officer.get(path)).text


async def test_a_rating_is_voided_on_its_page(town: Town) -> None:
    path, _ = await town.case()
    path = path.removeprefix("/v1")
    seen = await town.officer.get(path)
    form = {"_revision": revision(seen), "ruling": "void"}
    assert (await send(town.officer, f"{path}/rule", **form)).status_code == 422
    done = await send(town.officer, f"{path}/rule", **form, reason="by-mistake")
    assert done.status_code == 303
    assert "作废评价" in (await town.officer.get(path)).text


async def test_the_centre_ends_a_request_that_nobody_takes(town: Town) -> None:
    request_id = await town.completed(State.IN_RULING, partner_id=None)
    seen = await town.officer.get("/centre/rulings")
    assert str(request_id) in seen.text
    path = f"/centre/rulings/{request_id}"
    empty = await send(town.officer, path, _revision=revision(seen), decision="end", reason=" ")
    assert empty.status_code == 422
    form = {"_revision": revision(seen), "decision": "end", "reason": "目前没有单位能办理"}
    assert (await send(town.officer, path, **form)).status_code == 303
    assert str(request_id) not in (await town.officer.get("/centre/rulings")).text


@pytest.mark.parametrize("path", ["/centre", "/centre/bad-ratings", "/centre/rulings"])
async def test_pages_of_the_centre_are_closed_to_others(town: Town, path: str) -> None:
    assert (await town.holder.get(path)).status_code == 403
    nobody = await town.city.nobody.get(path)
    assert (nobody.status_code, nobody.headers["location"][:8]) == (303, "/sign-in")


async def test_a_benefit_used_is_listed_rated_and_supplemented(town: Town) -> None:
    used = await town.redeemed()
    path = f"/my/redemptions/{used}/rating"
    assert path in (await town.holder.get("/my/redemptions")).text
    assert (await send(town.holder, path, grade="5")).headers["location"] == f"{path}?done=1"
    seen = await town.holder.get(path)
    assert "补充几句" in seen.text
    more = await send(town.holder, f"{path}/supplement", comment="还想说 <i>", more="510")
    assert more.status_code == 303
    seen = await town.holder.get(path)
    assert "还想说 &lt;i&gt;" in shown(seen, "added-supplement")
    assert "补充几句" not in seen.text


async def test_the_follow_up_form_opens_when_the_matter_was_mended(town: Town) -> None:
    path, tag = await town.case()
    said = {"verdict": "substantiated", "note": "属实"}
    tag = (await town.officer.post(f"{path}/call-back", said, etag=tag)).headers["ETag"]
    await town.next_day()
    mended = {"plan": "改", "proof": "见附"}
    tag = (await town.clerk.post(f"{path}/rectify", mended, etag=tag)).headers["ETag"]
    case = (await town.officer.get(path)).json()
    mine = f"/my/{case['about']}/rating"
    assert "请再评一次" not in (await town.holder.get(mine)).text
    await town.officer.post(f"{path}/rule", {"ruling": "accept"}, etag=tag)
    assert "请再评一次" in (await town.holder.get(mine)).text
    assert (await send(town.holder, f"{mine}/follow-up")).status_code == 422
    assert (await send(town.holder, f"{mine}/follow-up", grade="4")).status_code == 303
    assert "满意" in shown(await town.holder.get(mine), "added-follow_up")
    told = await town.officer.get(f"/centre/bad-ratings/{case['id']}")
    assert "追评" in shown(told, "additions")


async def test_the_agency_appeals_and_another_officer_decides_on_pages(town: Town) -> None:
    path, tag = await town.case()
    said = {"verdict": "substantiated", "note": "属实"}
    await town.officer.post(f"{path}/call-back", said, etag=tag)
    await town.next_day()
    page = path.removeprefix("/v1")
    seen = await town.clerk.get(page)
    assert 'data-test="appeal"' in seen.text
    done = await send(town.clerk, f"{page}/appeal", _revision=revision(seen), reason="停机")
    assert done.status_code == 303
    seen = await town.officer.get(page)
    assert "申诉中" in seen.text
    refused = await send(
        town.officer,
        f"{page}/decide-appeal",
        _revision=revision(seen),
        decision="upheld",
        note="是",
    )
    assert refused.status_code == 409
    assert "另一位工作人员" in refused.text
    listed = await town.officer.get("/centre/bad-ratings?state=appealed")
    assert "前答复" in shown(listed, "case")
