"""The command's check that every request's time is whole (time.md L1)."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, load_only

from service.requests.legs import course_of, cut, faults
from service.requests.models import Clock, Dispatch, Pause, Request

BATCH = 500
Row = TypeVar("Row", Dispatch, Pause, Clock)


async def check_all(session: AsyncSession, now: datetime) -> AsyncIterator[tuple[UUID, str]]:
    """Each fault of each request, in the order of their ids; nothing where all time is whole.

    Read in one snapshot (`REPEATABLE READ`) where requests go on meanwhile.
    """
    after: UUID | None = None
    while requests := await _batch(session, after):
        after = requests[-1].id
        ids = [request.id for request in requests]
        offers = _by_request(
            await session.scalars(
                select(Dispatch)
                .where(Dispatch.request_id.in_(ids))
                .order_by(Dispatch.round)
                .options(
                    defer(Dispatch.note),
                    defer(Dispatch.declined_reason),
                    defer(Dispatch.considered),
                )
            )
        )
        pauses = _by_request(
            await session.scalars(
                select(Pause).where(Pause.request_id.in_(ids)).order_by(Pause.began_at)
            )
        )
        for request in requests:
            key = request.id
            course = course_of(request, offers.get(key, []), pauses.get(key, []), now)
            for fault in faults(course, cut(course)):
                yield key, fault
        session.expunge_all()


async def _batch(session: AsyncSession, after: UUID | None) -> list[Request]:
    # The times alone: what people wrote stays sealed.
    times = load_only(Request.submitted_at, Request.accepted_at, Request.ended_at)
    query = select(Request).options(times).order_by(Request.id).limit(BATCH)
    if after is not None:
        query = query.where(Request.id > after)
    return list(await session.scalars(query))


def _by_request(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row.request_id, []).append(row)
    return found
