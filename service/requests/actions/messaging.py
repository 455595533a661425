"""Holder, steward and partner write to each other about a request (api.md 5.3, 5.4).

The words and files stay out of the log; the event says that somebody wrote, and from which side.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_requests import MessageSent
from service.auth.callers import Caller, Role
from service.requests import conversation, queries
from service.requests.actions import reach
from service.requests.actions.notes import add_note
from service.requests.actions.submitting import check_files
from service.requests.conversation import PARTNER, Side
from service.requests.models import MessageRead, Request
from service.requests.states import Party


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """给其他各方的留言: 文字,可附材料(先 `POST /v1/files` 上传)。"""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    files: Annotated[list[UUID], msgspec.Meta(max_length=10)] = []


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """读到哪一条: 这一条及以前的都算已读。"""

    up_to: UUID


async def write(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int | None,
    message: Message,
    now: datetime,
) -> tuple[Request, UUID]:
    """The holder, or the steward, writes; returns the message's id.

    Raises NotFound, Stale, WrongState once the request has ended, InvalidBody.
    """
    request = await reach.seen(session, request_id, by, revision)
    side = conversation.side_of_holder(by, request)
    author = reach.author_of(request, by)
    return request, await _keep(session, request, by, author, side, message, now)


async def reply(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int | None,
    message: Message,
    now: datetime,
) -> tuple[Request, UUID]:
    """The partner that has the request writes; raises as `write`."""
    request = await reach.at_partner(session, request_id, by, revision)
    author = by.author(Role.PARTNER_CLERK)
    return request, await _keep(session, request, by, author, PARTNER, message, now)


async def _keep(
    session: AsyncSession,
    request: Request,
    by: Caller,
    author: log.Author,
    side: Side,
    message: Message,
    now: datetime,
) -> UUID:
    request.check("messages", Party.PARTNER if side == PARTNER else Party.HOLDER)
    await check_files(session, by, message.files)
    message_id = add_note(
        session, request, "message", message.text, author, now, files=message.files
    )
    request.touch()
    event = MessageSent(
        request_id=request.id,
        offering=request.offering,
        partner_id=request.partner_id,
        message_id=message_id,
        side=side,
        files=len(message.files),
    )
    await session.flush()
    await log.append(session, event, by=author, region=request.region, now=now)
    return message_id


async def mark_read(
    session: AsyncSession, request: Request, by: Caller, now: datetime, up_to: UUID | None = None
) -> int:
    """The caller's side has read what others wrote, up to a message or all; returns how many new.

    A mark is the side's, made once, and moves no revision: a request does not change by being
    read. Those who only look on leave none.
    """
    side = conversation.reader_of(by, request)
    if side is None:
        return 0
    partner_id = by.partner_id if side.startswith("partners/") else None
    notes = await queries.notes_of(session, request.id, "message", partner_id=partner_id)
    fresh = [
        {"message_id": note.id, "side": side, "read_at": now}
        for note in notes
        if conversation.mark_of(note) != side and (up_to is None or note.id <= up_to)
    ]
    if not fresh:
        return 0
    made = insert(MessageRead).values(fresh).on_conflict_do_nothing()
    found = await session.scalars(made.returning(MessageRead.message_id))
    return len(found.all())
