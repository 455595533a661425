"""Doors of the conversation about a request: the holder's side and the partner's (api.md 5.3)."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller
from service.etag import etag, revision_of
from service.requests import conversation, partner_routes, queries
from service.requests.actions import messaging
from service.requests.actions.messaging import Message, Seen
from service.requests.conversation import MessageView
from service.requests.routes import IfMatch, onlookers

MINE = "/v1/requests/{request_id:uuid}/messages"
THEIRS = partner_routes.ONE + "/messages"


class Conversation(msgspec.Struct, frozen=True):
    """往来的留言,从旧到新。"""

    items: list[MessageView]


class Written(msgspec.Struct, frozen=True):
    """A message that is kept."""

    id: UUID


class Marked(msgspec.Struct, frozen=True):
    """新标为已读的条数。"""

    marked: int


def _revision(if_match: str | None) -> int | None:
    return revision_of(if_match) if if_match is not None else None


@get(MINE, guards=[onlookers], shows="messages")
async def messages(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Conversation:
    """申请人、服务专员、办理单位之间的留言,附材料和各方读到的时间。 Problems: 404."""
    found = await queries.visible(session, caller, request_id)
    return Conversation(await conversation.of(session, found.request, caller))


@post(MINE, guards=[guards.holder_side], opt={"if_match": "optional"})
async def write(
    request_id: FromPath[UUID],
    data: Message,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[Written]:
    """给办理单位留言;If-Match 可不带,申请结束后不再受理。

    Problems: 404, 409 `wrong-state`, 412, 422.
    """
    revision = _revision(if_match)
    done, message_id = await messaging.write(session, request_id, caller, revision, data, now)
    return Response(Written(message_id), headers={"ETag": etag(done.revision)})


@post(MINE + "/read", guards=[guards.holder_side], status_code=200)
async def read(
    request_id: FromPath[UUID],
    data: Seen,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Marked:
    """标为已读:这一条及以前的。 Problems: 404."""
    found = await queries.visible(session, caller, request_id)
    return Marked(await messaging.mark_read(session, found.request, caller, now, data.up_to))


@get(THEIRS, guards=[guards.partner], shows="messages")
async def partner_messages(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Conversation:
    """本单位可见的留言:与本单位的,及派送之前的。 Problems: 404."""
    found = await queries.at_partner(session, caller.partner_id, request_id)
    return Conversation(await conversation.of(session, found.request, caller))


@post(THEIRS, guards=[guards.partner], opt={"if_match": "optional"})
async def reply(
    request_id: FromPath[UUID],
    data: Message,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[Written]:
    """给申请人和服务专员留言;If-Match 可不带。 Problems: 404, 409 `wrong-state`, 412, 422."""
    revision = _revision(if_match)
    done, message_id = await messaging.reply(session, request_id, caller, revision, data, now)
    return Response(Written(message_id), headers={"ETag": etag(done.revision)})


@post(THEIRS + "/read", guards=[guards.partner], status_code=200)
async def partner_read(
    request_id: FromPath[UUID],
    data: Seen,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Marked:
    """标为已读:这一条及以前的。 Problems: 404."""
    found = await queries.at_partner(session, caller.partner_id, request_id)
    return Marked(await messaging.mark_read(session, found.request, caller, now, data.up_to))


ROUTES = [messages, write, read, partner_messages, reply, partner_read]
