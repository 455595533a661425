"""A card's face (guide.md 2.5, card-token.md 4.2): looked at, measured, and read by a camera."""

import io
import re
import xml.etree.ElementTree as ET
from datetime import date

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cards import token
from cards.face import letters, writers
from cards.face.layout import BLEED, HEIGHT, WIDTH, Face, Path, draw

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
CODE = "https://huicaika.shandong.example/c#" + "A" * 200
FACE = Face(
    name="张明远", number="40833-90439-Z", tier="A", valid_until=date(2031, 2, 28),
    authority="中共山东省委组织部 山东省人力资源和社会保障厅", code=CODE,
)  # fmt: skip
POINTS = 72 / 25.4


def jpeg(colour: tuple[int, int, int] = (200, 60, 60)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (600, 800), colour).save(out, "JPEG")
    return out.getvalue()


def code_in(picture: Image.Image) -> str:
    (found,) = zxingcpp.read_barcodes(picture.convert("L"), formats=QR)
    return str(found.text)


def page(content: bytes, scale: float = 3.0) -> Image.Image:
    document = pypdfium2.PdfDocument(content)
    picture: Image.Image = document[0].render(scale=scale).to_pil()
    document.close()
    return picture


def test_the_svg_is_cr80_in_its_true_size_and_speaks_to_screen_readers() -> None:
    root = ET.fromstring(writers.svg(FACE))
    assert (root.get("width"), root.get("height")) == ("85.60mm", "53.98mm")
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text is not None
    assert all(part in title.text for part in ("张明远", "40833-90439-Z", "2031-02-28"))
    assert root.get("role") == "img"


def test_with_bleed_the_ground_runs_three_millimetres_over_each_edge() -> None:
    root = ET.fromstring(writers.svg(FACE, bleed=True))
    assert (root.get("width"), root.get("viewBox")) == ("91.60mm", "-3 -3 91.60 59.98")
    ground = draw(FACE, bleed=True)[0]
    assert isinstance(ground, Path)
    corners = {point for _, points in ground.commands for point in points}
    assert (-BLEED, -BLEED) in corners
    assert (WIDTH + BLEED, HEIGHT + BLEED) in corners


def test_the_svg_needs_no_font_and_no_address() -> None:
    text = writers.svg(FACE._replace(photo=jpeg()))
    assert "<text" not in text
    assert "font" not in text
    assert re.findall(r'href="(?!data:image/jpeg;base64,)', text) == []


@pytest.mark.parametrize("dpi", [150, 300, 600])
def test_the_png_has_its_size_and_its_code_is_read(dpi: int) -> None:
    picture = Image.open(io.BytesIO(writers.png(FACE, dpi=dpi)))
    assert abs(picture.width - WIDTH / 25.4 * dpi) <= 2
    assert abs(picture.height - HEIGHT / 25.4 * dpi) <= 2
    assert code_in(picture) == CODE


def test_the_print_sheet_is_a4_with_bleed_crop_marks_and_a_code_that_is_read() -> None:
    content = writers.pdf([FACE])
    document = pypdfium2.PdfDocument(content)
    wide, high = document[0].get_size()
    assert (round(wide / POINTS), round(high / POINTS)) == (210, 297)
    picture = page(content)
    assert code_in(picture) == CODE
    left, top = (210 - 2 * WIDTH - writers.GAP) / 2, 24.0
    unit = 3.0 * POINTS

    def at(x: float, y: float) -> tuple[int, ...]:
        pixel = picture.convert("RGB").getpixel((int(x * unit), int(y * unit)))
        assert isinstance(pixel, tuple)
        return pixel

    assert at(left - 2, top - 2) == (28, 75, 130), "the ground runs over the edge"
    assert at(left - 4, top - 4) == (255, 255, 255)
    marks = [at(left, top - BLEED - y / 10)[0] for y in range(5, 35)]
    assert min(marks) < 200, "a mark shows where to cut"


def test_nine_cards_take_two_sheets_and_each_code_is_its_own() -> None:
    faces = [FACE._replace(code=CODE[:-1] + letter) for letter in "BCDEFGHIJ"]
    document = pypdfium2.PdfDocument(writers.pdf(faces))
    assert len(document) == 2
    picture = document[0].render(scale=4).to_pil().convert("L")
    found = {each.text for each in zxingcpp.read_barcodes(picture, formats=QR)}
    assert found == {face.code for face in faces[:8]}


def test_a_token_goes_on_the_face_too_where_the_address_is_too_long() -> None:
    text = "HCK1:" + "A" * 225
    assert code_in(Image.open(io.BytesIO(writers.png(FACE._replace(code=text))))) == text
    with pytest.raises(ValueError, match="does not fit"):
        draw(FACE._replace(code="https://" + "a" * 300))


@pytest.mark.parametrize(
    "name",
    [
        "李",
        "欧阳娜娜",
        "阿卜杜拉·买买提·艾力西尔·努尔买买提江",
        "Maximilian Alexander von Württemberg-Hohenzollern und zu Sayn",
        "田" * 60,
        "O'Neill",
        "𠮷野家㛃",
    ],
)
def test_every_name_stands_in_its_place(name: str) -> None:
    lines = letters.fitted(name, 5.4, 25.5, (3.0, 2.6, 2.0, 1.5))
    assert "".join(text for text, _ in lines).replace(" ", "") == name.replace(" ", "")
    assert all(letters.width(text, size) <= 25.5 + 1e-6 for text, size in lines)
    assert sum(size * 1.08 for _, size in lines) <= 27.0 - 16.0, "above the number"


@settings(max_examples=60, deadline=None)
@given(st.text("张王李赵 ·-abcWI", min_size=1, max_size=60).filter(str.strip))
def test_no_name_is_cut_or_runs_over(name: str) -> None:
    lines = letters.fitted(name, 5.4, 25.5, (3.0, 2.6, 2.0, 1.5))
    kept = "".join(text for text, _ in lines)
    assert kept.replace(" ", "") == name.replace(" ", "")
    assert all(letters.width(text, size) <= 25.5 + 1e-6 for text, size in lines)


def test_a_character_that_the_font_lacks_is_refused_not_boxed() -> None:
    with pytest.raises(letters.NotPrintable) as refused:
        writers.svg(FACE._replace(name="张\ue000"))
    assert refused.value.character == "\ue000"


def test_without_the_font_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "PACKAGE", "no_such_font")
    letters._font.cache_clear()
    letters._glyph.cache_clear()
    try:
        with pytest.raises(letters.FontMissing):
            writers.svg(FACE)
    finally:
        letters._font.cache_clear()


def test_the_photograph_is_in_its_frame() -> None:
    picture = Image.open(io.BytesIO(writers.png(FACE._replace(photo=jpeg()), dpi=254)))
    pixel = picture.convert("RGB").getpixel((145, 300))
    assert isinstance(pixel, tuple)
    assert all(abs(a - b) < 12 for a, b in zip(pixel, (200, 60, 60), strict=True))


def test_a_face_is_the_same_every_time() -> None:
    assert writers.svg(FACE) == writers.svg(FACE)
    assert writers.pdf([FACE]) == writers.pdf([FACE])


def test_the_url_form_fits_version_11_with_the_longest_origin_that_is_allowed() -> None:
    text = token.to_url("HCK1:" + "0" * 225, "https://" + "a" * 40)
    assert len(text) <= 251
    assert code_in(Image.open(io.BytesIO(writers.png(FACE._replace(code=text))))) == text
