"""Pages of a card's life: the holder asks, staff find, the window decides."""

import re
from typing import Any

from tests.city import City, Someone
from tests.service.talents.matters.life import ask, asked, card_of, holder, manager, uscc, window


def form_of(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that goes there."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.S)
    assert found, f"no form for {action}"
    hidden = r'<input type="hidden" name="([^"]+)" value="([^"]*)"'
    return dict(re.findall(hidden, found[0]))


async def fill(who: Someone, page: str, action: str, **typed: Any) -> Any:
    """Fill the form of a page in and send it."""
    html = (await who.get(page)).text
    return await who.post(action, key=None, data=form_of(html, action) | typed)


async def test_a_holder_asks_for_a_renewal_on_their_own_page_and_takes_it_back(city: City) -> None:
    mine = await holder(city)
    html = (await mine.get("/card")).text
    for kind in ("renewal", "replacement", "unit_change"):
        assert f'data-test="ask-{kind}"' in html
    assert 'data-test="ask-death"' not in html
    body = {"kind": "renewal", "reason": "续签", "contract_until": "2033-06-30"}
    sent = await mine.post("/card/matters", key=None, data=body)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/card?done=opened#matters")
    html = (await mine.get("/card?done=opened")).text
    assert "已提出,办结前卡照常使用。" in html
    assert 'data-test="ask-renewal"' not in html
    (row,) = await city.sql("SELECT id FROM card_matters")
    back = await fill(mine, "/card", f"/card/matters/{row['id']}/withdraw")
    assert back.status_code == 303
    assert 'data-state="withdrawn"' in (await mine.get("/card")).text


async def test_what_was_typed_stays_where_it_is_refused(city: City) -> None:
    mine = await holder(city)
    body = {"kind": "unit_change", "reason": "换到<新>单位", "unit_uscc": "370100"}
    refused = await mine.post("/card/matters", key=None, data=body)
    assert refused.status_code == 422
    assert "统一社会信用代码不对" in refused.text
    assert "换到&lt;新&gt;单位" in refused.text


async def test_a_holder_states_their_case_before_the_province_decides(city: City) -> None:
    mine, boss = await holder(city), await manager(city)
    card = await card_of(mine)
    page = f"/cards/{card['id']}"
    sent = await boss.post(
        f"{page}/matters", key=None, data={"kind": "revocation", "reason": "离岗"}
    )
    assert sent.status_code == 303, sent.text
    (row,) = await city.sql("SELECT id FROM card_matters")
    path = f"/card/matters/{row['id']}/statement"
    assert (await fill(mine, "/card", path, statement="我仍在岗")).status_code == 303
    province = await window(city, "370000")
    assert "我仍在岗" in (await province.get(f"/card-matters/{row['id']}")).text
    decide = f"/card-matters/{row['id']}/decisions"
    silent = await fill(province, f"/card-matters/{row['id']}", decide, decision="agree")
    assert silent.status_code == 422
    done = await fill(
        province, f"/card-matters/{row['id']}", decide, decision="decline", opinion="在岗"
    )
    assert done.status_code == 303
    html = (await mine.get("/card")).text
    assert "窗口意见:在岗" in html
    assert 'data-state="declined"' in html


async def test_the_queue_shows_first_what_runs_out_first(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    renewal = await asked(mine, card["id"], "renewal")
    replacement = await asked(mine, card["id"], "replacement")
    jinan = await window(city, "370100")
    html = (await jinan.get("/card-matters")).text
    assert re.findall(r'data-id="([^"]+)"', html) == [replacement["id"], renewal["id"]]
    narrowed = (await jinan.get("/card-matters?kind=renewal")).text
    assert re.findall(r'data-id="([^"]+)"', narrowed) == [renewal["id"]]
    province = await window(city, "370000")
    assert "有效期至2033年6月30日" in (await jinan.get(f"/card-matters/{renewal['id']}")).text
    assert (
        await (await window(city, "370102")).get(f"/card-matters/{renewal['id']}")
    ).status_code == 404
    assert (await province.get("/card-matters?view=all")).text.count('data-test="line"') == 2


async def test_staff_find_a_card_by_number_state_and_place(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    jinan = await window(city, "370100")
    found = await jinan.post("/cards/find", key=None, data={"number": card["shown_number"]})
    assert (found.status_code, found.headers["Location"]) == (303, f"/cards/{card['id']}")
    qingdao = await card_of(await city.person("talent", region="370200"))
    for number, status in ((qingdao["number"], 404), ("12", 422)):
        refused = await jinan.post("/cards/find", key=None, data={"number": number})
        assert refused.status_code == status
    assert card["id"] in (await jinan.get("/cards")).text
    assert card["id"] not in (await jinan.get("/cards?state=suspended")).text
    province = await window(city, "370000")
    assert (await province.get("/cards")).text.count('data-test="line"') == 3
    assert (await province.get("/cards?region=370200&state=no")).text.count('data-test="line"') == 1


async def test_a_window_acts_on_a_card_s_page_and_the_story_tells(city: City) -> None:
    mine = await holder(city)
    page = f"/cards/{(await card_of(mine))['id']}"
    jinan = await window(city, "370100")
    wordless = await fill(jinan, page, f"{page}/acts/suspend", reason="")
    assert wordless.status_code == 422
    done = await fill(jinan, page, f"{page}/acts/suspend", reason="核查")
    assert done.status_code == 303
    html = (await jinan.get(page)).text
    assert "暂停使用 <span" in html
    assert f'action="{page}/acts/reinstate"' in html
    assert f'action="{page}/acts/revoke"' not in html
    assert (await jinan.post(f"{page}/acts/nonsense", key=None, data={})).status_code == 404


async def test_pages_are_for_those_who_may(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "unit_change", unit_uscc=await uscc(city, "370102"))
    for path in (
        "/cards",
        f"/cards/{card['id']}",
        "/card-matters",
        f"/card-matters/{matter['id']}",
    ):
        assert (await mine.get(path)).status_code == 403, path
    other = await city.person("unit_manager")
    assert (await other.get(f"/cards/{card['id']}")).status_code == 404
    again = await ask(mine, card["id"], "unit_change", unit_uscc=await uscc(city, "370200"))
    assert again.json()["code"] == "matter-open"
