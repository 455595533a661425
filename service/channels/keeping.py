"""Outward messages as staff see them: what could not be handed over, and trying it again."""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.log import Author
from events.of_accounts import SendingRetried
from service.channels.models import FAILED, WAITING, Sending
from service.pages.show import SHANGHAI
from service.problems import NotFound, WrongState
from service.reference.tables import PROVINCE

SAID = {
    "not-reached": "连不上",
    "timeout": "超时",
    "disconnected": "对方断开",
    "tls-failed": "证书不对",
    "login-refused": "登录被拒",
    "not-supported": "对方不支持加密或登录",
    "recipient": "收件地址被拒",
    "data": "内容被拒",
    "smtp": "邮件服务器拒绝",
    "http": "短信网关拒绝",
}


def said(error: str | None) -> str:
    """An error's code in words; codes of a server's own number by what comes before it."""
    code = error or ""
    return SAID.get(code) or SAID.get(code.partition("-")[0], code)


class SendingView(msgspec.Struct, frozen=True, kw_only=True):
    """One message: never to which address, and never its words."""

    id: UUID
    channel: str
    state: str
    tries: int
    error: str | None
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None


def view(row: Sending) -> SendingView:
    """A message as it is told."""
    times = {"created_at": row.created_at, "next_at": row.next_at, "ended_at": row.ended_at}
    return SendingView(
        id=row.id, channel=row.channel, state=row.state, tries=row.tries, error=row.error,
        **{name: at.astimezone(SHANGHAI) if at else None for name, at in times.items()},  # type: ignore[arg-type]
    )  # fmt: skip


async def listed(
    session: AsyncSession, state: str, after: UUID | None, limit: int
) -> list[SendingView]:
    """The messages in a state, oldest first; one more than `limit`."""
    query = select(Sending).where(Sending.state == state)
    if after is not None:
        query = query.where(Sending.id > after)
    rows = await session.scalars(query.order_by(Sending.id).limit(limit + 1))
    return [view(row) for row in rows]


async def counts(session: AsyncSession) -> list[tuple[str, str, int]]:
    """How many of each channel are open or failed, and with which error."""
    standing = (Sending.state == FAILED) | Sending.next_at.is_not(None)
    error = sa.func.coalesce(Sending.error, "")
    query = select(Sending.channel, error, sa.func.count()).where(standing)
    rows = await session.execute(query.group_by(Sending.channel, error).order_by(Sending.channel))
    return [(channel, said, number) for channel, said, number in rows]


async def retry(session: AsyncSession, sending_id: UUID, by: Author, now: datetime) -> SendingView:
    """Have a failed message tried again from the first. Raises NotFound, WrongState.

    It keeps its key: a receiver that had it after all knows it.
    """
    row = await session.get(Sending, sending_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state != FAILED:
        raise WrongState(row.state, ())
    row.state, row.tries, row.next_at, row.ended_at = WAITING, 0, now, None
    event = SendingRetried(sending_id=row.id, channel=row.channel)
    await log.append(session, event, by=by, region=PROVINCE, now=now)
    await session.flush()
    return view(row)
