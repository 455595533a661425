"""材料: judged by content, kept sealed, seen by who may see what they belong to (api.md 3.1)."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from service import ids, sealing
from service.auth.callers import Caller
from service.problems import FieldError, InvalidBody, NotFound, TooLarge
from service.talents import inspecting, queries
from service.talents.applications.application import Application
from service.talents.models import File

LARGEST = 10 * 1024 * 1024
ABOUT = "files.content"
DECLARATION = "not_secret"
"""The field by which a form declares that no file of it is 涉密."""
KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)

SeenThrough = Callable[[AsyncSession, Caller, UUID], Awaitable[bool]]
_seen_through: list[SeenThrough] = []


class Opened(NamedTuple):
    """A file with its content in clear."""

    file: File
    content: bytes


def seen_through(check: SeenThrough) -> None:
    """A room whose things have files says who may see them: `(session, caller, file_id)`."""
    if check not in _seen_through:
        _seen_through.append(check)


def kind_of(content: bytes) -> str:
    """The media type by the content's first bytes; raises InvalidBody, TooLarge."""
    if len(content) > LARGEST:
        raise TooLarge("单个材料不超过 10 MB,请压缩或拆分后再上传。")
    for start, media_type in KINDS:
        if content.startswith(start):
            return media_type
    advice = "只接受 PDF、JPEG、PNG,按文件内容判断;请另存为这些格式后再上传。"
    raise InvalidBody(FieldError("/file", "unsupported-file", advice))


def check_declared(declared: bool) -> None:
    """Nothing is taken from a page before 非涉密 is declared (guide 2.4); raises InvalidBody."""
    if not declared:
        advice = "请先确认材料不涉及国家秘密,再上传文件;涉密材料不得上传。"
        raise InvalidBody(FieldError(f"/{DECLARATION}", "undeclared", advice))


async def keep(
    session: AsyncSession, by: Caller, content: bytes, now: datetime, *, declared: bool
) -> File:
    """Keep a file, sealed, whether it was declared 非涉密, and what is to be told of it.

    Raises InvalidBody, TooLarge.
    """
    media_type = kind_of(content)
    # Ten megabytes take a while: other calls go on meanwhile.
    notice = await inspecting.look(content, media_type)
    digest, sealed = await asyncio.to_thread(_sealed, content)
    file = File(
        id=ids.new_id(), account_id=by.account_id, partner_id=by.client_partner_id, sha256=digest,
        media_type=media_type, octets=len(content), content=sealed, created_at=now,
        declared_at=now if declared else None, notice=notice,
    )  # fmt: skip
    session.add(file)
    await session.flush()
    return file


def _sealed(content: bytes) -> tuple[str, bytes]:
    return hashlib.sha256(content).hexdigest(), sealing.ring().seal(content, ABOUT)


async def notices_of(session: AsyncSession, file_ids: Collection[UUID]) -> dict[UUID, str]:
    """What was found in which of these files, in two words."""
    query = select(File.id, File.notice).where(File.id.in_(file_ids), File.notice.is_not(None))
    rows = (await session.execute(query)).all()
    return {file_id: inspecting.SHORT[notice] for file_id, notice in rows if notice}


def put_in_by(caller: Caller) -> ColumnElement[bool]:
    """The caller's own files: a person's, or those of the agency whose machine calls."""
    if caller.account_id is not None:
        return File.account_id == caller.account_id
    if caller.client_partner_id is not None:
        return and_(File.account_id.is_(None), File.partner_id == caller.client_partner_id)
    return false()


async def erase(session: AsyncSession, file_ids: Collection[UUID], now: datetime) -> None:
    """Forget what is in these files; that they were there, and who opened them, stays."""
    content = await asyncio.to_thread(sealing.ring().seal, b"", ABOUT)
    query = update(File).where(File.id.in_(file_ids), File.erased_at.is_(None))
    await session.execute(query.values(content=content, octets=0, erased_at=now))


async def opened(session: AsyncSession, by: Caller, file_id: UUID) -> Opened:
    """A file where the caller may see it; raises NotFound."""
    query = select(File).where(File.id == file_id).options(undefer(File.content))
    file: File | None = await session.scalar(query)
    if file is None or file.erased_at is not None or not await _may_see(session, by, file):
        raise NotFound
    return Opened(file, await asyncio.to_thread(sealing.ring().open, file.content, ABOUT))


async def _may_see(session: AsyncSession, by: Caller, file: File) -> bool:
    if await session.scalar(select(File.id).where(File.id == file.id, put_in_by(by))):
        return True
    belongs = select(Application.id).where(
        # Put in by the talent or by their specialist: both columns have an index.
        or_(
            Application.account_id == file.account_id,
            Application.specialist_id == file.account_id,
        ),
        Application.evidence.contains([{"file_id": str(file.id)}]),
        await queries.seen_by(session, by),
    )
    if await session.scalar(belongs.limit(1)) is not None:
        return True
    for check in _seen_through:
        if await check(session, by, file.id):
            return True
    return False
