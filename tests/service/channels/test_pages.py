"""The pages: addresses and choices, the inbox with its button, what could not be handed over."""

import re
from datetime import timedelta
from typing import Any

from service.channels import keeping
from tests.city import City, Someone
from tests.mailing import mail_server, with_mail
from tests.service.requests.ask import accepted
from tests.workers.outgoing import give_address, send_all, switched_to

MAIL = "lin.xiaoman@example.cn"


async def ticked(someone: Someone) -> set[str]:
    """The boxes of the page that are ticked."""
    text = (await someone.get("/me/channels")).text
    boxes = re.findall(r'name="wish" value="([^"]+)"[^>]*?( checked)? data-test', text)
    return {value for value, checked in boxes if checked}


async def send(someone: Someone, path: str, **fields: Any) -> Any:
    return await someone.post(path, key=None, data=fields)


async def test_an_address_is_registered_confirmed_and_removed_on_the_page(city: City) -> None:
    async with mail_server() as box:
        settings = with_mail(city.settings, box.port)
        with switched_to(settings):
            holder = await city.person("talent", region="370100")
            wrong = await send(holder, "/me/channels", do="asked", channel="email", address="x@y")
            assert (wrong.status_code, "邮箱地址不对" in wrong.text) == (422, True)
            asked = await send(holder, "/me/channels", do="asked", channel="email", address=MAIL)
            assert asked.headers["location"] == "/me/channels?done=asked"
            await send_all(city, settings)
            code = re.search(r"\d{6}", box.texts[-1])
            assert code
            await send(holder, "/me/channels", do="confirmed", channel="email", code=code[0])
            text = (await holder.get("/me/channels")).text
            assert "l***@example.cn" in text
            assert "已确认" in text
            assert MAIL not in text
            await send(holder, "/me/channels", do="removed", channel="email")
            assert "l***@example.cn" not in (await holder.get("/me/channels")).text


async def test_choices_are_kept_and_what_must_be_told_has_no_box(city: City) -> None:
    holder = await city.person("talent", region="370100")
    first = await ticked(holder)
    assert "request email" in first
    assert not any(each.startswith("deadline email") for each in first)
    kept = (first - {"request email"}) | {"request sms"}
    await send(holder, "/me/channels", do="chosen", wish=sorted(kept))
    assert await ticked(holder) == kept
    refused = await holder.post(
        "/v1/me/channels/preferences", {"topic": "card", "channel": "email", "wanted": False}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "mandatory-notice")
    told = [name for name in await events_of(city, holder) if "preferred" in name]
    assert len(told) == 2  # one off, one on; what stayed as it was is no event


async def events_of(city: City, someone: Someone) -> list[str]:
    login = someone.entry["login"]
    (row,) = await city.sql("SELECT id FROM accounts WHERE login = $1", login)
    return await city.events(f"accounts/{row['id']}")


async def test_staff_and_holders_see_their_own_topics(city: City) -> None:
    holder = await city.person("talent", region="370100")
    clerk = await city.person("partner_clerk", partner="housing")
    reach = [(await who.get("/v1/me/channels")).json() for who in (holder, clerk)]
    topics = [{each["topic"] for each in one["preferences"]} for one in reach]
    assert "desk" not in topics[0]
    assert "card" in topics[0]
    assert "desk" in topics[1]
    assert "card" not in topics[1]


async def test_the_inbox_shows_what_waits_and_its_button_takes_note(city: City) -> None:
    case = await accepted(city)
    (clock,) = await city.sql("SELECT due_at FROM clocks WHERE leg = 'handling'")
    city.at(clock["due_at"] + timedelta(minutes=1))
    await city.sweep()
    clerk = await city.person("partner_clerk", partner="housing")
    text = (await clerk.get("/me/notices")).text
    assert "待您知悉" in text
    assert f'href="/desk/{case.id}"' in text
    action = re.search(r'action="(/me/notices/[^"]+/acknowledge)"', text)
    assert action
    other = await city.person("talent", region="370100")
    assert (await send(other, action[1])).status_code == 404
    assert (await send(clerk, action[1])).status_code == 303
    assert "待您知悉" not in (await clerk.get("/me/notices")).text
    await send(clerk, "/me/notices/read")
    assert 'class="unread"' not in (await clerk.get("/me/notices")).text


async def test_staff_see_what_failed_and_have_it_sent_again(city: City) -> None:
    await give_address(city, "clerk-housing", "qin@housing.example")
    async with mail_server() as box:
        settings = with_mail(city.settings, box.port)
        with switched_to(settings):
            await accepted(city)
            city.pass_time(timedelta(minutes=10))
            box.answer_to["DATA"] = "554 no"
            await send_all(city, settings)
            admin = await city.person("system_admin")
            text = (await admin.get("/sendings")).text
            assert "data-554" in text
            assert "qin" not in text
            found = re.search(r'name="sending" value="([^"]+)"', text)
            assert found
            box.answer_to.clear()
            answer = await send(admin, "/sendings", sending=found[1])
            assert answer.headers["location"] == "/sendings?done=retry"
            await send_all(city, settings)
            assert len(box.letters) == 1
    clerk = await city.person("partner_clerk", partner="housing")
    assert (await clerk.get("/sendings")).status_code == 403


def test_every_error_is_said_in_words() -> None:
    codes = ["not-reached", "timeout", "disconnected", "recipient-550", "data-554", "smtp-421"]
    for code in [*codes, "http-503", "tls-failed", "login-refused", "not-supported"]:
        assert re.fullmatch(r"[\u4e00-\u9fff]+", keeping.said(code)), code
