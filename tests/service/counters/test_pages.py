"""The counter's page: green or red, one sentence, and the same actions as the API."""

import io
import re
from datetime import timedelta

import pytest
from PIL import Image

from cards import base45, qr
from cards import token as tokens
from service.counters.pages import scanned
from tests.city import City, Someone
from tests.service.counters.desk import desk

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def clerk(city: City, partner: str = "airport") -> Someone:
    return await city.person("partner_clerk", login=f"clerk-{partner}")


async def submit(who: Someone, path: str, **fields: object) -> str:
    answer = await who.send("POST", path, data={k: str(v) for k, v in fields.items()}, headers=FORM)
    return answer.text


def verdict(page: str) -> str | None:
    found = re.search(r'data-test="verdict" data-result="(\w+)"', page)
    return found[1] if found else None


async def test_a_scan_is_green_with_the_masked_name_and_what_may_be_given(city: City) -> None:
    counter, who = await desk(city), await clerk(city)
    page = await submit(who, "/counter", token=await counter.token(), service_point=counter.point)
    assert verdict(page) == "valid"
    assert "counter good" in page
    assert re.search(r'data-test="masked-name">.\*<', page)
    assert 'data-offering="TR-01"' in page
    assert "今年还剩 12 次" in page


async def test_a_button_gives_once_however_often_it_is_pressed(city: City) -> None:
    counter, who = await desk(city), await clerk(city)
    fields = {
        "token": await counter.token(), "service_point": counter.point, "offering": "TR-01",
        "companions": 1, "key": "drawn-with-the-page",
    }  # fmt: skip
    for _ in range(2):
        page = await submit(who, "/counter/redemptions", **fields)
        assert verdict(page) == "given"
        assert 'data-test="left">11<' in page
        assert "机场贵宾通道" in page
    assert (await city.sql("SELECT count(*) FROM redemptions"))[0][0] == 1
    page = await submit(who, "/counter/redemptions", **fields | {"key": "another"})
    assert verdict(page) == "refused"
    assert "此码已使用过" in page
    assert "counter bad" in page


async def test_an_old_code_is_red_with_one_sentence(city: City) -> None:
    counter, who = await desk(city), await clerk(city)
    shown = await counter.token()
    city.pass_time(timedelta(seconds=60))
    page = await submit(who, "/counter", token=shown, service_point=counter.point)
    assert verdict(page) == "refused"
    assert "二维码已过期,请持卡人刷新后重新出示。" in page
    assert "核销</button>" not in page


def test_a_printed_codes_url_becomes_its_text() -> None:
    text = "HCK1:" + base45.encode(b"any bytes")
    assert scanned(tokens.to_url(text, "https://hck.example") + "\r\n") == text
    assert scanned("HCK1:AB C \r\n") == "HCK1:AB C "
    assert scanned("https://elsewhere.example/") == "https://elsewhere.example/"


async def test_a_number_is_looked_up_and_never_redeemed(city: City) -> None:
    counter, who = await desk(city), await clerk(city)
    (row,) = await city.sql("SELECT number FROM cards WHERE region = '370100'")
    path = "/counter/by-number"
    page = await submit(who, path, card_number=row["number"], service_point=counter.point)
    assert verdict(page) == "valid"
    assert "核销</button>" not in page
    page = await submit(who, path, card_number="1", service_point=counter.point)
    assert "未查到可用的卡" in page


async def test_a_counter_of_another_partner_is_told_above_the_form(city: City) -> None:
    museum, who = await desk(city, "museum"), await clerk(city)
    page = await submit(who, "/counter", token="x", service_point=museum.point)
    assert verdict(page) is None
    assert "没有这个服务网点" in page


async def test_a_partner_without_counters_is_told_so(city: City) -> None:
    await city.sql("DELETE FROM service_points")
    page = (await (await clerk(city)).get("/counter")).text
    assert "还没有登记服务网点" in page
    assert 'data-test="scan-field"' not in page


async def test_the_page_is_for_clerks(city: City) -> None:
    assert (await (await city.person("talent")).get("/counter")).status_code == 403
    assert (await city.nobody.get("/counter")).status_code == 303


async def test_a_frames_code_is_read_on_the_server(city: City) -> None:
    counter, who = await desk(city), await clerk(city)
    shown = await counter.token()
    png = qr.png(shown)
    answer = await who.send("POST", "/counter/frames", content=png)
    assert answer.json()["text"] == shown
    picture = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").resize((500, 500)).save(picture, "JPEG", quality=70)
    answer = await who.send("POST", "/counter/frames", content=picture.getvalue())
    assert answer.json()["text"] == shown


def picture_of(kind: str, size: tuple[int, int] = (64, 64)) -> bytes:
    octets = io.BytesIO()
    Image.new("1", size, 1).save(octets, kind)
    return octets.getvalue()


@pytest.mark.parametrize(
    "octets",
    [b"", b"x" * 100, picture_of("PNG")[:45], picture_of("GIF"), picture_of("PNG", (9000, 9000))],
    ids=["empty", "noise", "cut off", "another kind", "unpacks to too much"],
)
async def test_a_broken_frame_is_a_sentence(city: City, octets: bytes) -> None:
    answer = await (await clerk(city)).send("POST", "/counter/frames", content=octets)
    assert (answer.status_code, answer.json()["code"]) == (422, "broken-frame")
    assert "扫码枪" in answer.json()["detail"]


async def test_a_frame_without_a_code_and_one_too_large(city: City) -> None:
    who = await clerk(city)
    answer = await who.send("POST", "/counter/frames", content=picture_of("PNG"))
    assert (answer.status_code, answer.json()["text"]) == (200, None)
    answer = await who.send("POST", "/counter/frames", content=b"x" * (2 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "payload-too-large")
