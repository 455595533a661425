"""Default ratings, where nobody answered in the window (satisfaction.md G4). Done by the timers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service import ids
from service.counters.models import Redemption
from service.requests.models import Request, State
from service.satisfaction import abouts, promises, rating, rules
from service.satisfaction.abouts import About
from service.satisfaction.models import Rating, RatingMark

GRADE = 5
BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+08:00")


async def record_due(session: AsyncSession, now: datetime, limit: int = 200) -> int:
    """Record up to `limit` default ratings that are due; returns how many.

    Completions are gone through in their order. The mark tells how far, so that an idle sweep
    reads one row a day, and rival sweepers do not do the same work twice.
    """
    days = (await rules.in_force(session)).window_days
    until = promises.still_open_after(now, days)
    done = 0
    for about in ("requests", "redemptions"):
        done += await _record(session, about, until, days, now, limit - done)
    return done


async def _record(
    session: AsyncSession, about: str, until: datetime, days: int, now: datetime, limit: int
) -> int:
    mark = await _mark(session, about)
    if mark is None or mark.done_until >= until or limit <= 0:
        return 0
    due = await _unrated(session, about, mark.done_until, until, limit)
    for each in due:
        assert each.completed_at is not None  # noqa: S101 - the query asks for it
        ends_at = promises.window_ends(each.completed_at, days)
        given = each.rating(ids.new_id(), GRADE, [], None, ends_at, origin="default")
        await rating.record(session, given, log.SYSTEM, now)
    # The last one's instant may be shared by some that did not fit: they are found again.
    last = due[-1].completed_at if len(due) == limit else until
    mark.done_until = last or until
    await session.flush()
    return len(due)


async def _mark(session: AsyncSession, about: str) -> RatingMark | None:
    """The mark, locked; None where another sweeper holds it."""
    fresh = insert(RatingMark).values(about=about, done_until=BEGINNING)
    await session.execute(fresh.on_conflict_do_nothing())
    query = select(RatingMark).where(RatingMark.about == about)
    found: RatingMark | None = await session.scalar(query.with_for_update(skip_locked=True))
    return found


async def _unrated(
    session: AsyncSession, about: str, begin: datetime, until: datetime, limit: int
) -> Sequence[About]:
    if about == "requests":
        rows = await session.execute(_requests(begin, until, limit))
        return [abouts.about_request(*row) for row in rows]
    rows = await session.execute(_redemptions(begin, until, limit))
    return [abouts.about_redemption(row) for row in rows]


def _requests(begin: datetime, until: datetime, limit: int) -> Any:
    at = Request.completed_at
    return (
        abouts.REQUESTS.where(Request.state == State.COMPLETED, at >= begin, at < until)
        .where(~exists().where(Rating.request_id == Request.id))
        .order_by(at, Request.id)
        .limit(limit)
        .with_for_update(of=Request, key_share=True)
    )


def _redemptions(begin: datetime, until: datetime, limit: int) -> Any:
    at = Redemption.redeemed_at
    return (
        abouts.REDEMPTIONS.where(at >= begin, at < until)
        .where(~exists().where(Rating.redemption_id == Redemption.id))
        .order_by(at, Redemption.id)
        .limit(limit)
        .with_for_update(of=Redemption, key_share=True)
    )
