"""Photographs (issue of the face; card-token.md 10.4): what is taken, what is kept, who sees it."""

import io
import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from local.samples.portraits import SITTERS, Sitter, portrait
from service.talents.cards import faces, photos
from tests.city import City, Someone
from tests.service.counters.desk import desk

DOOR = "/v1/me/photo"


def picture(size: tuple[int, int] = (480, 640), mode: str = "RGB") -> Image.Image:
    """Somebody who does not exist, with a red band above and a blue one below."""
    made = portrait(size=size).convert(mode)
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 0, size[0], size[1] // 12), fill="red")
    draw.rectangle((0, 11 * size[1] // 12, size[0], size[1]), fill="blue")
    return made


def encoded(made: Image.Image, kind: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    made.save(out, kind, **more)
    return out.getvalue()


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x8825] = {1: "N", 2: (36.0, 40.0, 12.0), 3: "E", 4: (117.0, 0.0, 3.0)}
    return encoded(picture(), exif=exif.tobytes())


def bomb() -> bytes:
    """A few kilobytes that say they are 60,000 by 60,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + name + data + crc

    size = (60_000).to_bytes(4, "big")
    head = chunk(b"IHDR", size + size + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100_000)))


async def send(who: Someone, octets: bytes, path: str = DOOR, **more: Any) -> httpx.Response:
    return await who.post(path, files={"file": ("照片.jpg", octets, "image/jpeg")}, **more)


async def test_a_photograph_is_kept_upright_cut_and_stripped_of_all_else(city: City) -> None:
    holder = await city.person("talent", region="370100")
    done = await send(holder, with_gps())
    assert done.status_code == 201, done.text
    kept = await holder.get(DOOR)
    assert (kept.status_code, kept.headers["Content-Type"]) == (200, "image/jpeg")
    assert b"SecretCamera" not in kept.content
    opened = Image.open(io.BytesIO(kept.content))
    assert opened.size == (600, 800)
    assert dict(opened.getexif()) == {}
    (row,) = await city.sql("SELECT content FROM photos")
    assert b"\xff\xd8\xff" not in bytes(row["content"])[:40], "sealed at rest"


async def test_a_photograph_that_lies_on_its_side_is_turned(city: City) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = picture().rotate(90, expand=True)
    holder = await city.person("talent", region="370100")
    assert (await send(holder, encoded(lying, exif=exif.tobytes()))).status_code == 201
    upright = Image.open(io.BytesIO((await holder.get(DOOR)).content)).convert("RGB")
    red, _, blue = upright.getpixel((300, 40))  # type: ignore[misc]
    assert red > 200
    assert blue < 80


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: b"", "无法读取"),
        (lambda: b"%PDF-1.7 a document with another name", "无法读取"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>", "无法读取"),
        (lambda: encoded(picture())[:900], "无法读取"),
        (lambda: encoded(picture(), "GIF"), "无法读取"),
        (lambda: encoded(picture(), "WEBP"), "无法读取"),
        (bomb, "像素过大"),
        (lambda: encoded(picture((200, 280))), "太小"),
        (lambda: encoded(picture((640, 480))), "竖版"),
        (lambda: encoded(Image.new("RGB", (480, 640), "white")), "没有内容"),
    ],
)
async def test_what_is_no_photograph_for_a_card_is_refused_with_what_to_do(
    city: City, make: Callable[[], bytes], says: str
) -> None:
    holder = await city.person("talent", region="370100")
    refused = await send(holder, make())
    assert (refused.status_code, refused.json()["code"]) == (422, "photo-refused")
    assert says in refused.json()["detail"]
    assert (await holder.get(DOOR)).status_code == 404, "nothing is half done"


async def test_a_moving_picture_is_refused(city: City) -> None:
    frames = [picture(), picture().rotate(180)]
    moving = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    holder = await city.person("talent", region="370100")
    refused = await send(holder, moving)
    assert "动图" in refused.json()["detail"]


async def test_more_than_five_megabytes_is_too_much(city: City) -> None:
    holder = await city.person("talent", region="370100")
    refused = await send(holder, encoded(picture()) + bytes(photos.LARGEST))
    assert (refused.status_code, refused.json()["code"]) == (413, "payload-too-large")


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1", "I;16"])
def test_every_kind_of_pixel_becomes_plain_colour(mode: str) -> None:
    made = picture().convert(mode if mode != "I;16" else "L")
    kind = "JPEG" if mode == "CMYK" else "PNG"
    kept = Image.open(io.BytesIO(photos.prepared(encoded(made, kind))))
    assert (kept.mode, kept.size) == ("RGB", (600, 800))


async def test_a_photograph_is_replaced_and_taken_away(city: City) -> None:
    holder = await city.person("talent", region="370100")
    first = (await send(holder, encoded(picture()))).json()
    second = (await send(holder, encoded(picture((600, 800))))).json()
    assert first["sha256"] != second["sha256"]
    assert (await holder.delete(DOOR)).status_code == 204
    assert (await holder.get(DOOR)).status_code == 404
    assert (await holder.delete(DOOR)).status_code == 404


async def test_10_4_the_counter_sees_it_for_a_minute_and_nobody_else_does(city: City) -> None:
    holder = await city.person("talent", region="370100")
    counter, other = await desk(city), await desk(city, "museum")
    assert "photo_url" not in (await counter.verify(await counter.token()))["holder"]
    await send(holder, encoded(picture()))
    url = (await counter.verify(await counter.token()))["holder"]["photo_url"]
    shown = await counter.machine.get(url)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert (await other.machine.get(url)).status_code == 404
    assert (await city.nobody.get(url)).status_code == 401
    assert (await counter.machine.get(url[:-2] + "AA")).status_code == 404
    assert (await counter.machine.get("/v1/photos/x")).status_code == 404
    city.pass_time(timedelta(seconds=59))
    assert (await counter.machine.get(url)).status_code == 200
    city.pass_time(timedelta(seconds=1))
    assert (await counter.machine.get(url)).status_code == 404


async def test_a_window_sets_it_for_a_holder_and_a_stranger_does_not(city: City) -> None:
    holder = await city.person("talent", region="370100")
    path = f"/v1/cards/{(await holder.get('/v1/me/card')).json()['id']}/photo"
    window = await city.person("reviewer", region="370100")
    assert (await send(window, encoded(picture()), path)).status_code == 201
    assert (await holder.get(DOOR)).status_code == 200
    elsewhere = await city.person("talent", region="370200")
    assert (await send(elsewhere, encoded(picture()), path)).status_code == 403
    unit = await city.person("unit_specialist")
    assert (await send(unit, encoded(picture()), path)).status_code == 404


async def test_the_holder_s_page_takes_shows_and_drops_the_photograph(city: City) -> None:
    holder = await city.person("talent", region="370100")
    assert 'data-test="photo"' not in (await holder.get("/card")).text
    sent = {"file": ("me.jpg", encoded(picture()), "image/jpeg")}
    assert (await holder.post("/card/photo", files=sent, key=None)).status_code == 303
    assert 'data-test="photo"' in (await holder.get("/card")).text
    bad = {"file": ("me.jpg", b"not a picture", "image/jpeg")}
    refused = await holder.post("/card/photo", files=bad, key=None)
    assert (refused.status_code, "照片无法读取" in refused.text) == (422, True)
    assert 'data-test="photo"' in refused.text, "the one before is still there"
    assert (await holder.post("/card/photo/delete", key=None)).status_code == 303
    assert 'data-test="photo"' not in (await holder.get("/card")).text


# ── the face ──


def of(picture: Image.Image) -> str:
    """What is said of a photograph's face; empty where nothing is."""
    try:
        faces.check(picture)
    except faces.FaceRefused as refused:
        return str(refused.detail)
    return ""


@pytest.mark.parametrize("sitter", SITTERS)
@pytest.mark.parametrize("light", [0.35, 1.0, 1.5])
def test_one_face_from_the_front_is_taken_in_any_light(sitter: Sitter, light: float) -> None:
    assert of(ImageEnhance.Brightness(portrait(sitter)).enhance(light)) == ""


@pytest.mark.parametrize("turn", [-10, -5, 5, 10])
def test_a_head_a_little_on_one_side_is_taken(turn: int) -> None:
    assert of(portrait().rotate(turn)) == ""


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_head_on_its_side_or_upside_down_is_no_face(turn: int) -> None:
    assert "没有找到正面人脸" in of(portrait(size=(600, 600)).rotate(turn))


def two() -> Image.Image:
    both = Image.new("RGB", (600, 800), "#ccd")
    for left in (0, 300):
        both.paste(portrait(Sitter(height=0.3), (300, 800)), (left, 0))
    return both


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (two, "不止一个人"),
        (lambda: portrait(Sitter(height=0.24)), "面部太小"),
        (lambda: portrait(Sitter(height=0.98, at=(0.5, 0.55))), "面部太大"),
        (lambda: portrait(Sitter(height=0.36, at=(0.32, 0.45))), "不在画面中间"),
        (lambda: portrait(Sitter(height=0.1)), "没有找到"),
    ],
)
def test_a_face_that_is_not_as_a_card_needs_it_is_told_what_to_change(
    make: Callable[[], Image.Image], says: str
) -> None:
    assert says in of(make())


def scribble(draw: ImageDraw.ImageDraw, random: Random) -> None:
    x, y, dx, dy = (random.randrange(600) for _ in range(4))
    colour = tuple(random.randrange(256) for _ in range(3))
    box = (min(x, dx), min(y, dy), max(x, dx) + 5, max(y, dy) + 5)
    match random.randrange(3):
        case 0:
            draw.rectangle(box, fill=colour)
        case 1:
            draw.ellipse(box, fill=colour)
        case _:
            draw.line((x, y, dx, dy), fill=colour, width=random.randrange(1, 20))


@pytest.mark.parametrize("seed", range(20))
def test_a_picture_of_anything_else_has_no_face(seed: int) -> None:
    random = Random(seed)
    made = Image.effect_noise((600, 800), 10 + 4 * seed).convert("RGB")
    draw = ImageDraw.Draw(made)
    for _ in range(3 * seed):
        scribble(draw, random)
    assert "没有找到" in of(made.filter(ImageFilter.GaussianBlur(seed / 6)))


async def test_a_picture_without_a_face_is_not_kept_but_a_window_may_look_itself(
    city: City,
) -> None:
    holder = await city.person("talent", region="370100")
    veiled = portrait().filter(ImageFilter.GaussianBlur(60))
    refused = await send(holder, encoded(veiled))
    assert (refused.status_code, refused.json()["code"]) == (422, "face-refused")
    path = f"/v1/cards/{(await holder.get('/v1/me/card')).json()['id']}/photo"
    window = await city.person("reviewer", region="370100")
    assert (await send(window, encoded(veiled), path)).status_code == 422
    assert (await holder.get(DOOR)).status_code == 404
    assert (await send(window, encoded(veiled), path, data={"seen": "yes"})).status_code == 201
    own = await send(holder, encoded(veiled), data={"seen": "yes"})
    assert own.status_code == 422, "not the holder"


async def test_without_the_detector_nothing_is_passed_unseen(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "CASCADE", "none.xml")
    monkeypatch.setattr(faces, "_loaded", [])
    holder = await city.person("talent", region="370100")
    answer = await send(holder, encoded(picture()))
    assert (answer.status_code, answer.json()["code"]) == (503, "face-check-missing")
    assert (await holder.get(DOOR)).status_code == 404
    page = {"file": ("me.jpg", encoded(picture()), "image/jpeg")}
    assert "暂时不能检查照片" in (await holder.post("/card/photo", files=page, key=None)).text


def test_the_service_starts_without_loading_the_detector() -> None:
    look = "import sys, service.app; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
