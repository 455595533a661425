"""The conversation about a request: who wrote, with what, and which side has read it when.

Holder and steward read all of it. A partner reads what was said while it had the request, or
before anybody had it; what was said to another partner stays between those two (guide.md 7.1).
专家中心 reads along and leaves no mark.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.requests import queries
from service.requests.models import MessageRead, Note, Request
from service.talents.models import File
from service.worktime.hours import SHANGHAI

Side = Literal["holder", "steward", "partner"]
HOLDER: Side = "holder"
STEWARD: Side = "steward"
PARTNER: Side = "partner"
SIDES: Mapping[str, Side] = {"talent": HOLDER, "steward": STEWARD}
"""The side of an author's role; every other author is the partner's."""
NAMES: Mapping[str, str] = {HOLDER: "申请人", STEWARD: "服务专员", PARTNER: "办理单位"}


class Attached(msgspec.Struct, frozen=True):
    """随留言或办理结果的一份材料;按保存期限删除后只留编号。"""

    id: UUID
    media_type: str
    octets: int


class Read(msgspec.Struct, frozen=True):
    """哪一方何时读到。"""

    side: str
    at: datetime


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """一条留言。`mine`: 由查看的一方所写;`erased`: 已按保存期限删除,文字为空。"""

    id: UUID
    side: str
    text: str
    files: list[Attached]
    written_at: datetime
    read: list[Read]
    mine: bool
    erased: bool


def side_of_holder(by: Caller, request: Request) -> Side:
    """Whether the holder or the steward acts at the holder's doors (guide.md 4)."""
    return HOLDER if by.person_id == request.person_id else STEWARD


def reader_of(by: Caller, request: Request) -> str | None:
    """The mark that the caller's reading leaves, if any."""
    if by.partner_id is not None:
        return f"partners/{by.partner_id}"
    if by.person_id is not None and by.person_id == request.person_id:
        return HOLDER
    return STEWARD if by.has(Role.STEWARD) else None


def side_of(note: Note) -> Side:
    """Who wrote it."""
    return SIDES.get(note.author_role, PARTNER)


def mark_of(note: Note) -> str:
    """The mark of the side that wrote it: nobody has their own words unread."""
    side = side_of(note)
    return f"partners/{note.partner_id}" if side == PARTNER else side


async def of(session: AsyncSession, request: Request, by: Caller) -> list[MessageView]:
    """What the caller may read of it, oldest first."""
    reader = reader_of(by, request)
    notes = await queries.notes_of(session, request.id, "message", partner_id=by.partner_id)
    reads = await _reads(session, [note.id for note in notes])
    files = await _files(session, notes)
    return [
        MessageView(
            id=note.id,
            side=side_of(note),
            text=note.text,
            files=[files[UUID(each)] for each in note.files if UUID(each) in files],
            written_at=note.written_at.astimezone(SHANGHAI),
            read=reads.get(note.id, []),
            mine=mark_of(note) == reader,
            erased=note.erased_at is not None,
        )
        for note in notes
    ]


async def _reads(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[Read]]:
    query = select(MessageRead).where(MessageRead.message_id.in_(message_ids))
    found: dict[UUID, list[Read]] = {}
    for mark in await session.scalars(query.order_by(MessageRead.read_at, MessageRead.side)):
        side = PARTNER if mark.side.startswith("partners/") else mark.side
        at = mark.read_at.astimezone(SHANGHAI)
        found.setdefault(mark.message_id, []).append(Read(side, at))
    return found


async def _files(session: AsyncSession, notes: Sequence[Note]) -> dict[UUID, Attached]:
    return await attached(session, [UUID(each) for note in notes for each in note.files])


async def attached(session: AsyncSession, wanted: Sequence[UUID]) -> dict[UUID, Attached]:
    """What is told of files before they are opened, by their id."""
    if not wanted:
        return {}
    query = select(File.id, File.media_type, File.octets).where(File.id.in_(wanted))
    return {row.id: Attached(*row) for row in await session.execute(query)}


async def unread(
    session: AsyncSession, request_ids: Sequence[UUID], side: str
) -> Mapping[UUID, int]:
    """How many messages of others a side has not read, by request; those with none left out."""
    read = select(MessageRead.message_id).where(MessageRead.side == side)
    query = select(Note.request_id, func.count()).where(
        Note.request_id.in_(request_ids), Note.kind == "message", Note.id.not_in(read)
    )
    if side.startswith("partners/"):
        partner_id = UUID(side.removeprefix("partners/"))
        roles = Note.author_role.in_(tuple(SIDES))
        query = query.where(roles, queries.said_with(partner_id))
    else:
        own = [role for role, each in SIDES.items() if each == side]
        query = query.where(Note.author_role.not_in(own))
    rows = await session.execute(query.group_by(Note.request_id))
    return {request_id: number for request_id, number in rows}
