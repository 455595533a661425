"""Faces and printings through their doors (api.md 3.5, card-token.md 4.2, 4.3)."""

import asyncio
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from cards import cbor, token
from cards.base45 import decode
from cards.face import letters, writers
from events import log
from service.talents.models import Person
from service.talents.proof import card_keys, key_acts, key_store
from tests.city import SHANGHAI, City
from tests.service.talents.cards.print import address, card_of, printed

CHECK = "/v1/public/card-checks"


async def check(city: City, text: Any) -> dict[str, Any]:
    answer = await city.nobody.post(CHECK, {"token": text}, key=None)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_holder_has_the_face_as_picture_and_as_print_sheet(city: City) -> None:
    holder = await city.person("talent", region="370100")
    path = await card_of(holder)
    svg = await holder.get(f"{path}/face.svg")
    assert (svg.status_code, svg.headers["Content-Type"]) == (200, "image/svg+xml")
    png = await holder.get(f"{path}/face.png?dpi=150&bleed=true")
    assert Image.open(io.BytesIO(png.content)).format == "PNG"
    pdf = await holder.get(f"{path}/print.pdf")
    assert (pdf.headers["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    for face in (svg, png, pdf):
        assert "private" in face.headers["Cache-Control"]
        again = await holder.get(
            str(face.request.url), headers={"If-None-Match": face.headers["ETag"]}
        )
        assert again.status_code == 304
    assert (await holder.get(f"{path}/face.png?dpi=9000")).status_code == 422


async def test_no_id_number_is_on_a_face(city: City) -> None:
    holder = await city.person("talent", region="370100")
    svg = (await holder.get(f"{await card_of(holder)}/face.svg")).text
    words = " ".join(re.findall(r"<title[^>]*>(.*?)</title>", svg))
    assert "张明远" in words
    assert "370102198404" not in svg


async def test_the_printed_code_opens_the_page_of_this_service(city: City) -> None:
    url = await address(city)
    assert url.startswith(f"{city.settings.base_url}/c#")
    text = token.from_url(url)
    assert text is not None
    assert len(text) <= 230, "3.10"


async def test_a_printed_token_says_nothing_of_the_card_and_lives_to_its_last_day(
    city: City,
) -> None:
    holder = await city.person("talent", region="370100")
    card = (await holder.get("/v1/me/card")).json()
    text = await printed(city)
    keys = await card_keys.published(city.pool, city.now)
    claims = token.examine(text, now=int(city.now.timestamp()), keys=keys, issuer="hck37")
    assert isinstance(claims, token.Claims)
    until = datetime.fromtimestamp(claims.exp, SHANGHAI)
    assert until.isoformat()[:19] == f"{_after(card['valid_until'])}T00:00:00"
    item, _ = cbor.decode(decode(text.removeprefix("HCK1:")))
    assert card["number"].encode() not in repr(item).encode()


def _after(day: str) -> str:
    return (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()


async def test_looking_again_prints_nothing_new(city: City) -> None:
    first = await printed(city)
    city.pass_time(timedelta(days=3))
    assert await printed(city) == first
    assert (await city.sql("SELECT count(*) FROM card_prints"))[0][0] == 1


async def test_a_renewed_card_has_a_new_code_where_the_old_one_has_ended(city: City) -> None:
    last = (city.now + timedelta(days=3)).date()
    await city.sql("UPDATE cards SET valid_until = $1", last)
    old = await printed(city)
    await city.sql("UPDATE cards SET valid_until = valid_until + 365")
    city.pass_time(timedelta(days=3))
    assert await printed(city) == old, "it is good to the end of that day"
    city.pass_time(timedelta(days=1))
    assert (await check(city, old))["reason"] == "expired"
    new = await printed(city)
    assert (await check(city, new))["result"] == "valid"
    assert await printed(city) == new


async def test_5_4_after_its_key_was_revoked_the_face_has_a_code_of_another(city: City) -> None:
    old = await printed(city)
    async with city.sessions.begin() as session:
        (row,) = await city.sql("SELECT kid FROM card_prints")
        store = key_store.SealedStore()
        await key_acts.revoke(session, store, row["kid"], "leaked", log.SYSTEM, city.now)
    card_keys.forget()
    assert (await check(city, old))["reason"] == "unknown-key"
    assert (await check(city, await printed(city)))["result"] == "valid"


async def test_without_its_font_no_face_is_drawn_and_it_is_said(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> str:
        raise letters.FontMissing(letters.PACKAGE)

    monkeypatch.setattr(writers, "svg", missing)
    holder = await city.person("talent", region="370100")
    refused = await holder.get(f"{await card_of(holder)}/face.svg")
    assert (refused.status_code, refused.json()["code"]) == (503, "font-missing")
    assert await city.sql("SELECT 1 FROM card_prints") == [], "nothing half done"


async def test_of_many_first_looks_at_once_there_is_one_printing(city: City) -> None:
    holder = await city.person("talent", region="370100")
    path = await card_of(holder)
    answers = await asyncio.gather(*(holder.get(f"{path}/face.svg") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert (await city.sql("SELECT count(*) FROM card_prints"))[0][0] == 1


async def test_a_new_printing_needs_the_revision_seen_and_is_told(city: City) -> None:
    await printed(city)
    holder = await city.person("talent", region="370100")
    path, reason = await card_of(holder), {"reason": "卡面磨损"}
    assert (await holder.post(f"{path}/prints", reason)).status_code == 428
    tag = (await holder.get("/v1/me/card")).headers["ETag"]
    assert (await holder.post(f"{path}/prints", reason, etag=tag)).status_code == 201
    assert (await holder.post(f"{path}/prints", reason, etag=tag)).status_code == 412
    types = await city.events(path.removeprefix("/v1/"))
    assert types.count("hck.card.printed.v1") == 2


@pytest.mark.parametrize("act", ["suspend", "revoke"])
async def test_what_is_stopped_or_over_is_not_printed(city: City, act: str) -> None:
    holder = await city.person("talent", region="370100")
    path = await card_of(holder)
    province = await city.person("reviewer", region="370000")
    tag = (await holder.get("/v1/me/card")).headers["ETag"]
    assert (await province.post(f"{path}/{act}", {"reason": "核实"}, etag=tag)).status_code == 200
    refused = await province.get(f"{path}/face.svg")
    assert (refused.status_code, refused.json()["code"]) == (409, "card-not-active")


async def test_a_name_that_cannot_be_printed_is_said_without_naming_it(city: City) -> None:
    holder = await city.person("talent", region="370100")
    async with city.sessions.begin() as session:
        card = (await holder.get("/v1/me/card")).json()
        (row,) = await city.sql("SELECT person_id FROM cards WHERE id = $1", card["id"])
        (await session.get_one(Person, row["person_id"])).name = "张\ue000"
    refused = await holder.get(f"/v1/cards/{card['id']}/face.svg")
    assert (refused.status_code, refused.json()["code"]) == (409, "name-not-printable")
    assert "张" not in refused.text


async def test_who_may_not_see_a_card_sees_no_face(city: City) -> None:
    path = await card_of(await city.person("talent", region="370100"))
    for who, status in (
        (await city.person("talent", region="370200"), 404),
        (await city.person("reviewer", region="370102"), 404),
        (await city.person("centre"), 403),
        (await city.client("airport"), 403),
        (city.nobody, 401),
    ):
        assert (await who.get(f"{path}/face.svg")).status_code == status


async def test_4_3_anybody_checks_a_printed_code_in_either_form(city: City) -> None:
    url = await address(city)
    part, text = url.partition("#")[2], token.from_url(url)
    for given in (part, text):
        told = await check(city, given)
        assert (told["result"], told["typ"], told["assurance"]) == ("valid", "P", "low")
        assert told["holder"] == {"masked_name": "张*", "tier": "A"}
        assert told["benefits"] == []
        assert told["card"]["status"] == "active"
    rows = await city.sql("SELECT * FROM verifications WHERE client_id = 'public'")
    assert [row["result"] for row in rows] == ["valid", "valid"]


async def test_4_3_a_live_code_is_not_for_everybody_s_eyes(city: City) -> None:
    holder = await city.person("talent", region="370100")
    live = (await holder.post("/v1/me/card/presentations", key=None)).json()["token"]
    told = await check(city, live)
    assert (told["result"], told["reason"]) == ("refused", "type-not-accepted")
    assert (told["holder"], told["card"]) == (None, None)


@pytest.mark.parametrize(
    "text", ["", "x", "HCK1:", "中文", "A" * 900, "A" * 5000, "HCK1:" + "0" * 896, "\x00", "=" * 10]
)
async def test_4_3_every_text_has_an_answer(city: City, text: str) -> None:
    told = await check(city, text)
    assert (told["result"], told["holder"]) == ("refused", None)
    assert told["message"]


async def test_4_3_a_withdrawn_or_stopped_card_is_said(city: City) -> None:
    old = await printed(city)
    holder = await city.person("talent", region="370100")
    path = await card_of(holder)
    tag = (await holder.get("/v1/me/card")).headers["ETag"]
    await holder.post(f"{path}/prints", {"reason": "磨损"}, etag=tag)
    assert (await check(city, old))["reason"] == "print-withdrawn"
    new = await printed(city)
    tag = (await holder.get("/v1/me/card")).headers["ETag"]
    await holder.post(f"{path}/suspend", {"reason": "遗失"}, etag=tag)
    assert (await check(city, new))["reason"] == "card-suspended"


async def test_4_3_one_address_does_not_try_forever(city: City) -> None:
    codes = [
        (await city.nobody.post(CHECK, {"token": "x"}, key=None)).status_code for _ in range(31)
    ]
    assert codes == [200] * 30 + [429]


async def test_the_page_behind_the_code_is_open_and_keeps_no_trace(city: City) -> None:
    page = await city.nobody.get("/c")
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert 'src="/static/c.js"' in page.text


async def test_after_a_renewal_the_holder_is_told_and_may_print_anew(city: City) -> None:
    holder = await city.person("talent", region="370100")
    last = (city.now + timedelta(days=30)).date()
    await city.sql("UPDATE cards SET valid_until = $1", last)
    assert 'data-test="outdated"' not in (await holder.get("/card")).text, "nothing is printed yet"
    old = await printed(city)
    assert 'data-test="outdated"' not in (await holder.get("/card")).text
    await city.sql("UPDATE cards SET valid_until = valid_until + 365")
    page = (await holder.get("/card")).text
    assert 'data-test="outdated"' in page
    revision = re.search(r'name="_revision" value="(\d+)"', page)
    assert revision is not None
    done = await holder.post("/card/reprint", data={"_revision": revision[1]}, key=None)
    assert done.status_code == 303
    assert 'data-test="outdated"' not in (await holder.get("/card")).text
    assert (await check(city, old))["reason"] == "print-withdrawn"
    assert (await check(city, await printed(city)))["result"] == "valid"
    again = await holder.post("/card/reprint", data={"_revision": revision[1]}, key=None)
    assert (again.status_code, "已被" in again.text or "已变" in again.text) == (412, True)
