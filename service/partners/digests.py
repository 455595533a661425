"""The proof that a partner has missed nothing: a day's event ids and their hash (events.md 4.6)."""

import hashlib
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from events.feed import KEPT, SETTLED, SHANGHAI
from events.log import events
from service.auth import guards
from service.auth.callers import SCOPES, Caller, Role
from service.problems import Forbidden, NotFound


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """One day's events of the caller (Asia/Shanghai), ids in ascending order.

    `sha256`: of the ids as text with a line feed after each. `complete` once the day is over and
    every transaction of it has ended: the digest does not change any more.
    """

    date: date
    complete: bool
    count: int
    ids: list[UUID]
    sha256: str


def sha256_of(ids: list[UUID]) -> str:
    """The hash that both sides reckon."""
    return hashlib.sha256("".join(f"{each}\n" for each in ids).encode()).hexdigest()


async def digest_of(session: AsyncSession, partner_id: UUID, day: date, now: datetime) -> Digest:
    """The digest of a day that has begun and is still kept; raises NotFound.

    It names what the feed shows by now, so that whoever reads on from there can hold all of it.
    """
    begins = datetime.combine(day, time(), SHANGHAI)
    if begins > now or begins < now - KEPT:
        raise NotFound
    ends = begins + timedelta(days=1)
    query = sa.select(events.c.id).where(
        events.c.partner_id == partner_id, events.c.at >= begins, events.c.at < ends, SETTLED
    )
    ids = list(await session.scalars(query.order_by(events.c.id)))
    complete = now >= ends + timedelta(minutes=5)
    return Digest(date=day, complete=complete, count=len(ids), ids=ids, sha256=sha256_of(ids))


@get("/v1/partner/digests/{day:date}", guards=[guards.any_scope(SCOPES, Role.PARTNER_CLERK)])
async def digest(
    day: FromPath[date],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Digest]:
    """某日与本单位有关的全部事件编号及其摘要,供对账:拉取、推送有没有漏。 Problems: 404."""
    if caller.partner_id is None:
        raise Forbidden
    return Response(await digest_of(session, caller.partner_id, day, now))


ROUTES: list[Any] = [digest]
