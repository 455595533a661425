"""Everybody's own notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller
from service.auth.guards import signed_in
from service.problems import NotFound
from service.satisfaction import promises
from service.satisfaction.models import Notice


class NoticeView(msgspec.Struct, frozen=True):
    """One line of the inbox; `subject` is the thing that it is about."""

    id: str
    kind: str
    subject: str
    text: str
    written_at: datetime
    read_at: datetime | None


def _view(row: Notice) -> NoticeView:
    written, read_at = promises.local(row.written_at), promises.local_or_none(row.read_at)
    return NoticeView(str(row.id), row.kind, row.subject, row.text, written, read_at)


async def of_account(
    session: AsyncSession,
    account_id: UUID | None,
    *,
    unread: bool = False,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[Notice]:
    """Up to `limit` + 1 notices of one account, oldest first; machines have none."""
    query = select(Notice).where(Notice.account_id == account_id)
    if unread:
        query = query.where(Notice.read_at.is_(None))
    if after is not None:
        query = query.where(Notice.id > after)
    return (await session.scalars(query.order_by(Notice.id).limit(limit + 1))).all()


@get("/v1/me/notices", guards=[signed_in])
async def notices(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    unread: Annotated[bool, QueryParameter(description="只看未读")] = False,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> Response[paging.Page[NoticeView]]:
    """我的通知,从旧到新。"""
    found = await of_account(
        session, caller.account_id, unread=unread, after=paging.after(cursor), limit=limit
    )
    page = paging.page_of(found, limit, key=lambda each: each.id)
    return paging.answer(request, paging.Page([_view(each) for each in page.items], page.next))


@post("/v1/me/notices/{notice_id:uuid}/read", guards=[signed_in], status_code=200)
async def read(
    notice_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> NoticeView:
    """标为已读;已读的不变。 Problems: 404."""
    mine = (Notice.id == notice_id) & (Notice.account_id == caller.account_id)
    await session.execute(update(Notice).where(mine, Notice.read_at.is_(None)).values(read_at=now))
    found = await session.scalar(select(Notice).where(mine))
    if found is None:
        raise NotFound
    return _view(found)


ROUTES = [notices, read]
