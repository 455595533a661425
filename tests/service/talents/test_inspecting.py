"""What is told of a file before somebody opens it; what is refused (bad input)."""

import asyncio
import io
import threading
import zlib
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from local.samples.portraits import portrait
from service.problems import InvalidBody
from service.talents import inspecting
from service.talents.inspecting import notice_of
from tests.city import City
from tests.service.talents.apply import applicant, at_county, drafted, file_of

PDF_TYPE, PNG_TYPE, JPEG_TYPE = "application/pdf", "image/png", "image/jpeg"


def pdf(inside: bytes = b"") -> bytes:
    """A real document of one empty page, with something more in it."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue().replace(b"endobj", inside + b"\nendobj", 1)


def picture(kind: str, size: tuple[int, int] = (120, 160)) -> bytes:
    out = io.BytesIO()
    portrait(size=size).save(out, kind)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A few kilobytes that say they are so many pixels square."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + name + data + crc

    size = side.to_bytes(4, "big")
    head = chunk(b"IHDR", size + size + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100_000)))


def test_what_can_be_shown_has_nothing_told_of_it() -> None:
    assert notice_of(pdf(), PDF_TYPE) is None
    assert notice_of(picture("PNG"), PNG_TYPE) is None
    assert notice_of(picture("JPEG"), JPEG_TYPE) is None


@pytest.mark.parametrize(
    ("content", "kind", "notice"),
    [
        (pdf()[:-30], PDF_TYPE, "broken"),
        (b"%PDF-1.7", PDF_TYPE, "broken"),
        (pdf(b"/Encrypt 9 0 R"), PDF_TYPE, "encrypted"),
        (pdf(b"<</S/JavaScript/JS(app.alert(1))>>"), PDF_TYPE, "active"),
        (pdf(b"<</S /Launch /F (cmd.exe)>>"), PDF_TYPE, "active"),
        (pdf(b"<</Type /EmbeddedFile>>"), PDF_TYPE, "active"),
        (pdf(b"<</XFA[(x)]>>"), PDF_TYPE, "active"),
        (pdf(b"/JSomething /Launching /Encryption"), PDF_TYPE, None),
        (picture("JPEG")[:900], JPEG_TYPE, "broken"),
        (picture("PNG")[:900], PNG_TYPE, "broken"),
        (b"\xff\xd8\xff\xe0" + bytes(20), JPEG_TYPE, "broken"),
        (picture("GIF"), PNG_TYPE, "broken"),
    ],
)
def test_what_cannot_be_shown_or_does_more_is_told(
    content: bytes, kind: str, notice: str | None
) -> None:
    assert notice_of(content, kind) == notice


@pytest.mark.parametrize("side", [11_000, 60_000])
def test_a_picture_that_would_fill_the_memory_of_who_opens_it_is_refused(side: int) -> None:
    with pytest.raises(InvalidBody) as refused:
        notice_of(bomb(side), PNG_TYPE)
    assert refused.value.errors[0].code == "too-many-pixels"


@given(st.data())
def test_no_content_ends_the_look(data: Any) -> None:
    whole = data.draw(st.sampled_from([pdf(), picture("PNG"), picture("JPEG")]))
    octets = bytearray(whole)
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(4, len(whole) - 1), st.integers(0, 255)), max_size=30)
    ):
        octets[at] = value
    cut = bytes(octets[: data.draw(st.integers(4, len(whole)))])
    for kind in (PDF_TYPE, PNG_TYPE, JPEG_TYPE):
        try:
            found = notice_of(cut, kind)
        except InvalidBody:
            continue
        assert found is None or found in inspecting.SAYS


async def test_whoever_puts_it_in_is_told_at_once_and_who_reviews_sees_it(city: City) -> None:
    who = await applicant(city)
    kept = await file_of(who, picture("JPEG")[:900])
    assert kept.status_code == 201, "what it is by its content is taken (3.1)"
    assert kept.json()["notice"] == "broken"
    assert "重新导出" in kept.json()["advice"]
    evidence = [{"kind": "学历证明", "file_id": kept.json()["id"]}]
    way = await drafted(city, evidence=evidence)
    assert "可能打不开,请换一份" in (await who.get("/my/application")).text
    await way.done("talent", "withdraw")
    way = await at_county(city, evidence=evidence)
    page = (await (await way.who("county")).get(f"/review/{way.id}")).text
    assert 'data-test="notice">可能打不开' in page


async def test_a_bomb_is_refused_and_nothing_is_kept(city: City) -> None:
    who = await applicant(city)
    refused = await file_of(who, bomb(60_000))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "too-many-pixels")
    assert await city.sql("SELECT 1 FROM files") == []


async def test_however_many_are_sent_one_picture_is_in_memory_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first is held open; the others have not been opened before it is done."""
    opened, go_on, real = list[int](), threading.Event(), Image.open

    def held(*given: Any, **more: Any) -> Any:
        opened.append(len(opened))
        assert go_on.wait(30)
        return real(*given, **more)

    monkeypatch.setattr(Image, "open", held)
    looks = [asyncio.create_task(inspecting.look(picture("PNG"), PNG_TYPE)) for _ in range(3)]
    for _ in range(3000):  # turns of the loop, in which another thread would have begun
        await asyncio.sleep(0)
    assert opened == [0]
    go_on.set()
    assert await asyncio.gather(*looks) == [None] * 3
    assert opened == [0, 1, 2], "none is lost"
