"""The command's check that every request's time is whole, and as the log tells it (time.md L1)."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, load_only

from events import log
from service.requests.legs import Course, course_of, cut, faults
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
        told = await _told(session, ids)
        for request in requests:
            key = request.id
            course = course_of(request, offers.get(key, []), pauses.get(key, []), now)
            for fault in (*faults(course, cut(course)), *untold(course, told[key])):
                yield key, fault
        session.expunge_all()


def untold(course: Course, told: Set[datetime]) -> list[str]:
    """Turns of a request of which the log tells nothing at that instant. Pure.

    Pauses are left out: one ends when it was to end, also where that is told later (time.md P1).
    """
    ends = {leg.end for leg in course.offers if leg.end != course.until}
    turns = {course.submitted_at, *(leg.begin for leg in course.offers), *ends}
    return [f"the log tells of nothing at {at.isoformat()}" for at in sorted(turns - told)]


async def _told(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, Set[datetime]]:
    """When the log tells something of each request."""
    subjects = {f"requests/{each}": each for each in ids}
    found: dict[UUID, set[datetime]] = {each: set() for each in ids}
    query = select(log.events.c.subject, log.events.c.at)
    for subject, at in await session.execute(query.where(log.events.c.subject.in_(subjects))):
        found[subjects[subject]].add(at)
    return found


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
