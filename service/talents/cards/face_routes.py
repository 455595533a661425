"""Doors of a card's face, its printings and photographs (api.md 3.5, card-token.md 4.2, 10.4)."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from cards import number
from cards.face import writers
from cards.face.layout import Face
from cards.face.letters import FontMissing, NotPrintable
from service.auth import guards
from service.auth.callers import Caller, Role
from service.etag import etag, revision_of, unchanged
from service.pages.show import SHANGHAI
from service.problems import Forbidden, NotFound, Problem
from service.talents import queries
from service.talents.cards import card_acts, photos, printing
from service.talents.cards.card import Card, Hand
from service.talents.cards.card_acts import Act
from service.talents.cards.card_routes import ONE, IfMatch, IfNoneMatch
from service.talents.cards.card_views import NAMES
from service.talents.cards.photos import Photo
from service.talents.cards.printing import Press
from service.talents.file_routes import uploaded
from service.talents.models import Person

PRIVATE = {"Cache-Control": "private, no-cache"}
named = guards.roles(*NAMES)
printers = guards.roles(Role.REVIEWER, Role.TALENT)
helpers = guards.roles(Role.REVIEWER, Role.UNIT_SPECIALIST)
Bleed = Annotated[bool, QueryParameter(description="四边各出血 3 毫米")]
Dpi = Annotated[int, QueryParameter(ge=72, le=writers.LARGEST_DPI, description="每英寸点数")]


class NameNotPrintable(Problem):
    """The font has no glyph for a character of the name: a face with a box in it is none."""

    code: ClassVar[str] = "name-not-printable"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "姓名中有暂不能印制的字"
    advice: ClassVar[str] = "请联系省人社窗口人工制卡;电子卡和二维码不受影响。"


class FontNotInstalled(Problem):
    """The package with the font is not there: nothing is drawn with another one."""

    code: ClassVar[str] = "font-missing"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "暂时不能绘制卡面"
    advice: ClassVar[str] = "服务器缺少中文字体,请联系系统管理员重新安装;电子卡和二维码不受影响。"


class PrintView(msgspec.Struct, frozen=True):
    """One printing; its code can be checked until `expires_at`."""

    printed_at: datetime
    expires_at: datetime


class PhotoView(msgspec.Struct, frozen=True):
    """A photograph that is kept; the picture is at `GET /v1/me/photo`."""

    sha256: str
    octets: int
    set_at: datetime


async def face_of(
    session: AsyncSession, state: State, caller: Caller, card: Card, now: datetime
) -> tuple[Face, str]:
    """What is printed on a card, and the ETag of it. Raises CardNotActive."""
    press = Press(state.pool, state.settings)
    printed = await printing.current(session, press, card, caller, now)
    person = await session.get_one(Person, card.person_id)
    photo = await session.get(Photo, card.person_id)
    face = Face(
        name=person.name,
        number=number.shown(card.number),
        tier=card.tier,
        valid_until=card.valid_until,
        authority=state.settings.issuing_authority,
        code=press.code_of(printed),
        photo=photo.jpeg() if photo else None,
    )
    seen = f"{card.revision} {printed.cti.hex()} {photo.sha256 if photo else ''} {person.name}"
    return face, f'"{hashlib.sha256(seen.encode()).hexdigest()[:24]}"'


async def _drawn(
    session: AsyncSession,
    state: State,
    caller: Caller,
    card_id: UUID,
    now: datetime,
    if_none_match: str | None,
    writer: Callable[[Face], bytes],
    media_type: str,
) -> Response[bytes]:
    card = await queries.visible_card(session, caller, card_id)
    face, tag = await face_of(session, state, caller, card, now)
    headers = {"ETag": tag, **PRIVATE}
    if unchanged(if_none_match, tag):
        return Response(b"", status_code=304, headers=headers)
    try:
        content = await asyncio.to_thread(writer, face)
    except NotPrintable:
        raise NameNotPrintable from None
    except FontMissing:
        raise FontNotInstalled from None
    return Response(content, media_type=media_type, headers=headers)


@get(ONE + "/face.svg", guards=[named], media_type="image/svg+xml", shows="card-face")
async def face_svg(
    card_id: FromPath[UUID],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    bleed: Bleed = False,
    if_none_match: IfNoneMatch = None,
) -> Response[bytes]:
    """印制卡面(SVG,CR80 原大)。 Problems: 404, 409 `card-not-active` `name-not-printable`."""

    def writer(face: Face) -> bytes:
        return writers.svg(face, bleed=bleed).encode()

    return await _drawn(
        session, state, caller, card_id, now, if_none_match, writer, "image/svg+xml"
    )


@get(ONE + "/face.png", guards=[named], media_type="image/png", shows="card-face")
async def face_png(
    card_id: FromPath[UUID],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    bleed: Bleed = False,
    dpi: Dpi = writers.DPI,
    if_none_match: IfNoneMatch = None,
) -> Response[bytes]:
    """印制卡面(PNG,默认 300 dpi)。 Problems: 404, 409, 422."""

    def writer(face: Face) -> bytes:
        return writers.png(face, dpi=dpi, bleed=bleed)

    return await _drawn(session, state, caller, card_id, now, if_none_match, writer, "image/png")


@get(ONE + "/print.pdf", guards=[named], media_type="application/pdf", shows="card-face")
async def print_pdf(
    card_id: FromPath[UUID],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_none_match: IfNoneMatch = None,
) -> Response[bytes]:
    """印制页(A4,带出血和裁切线)。 Problems: 404, 409."""

    def writer(face: Face) -> bytes:
        return writers.pdf([face])

    return await _drawn(
        session, state, caller, card_id, now, if_none_match, writer, "application/pdf"
    )


@post(ONE + "/prints", guards=[printers])
async def reprint(
    card_id: FromPath[UUID],
    data: Act,
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[PrintView]:
    """重新印制:此前印的码全部作废。 Problems: 404, 409 `wrong-state`, 412, 428."""
    press = Press(state.pool, state.settings)
    card, made = await printing.reprint(
        session, press, card_id, caller, revision_of(if_match), data, now
    )
    local = (made.printed_at.astimezone(SHANGHAI), made.expires_at.astimezone(SHANGHAI))
    return Response(PrintView(*local), headers={"ETag": etag(card.revision)})


def photo_view(photo: Photo) -> PhotoView:
    """What whoever set it is told."""
    return PhotoView(photo.sha256, photo.octets, photo.set_at.astimezone(SHANGHAI))


@post("/v1/me/photo", guards=[guards.talent], opt={"form": "file"})
async def set_my_photo(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[PhotoView]:
    """上传本人照片(multipart):JPEG、PNG,不超过 5 MB,一人、正面、面部居中。

    Problems: 404, 413, 415, 422 `photo-refused` `face-refused`, 503 `face-check-missing`.
    """
    if caller.person_id is None or caller.account_id is None:
        raise NotFound("请先提出办卡申请,再上传照片。")
    octets = await uploaded(request)
    kept = await photos.keep(session, caller.person_id, octets, caller.account_id, now)
    return Response(photo_view(kept), headers={"Location": "/v1/me/photo"})


@get("/v1/me/photo", guards=[guards.talent], media_type="image/jpeg")
async def my_photo(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """本人照片。 Problems: 404."""
    photo = await session.get(Photo, caller.person_id) if caller.person_id else None
    if photo is None:
        raise NotFound("还没有上传照片。")
    return Response(photo.jpeg(), media_type="image/jpeg", headers=PRIVATE)


@delete("/v1/me/photo", guards=[guards.talent])
async def drop_my_photo(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> None:
    """删除本人照片。 Problems: 404."""
    photo = await session.get(Photo, caller.person_id) if caller.person_id else None
    if photo is None:
        raise NotFound("还没有上传照片。")
    await session.delete(photo)


@post(ONE + "/photo", guards=[helpers], opt={"form": "photo"})
async def set_photo(
    card_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[PhotoView]:
    """单位服务专员或窗口代持卡人上传照片。

    机器找不到人脸而照片合格的(如面纱、特殊光线),窗口看过后带字段 `seen=yes` 上传。

    Problems: 403, 404, 413, 415, 422 `photo-refused` `face-refused`, 503 `face-check-missing`.
    """
    card = await queries.visible_card(session, caller, card_id)
    hands = await card_acts.hands_of(session, caller, card)
    mine = card.unit_id in caller.organisations(Role.UNIT_SPECIALIST)
    if caller.account_id is None or not (mine or hands - {Hand.HOLDER}):
        raise Forbidden
    octets = await uploaded(request)
    seen = (await request.form()).get("seen") == "yes"
    kept = await photos.keep(session, card.person_id, octets, caller.account_id, now, seen=seen)
    return Response(photo_view(kept))


@get("/v1/photos/{ticket:str}", guards=[guards.signed_in], media_type="image/jpeg")
async def photo_at_counter(
    ticket: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """核验答复给出的照片:60 秒内、仅核验方可看 (card-token.md 10.4)。 Problems: 404."""
    person_id = photos.person_of(ticket, caller.id, now)
    photo = await session.get(Photo, person_id) if person_id else None
    if photo is None:
        raise NotFound
    return Response(
        photo.jpeg(), media_type="image/jpeg", headers={"Cache-Control": "private, no-store"}
    )


ROUTES: list[Any] = [
    face_svg, face_png, print_pdf, reprint, set_my_photo, my_photo, drop_my_photo, set_photo,
    photo_at_counter,
]  # fmt: skip
