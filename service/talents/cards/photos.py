"""照片: judged by content, turned upright, cut to shape, stripped of all else, sealed."""

import asyncio
import hashlib
import hmac
import io
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from PIL import Image, ImageOps, ImageStat, UnidentifiedImageError
from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from cards.keys import b64, unb64
from service import sealing
from service.db import Base
from service.problems import Problem, TooLarge
from service.talents.cards import faces

ABOUT = "photos.content"
LARGEST = 5 * 1024 * 1024
FORMATS = ("JPEG", "PNG")
MOST_PIXELS = 40_000_000
TOO_MANY = "照片像素过大,请缩小到 4000 万像素以内。"
LEAST = (295, 413)
"""一寸照 at 300 dpi."""
NARROWEST, WIDEST = 0.6, 0.95
KEPT = (600, 800)
QUALITY = 88
LEAST_CONTRAST = 12.0
GOOD_FOR = timedelta(seconds=60)


class PhotoRefused(Problem):
    """Not a photograph for a card; the detail says what to change."""

    code: ClassVar[str] = "photo-refused"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "照片不合要求"
    advice: ClassVar[str] = "请上传近期免冠正面彩色照片(JPEG 或 PNG)。"


class Photo(Base):
    """The photograph of one 人才, as it is printed and shown at counters."""

    __tablename__ = "photos"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    octets: Mapped[int]
    set_at: Mapped[datetime]
    set_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))

    def jpeg(self) -> bytes:
        """The picture in clear."""
        return sealing.ring().open(self.content, ABOUT)


def prepared(octets: bytes, *, seen: bool = False) -> bytes:
    """The photograph as it is kept: JPEG, 3:4, upright, without any metadata.

    `seen`: a person has looked at the face, so the machine does not. Raises TooLarge, PhotoRefused,
    FaceRefused, DetectorMissing. Nothing is unpacked before its size is known.
    """
    if len(octets) > LARGEST:
        raise TooLarge("照片不超过 5 MB,请压缩后再上传。")
    try:
        with Image.open(io.BytesIO(octets), formats=FORMATS) as picture:
            _check_size(picture)
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError:
        raise PhotoRefused(TOO_MANY) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        # Pillow tells of a broken or disguised file in each of these ways.
        raise PhotoRefused("照片无法读取,请用 JPEG 或 PNG 重新导出后上传。") from None
    _check_shape(upright)
    fitted = ImageOps.fit(upright, KEPT, Image.Resampling.LANCZOS, centering=(0.5, 0.35))
    if not seen:
        faces.check(fitted)
    return _encoded(fitted)


def _check_size(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise PhotoRefused(TOO_MANY)
    if getattr(picture, "n_frames", 1) > 1:
        raise PhotoRefused("不接受动图,请上传一张静止的照片。")


def _check_shape(picture: Image.Image) -> None:
    if picture.width < LEAST[0] or picture.height < LEAST[1]:
        raise PhotoRefused(f"照片太小,至少 {LEAST[0]}×{LEAST[1]} 像素。")
    if not NARROWEST <= picture.width / picture.height <= WIDEST:
        raise PhotoRefused("照片应为竖版,宽高比约 3:4,请裁剪后上传。")
    if ImageStat.Stat(picture.convert("L")).stddev[0] < LEAST_CONTRAST:
        raise PhotoRefused("照片几乎没有内容,请检查后重新上传。")


def _encoded(fitted: Image.Image) -> bytes:
    """Written anew from its pixels alone: no place, no camera, no thumbnail goes along."""
    plain = Image.frombytes("RGB", fitted.size, fitted.tobytes())
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


async def keep(
    session: AsyncSession,
    person_id: UUID,
    octets: bytes,
    by: UUID,
    now: datetime,
    *,
    seen: bool = False,
) -> Photo:
    """Keep somebody's photograph in place of the one before.

    `seen`: who puts it in has looked at the face (staff at a window). Raises TooLarge,
    PhotoRefused, FaceRefused, DetectorMissing.
    """
    jpeg = await asyncio.to_thread(prepared, octets, seen=seen)
    photo = await session.get(Photo, person_id, with_for_update=True)
    if photo is None:
        photo = Photo(person_id=person_id)
        session.add(photo)
    photo.content = sealing.ring().seal(jpeg, ABOUT)
    photo.sha256, photo.octets = hashlib.sha256(jpeg).hexdigest(), len(jpeg)
    photo.set_at, photo.set_by = now, by
    await session.flush()
    return photo


def photo_url(person_id: UUID, caller_id: str, now: datetime) -> str:
    """A path to somebody's photograph, for this caller and 60 seconds (card-token.md 10.4)."""
    until = int((now + GOOD_FOR).timestamp())
    ticket = person_id.bytes + until.to_bytes(5, "big")
    return f"/v1/photos/{b64(ticket + _mac(ticket, caller_id))}"


def person_of(ticket: str, caller_id: str, now: datetime) -> UUID | None:
    """Whose photograph the ticket shows to this caller now, or None."""
    try:
        octets = unb64(ticket)
    except ValueError:
        return None
    told, mac = octets[:21], octets[21:]
    if len(octets) != 37 or not hmac.compare_digest(mac, _mac(told, caller_id)):
        return None
    until = int.from_bytes(told[16:], "big")
    return UUID(bytes=told[:16]) if now.timestamp() < until else None


def _mac(told: bytes, caller_id: str) -> bytes:
    return sealing.ring().blind(f"{told.hex()} {caller_id}", "photos.ticket")[:16]
