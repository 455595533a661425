"""A steward's day on their pages: what runs out first, help on behalf, absence and hand-over."""

import re
from datetime import timedelta

from tests.city import City
from tests.service.requests.ask import accepted, offered
from tests.service.requests.test_pages import FORM, hidden, marked, send
from tests.service.talents.care.test_care import ids_of


async def card_of(city: City, region: str = "370100") -> str:
    rows = await city.sql("SELECT id FROM cards WHERE region = $1", region)
    return str(rows[0]["id"])


async def test_what_runs_out_first_is_first_and_messages_are_seen(city: City) -> None:
    later = await offered(city)
    city.pass_time(timedelta(minutes=5))
    asked = await accepted(city)
    await asked.act("ask", {"items": ["请补交工作合同"]})
    await asked.holder.post(f"{asked.path}/messages", {"text": "请问交哪一页?"})
    day = await (await city.person("steward")).get("/steward")
    assert [line for line in (asked.id, later.id) if line in day.text] == [asked.id, later.id]
    assert day.text.index(asked.id) < day.text.index(later.id)
    assert marked(day, "unread") == ["新留言 1"]
    assert "待申请人补正" in day.text


async def test_a_steward_asks_and_withdraws_for_a_talent_on_their_pages(city: City) -> None:
    steward, card = await city.person("steward"), await card_of(city)
    choose = await steward.get(f"/my/requests/new?for={card}")
    assert f"new?for={card}&amp;offering=HO-01" in choose.text
    path = f"/my/requests/new?for={card}&offering=HO-01"
    form = await steward.get(path)
    assert marked(form, "behalf")[0].startswith("您在为")
    bad = await send(steward, path, {**FORM, "family_size": "0", "_id": hidden(form, "_id")})
    assert (bad.status_code, marked(bad, "behalf") != []) == (422, True)
    sent = await send(steward, path, {**FORM, "_id": hidden(bad, "_id")})
    assert sent.status_code == 303, sent.text
    story = await steward.get(sent.headers["Location"])
    assert "服务专员代您办理" in story.text
    assert 'data-test="rate"' not in story.text
    there = sent.headers["Location"].partition("?")[0]
    gone = await send(steward, f"{there}/withdraw", {"_revision": hidden(story, "_revision")})
    assert gone.status_code == 303, gone.text


async def test_nobody_helps_somebody_else_s_talent(city: City) -> None:
    steward, other = await city.person("steward"), await card_of(city, "370200")
    for card in (other, "x", ""):
        assert (await steward.get(f"/my/requests/new?for={card}")).status_code == 404
    assert (await steward.get("/my/requests/new")).status_code == 404
    talent = await city.person("talent", region="370100")
    own = await card_of(city)
    assert (await talent.get(f"/my/requests/new?for={own}")).status_code == 404
    assert (await talent.get("/steward")).status_code == 403


async def test_an_absence_is_noted_shown_to_the_holder_and_ended(city: City) -> None:
    steward = await city.person("steward")
    known = await ids_of(city)
    form = {"begins_on": "2026-03-02", "ends_on": "2026-03-04", "deputy_id": known["steward2"]}
    refused = await send(steward, "/absences", form | {"ends_on": "2026-03-01"})
    assert (refused.status_code, 'value="2026-03-02"' in refused.text) == (422, True)
    assert (await send(steward, "/absences", form)).status_code == 303
    page = await steward.get("/absences?done=noted")
    assert "2026年3月2日 至 2026年3月4日,由袁静代班" in page.text
    talent = await city.person("talent", region="370100")
    assert "由<strong>袁静</strong>代班" in (await talent.get("/my/requests")).text
    assert marked(await (await city.person("steward", login="steward2")).get("/steward"), "deputy")
    end = re.findall(r'action="(/absences/[^"]+/end)"', page.text)
    assert (await send(steward, end[0], {})).status_code == 303
    assert "代班)" not in (await talent.get("/my/requests")).text


async def test_the_centre_hands_over_and_a_steward_may_not(city: City) -> None:
    known = await ids_of(city)
    form = {"leaving": known["steward"], "to": known["steward2"]}
    steward = await city.person("steward")
    assert (await send(steward, "/absences/hand-over", form)).status_code == 404
    centre = await city.person("centre")
    same = await send(centre, "/absences/hand-over", form | {"to": known["steward"]})
    assert same.status_code == 422
    assert (await send(centre, "/absences/hand-over", form)).status_code == 303
    assert "还没有您服务的人才" in (await steward.get("/steward")).text
