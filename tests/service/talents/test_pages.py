"""The pages of card, application and review: the same acts, shown to people."""

import re
from typing import Any

import httpx
import pytest

from tests.city import City, Someone
from tests.service.talents.apply import PDF, Way, applicant, at_county, drafted
from tests.service.talents.proof.test_presenting import holder

HTML = {"Accept": "text/html"}


async def seen(who: Someone, path: str, status: int = 200) -> str:
    answer = await who.get(path, headers=HTML)
    assert answer.status_code == status, answer.text
    return answer.text


async def send(
    who: Someone, path: str, shown: str, files: Any = None, **fields: str
) -> httpx.Response:
    """Send a form of the page that was shown."""
    revision = re.search(r'name="_revision" value="(\d+)"', shown)
    data = ({"_revision": revision[1]} if revision else {}) | fields
    return await who.post(path, key=None, data=data, files=files, headers=HTML)


def step_of(text: str) -> str:
    found = re.search(r'data-test="step" data-step="(\w+)"', text)
    assert found, text
    return found[1]


async def test_the_card_shows_a_code_that_works_before_any_script_ran(city: City) -> None:
    who = await holder(city)
    text = await seen(who, "/card")
    card = (await who.get("/v1/me/card")).json()
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in text
    for shown in (card["shown_number"], "张明远", "2031年3月1日", "A 卡"):
        assert shown in text
    assert "HCK1:" not in text
    assert '<script src="/static/card.js" defer>' in text
    assert (await city.nobody.get("/static/card.js")).status_code == 200


async def test_a_lost_card_is_stopped_from_the_page_and_says_so(city: City) -> None:
    who = await holder(city)
    text = await seen(who, "/card")
    stale = await who.post("/card/suspend", key=None, data={"_revision": "9"}, headers=HTML)
    assert stale.status_code == 412
    done = await send(who, "/card/suspend", text)
    assert (done.status_code, done.headers["location"]) == (303, "/card")
    after = await seen(who, "/card")
    assert 'data-test="stopped"' in after
    assert 'data-test="code"' not in after
    assert "card-suspended" not in after


async def test_whoever_has_no_card_is_led_to_the_application(city: City) -> None:
    text = await seen(await applicant(city), "/card")
    assert 'href="/my/application"' in text


async def test_an_application_is_filled_in_submitted_and_followed_on_one_page(city: City) -> None:
    who = await applicant(city)
    text = await seen(who, "/my/application")
    assert "3701**********2868" in text
    empty = await send(who, "/my/application", text, do="submit", unit_uscc="")
    assert empty.status_code == 422
    made = await send(
        who, "/my/application", text, do="submit", category="5",
        unit_uscc=who.entry["unit_uscc"], contract_until="2029-06-30", kind_0="学历证明",
        not_secret="yes", files={"file_0": ("degree.pdf", PDF, "application/pdf")},
    )  # fmt: skip
    assert made.status_code == 303, made.text
    after = await seen(who, "/my/application")
    assert step_of(after) == "unit_assign"
    assert "学历证明" in after
    assert 'data-test="withdraw"' in after
    again = await send(who, "/my/application", text, do="save", category="5",
                       unit_uscc=who.entry["unit_uscc"])  # fmt: skip
    assert again.status_code == 409
    (file,) = await city.sql("SELECT id FROM files")
    assert (await who.get(f"/v1/files/{file['id']}")).content == PDF


async def test_no_file_is_taken_before_it_is_declared_not_to_be_secret(city: City) -> None:
    who = await applicant(city)
    text = await seen(who, "/my/application")
    asked = {
        "do": "submit", "category": "5", "unit_uscc": who.entry["unit_uscc"],
        "contract_until": "2029-06-30", "kind_0": "学历证明",
    }  # fmt: skip
    paper = {"file_0": ("degree.pdf", PDF, "application/pdf")}
    refused = await send(who, "/my/application", text, **asked, files=paper)
    assert refused.status_code == 422
    assert "请先确认材料不涉及国家秘密" in refused.text
    assert await city.sql("SELECT 1 FROM files") == []
    sent = await send(who, "/my/application", text, **asked, not_secret="yes", files=paper)
    assert sent.status_code == 303
    assert await city.sql("SELECT 1 FROM files WHERE declared_at = $1", city.now) != []


async def test_a_refused_form_keeps_what_was_typed_and_no_half_of_the_change(city: City) -> None:
    who = await applicant(city)
    text = await seen(who, "/my/application")
    refused = await send(
        who, "/my/application", text, do="submit", category="5", unit_uscc="91370102MA3E00005X",
        contract_until="2029-06-30", not_secret="yes",
        files={"file_0": ("x.exe", b"MZ", "application/pdf")},
    )  # fmt: skip
    assert refused.status_code == 422
    assert 'value="91370102MA3E00005X"' in refused.text
    assert await city.sql("SELECT 1 FROM files") == []
    assert await city.sql("SELECT 1 FROM card_applications WHERE step = 'draft'") == []


async def test_a_returned_one_tells_why_and_goes_back_to_who_returned_it(city: City) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", {"decision": "return", "opinion": "请补交业绩材料"})
    who = await applicant(city)
    text = await seen(who, "/my/application")
    assert "请补交业绩材料" in text
    kept = await send(
        who, f"/my/application/{way.id}", text, do="submit", kind_1="业绩材料", drop_0="yes",
        contract_until="2029-06-30",
    )  # fmt: skip
    assert kept.status_code == 303, kept.text
    found = (await way.seen("talent")).json()
    assert (found["step"], [e["kind"] for e in found["evidence"]]) == (
        "county_review",
        ["业绩材料"],
    )


async def test_a_withdrawn_one_makes_room_for_a_new_form(city: City) -> None:
    way = await drafted(city)
    who = await applicant(city)
    text = await seen(who, "/my/application")
    assert (await send(who, f"/my/application/{way.id}", text, do="withdraw")).status_code == 303
    assert 'action="/my/application"' in await seen(who, "/my/application")


async def test_each_hand_finds_it_in_the_queue_and_does_its_part_on_the_page(city: City) -> None:
    way = await drafted(city)
    await way.done("talent", "submit")

    async def part(hand: str, **fields: str) -> str:
        who = await way.who(hand)
        assert f'data-id="{way.id}"' in await seen(who, "/review"), hand
        text = await seen(who, f"/review/{way.id}")
        done = await send(who, f"/review/{way.id}", text, **fields)
        assert done.status_code == 303, done.text
        return step_of(await seen(who, f"/review/{way.id}"))

    specialist = (await (await way.who("manager")).get("/v1/unit/specialists")).json()["items"][0]
    assert await part("manager", do="assign", specialist=specialist["id"]) == "unit_complete"
    assert await part("specialist", do="submit", contract_until="2030-01-01") == "unit_endorse"
    passing = {"do": "decide", "decision": "pass", "opinion": "同意"}
    for hand, after in (
        ("manager", "county_review"), ("county", "city_review"), ("city", "province_review"),
        ("province", "office_consent"), ("office", "issued"),
    ):  # fmt: skip
        assert await part(hand, **passing) == after
    card = (await (await applicant(city)).get("/v1/me/card")).json()
    assert card["valid_until"] == "2030-01-01"


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"decision": "return"}, 422), ({"decision": "nonsense"}, 422), ({}, 422),
     ({"decision": "return", "opinion": "x", "to": "issued"}, 422)],
)  # fmt: skip
async def test_a_decision_that_is_not_whole_is_told_and_nothing_happens(
    city: City, fields: dict[str, str], status: int
) -> None:
    way = await at_county(city)
    who = await way.who("county")
    text = await seen(who, f"/review/{way.id}")
    answer = await send(who, f"/review/{way.id}", text, do="decide", **fields)
    assert answer.status_code == status
    assert 'data-test="problem"' in answer.text
    assert (await way.seen("county")).json()["step"] == "county_review"


async def test_a_page_that_was_left_open_does_not_decide_over_somebody_else(city: City) -> None:
    way: Way = await at_county(city)
    who = await way.who("county")
    text = await seen(who, f"/review/{way.id}")
    fields = {"do": "decide", "decision": "pass", "opinion": "同意"}
    assert (await send(who, f"/review/{way.id}", text, **fields)).status_code == 303
    assert (await send(who, f"/review/{way.id}", text, **fields)).status_code == 412


async def test_pages_are_for_those_whom_they_concern(city: City) -> None:
    way = await at_county(city)
    assert (await (await way.who("office")).get(f"/review/{way.id}")).status_code == 404
    for path in ("/card", "/my/application"):
        assert (await (await city.person("centre")).get(path, headers=HTML)).status_code == 403
    assert (await (await applicant(city)).get("/review", headers=HTML)).status_code == 403
    away = await city.nobody.get("/card", headers=HTML)
    assert away.status_code == 303
    assert away.headers["location"].startswith("/sign-in")
