"""How a consumer takes what is new at a subject: at once, else one by one, else a dead letter."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from events import dead, inbox
from service import ids
from workers import runtime

Work = Callable[[AsyncSession], Awaitable[object]]
WorkOnAll = Callable[[AsyncSession, Sequence[str]], Awaitable[object]]
AWAY = ("08", "53", "57P")
"""SQLSTATE classes of a database that is away: connection, no room, shutting down or starting."""
log = structlog.get_logger("workers.effects")


async def take(consumer: str, subject: str, work: Work) -> None:
    """Do `work` in a transaction of its own. Raises what it raised while it may be tried again.

    Where it fails, the unread events are taken one by one, so that what stands before the bad one
    has its effect. One that has failed too often is a dead letter: it is not raised any more.
    """
    try:
        async with runtime.sessions.begin() as session:
            await work(session)
    except Exception as failed:
        if _is_away(failed):
            raise
        await _one_by_one(consumer, subject, work)


async def take_all(consumer: str, subjects: Sequence[str], work: WorkOnAll) -> None:
    """Do `work` for all subjects of a message in one transaction; where that fails, for each
    alone, so that one that cannot be taken costs the others nothing. Raises what the last of these
    raised: the message comes again, and whoever is done finds nothing new.
    """
    if len(subjects) > 1:
        try:
            async with runtime.sessions.begin() as session:
                await work(session, subjects)
                return
        except Exception as failed:
            if _is_away(failed):
                raise
    wrong: Exception | None = None
    for subject in subjects:
        try:
            await take(consumer, subject, partial(_alone, work, subject))
        except Exception as failed:
            if _is_away(failed):
                raise
            wrong = failed
    if wrong is not None:
        raise wrong


async def _alone(work: WorkOnAll, subject: str, session: AsyncSession) -> None:
    await work(session, [subject])


async def _one_by_one(consumer: str, subject: str, work: Work) -> None:
    try:
        with inbox.one_at_a_time():
            behind = True
            while behind:
                async with runtime.sessions.begin() as session:
                    await work(session)
                    behind = await inbox.is_behind(session, consumer, subject)
    except Exception as failed:
        if _is_away(failed):
            raise
        kind = type(failed).__name__
        log.error("an effect failed", consumer=consumer, subject=subject, kind=kind)
        new, now = ids.new_id(), runtime.clock()
        async with runtime.sessions.begin() as session:
            given_up = await dead.note(session, new, consumer, subject, kind, now)
        if not given_up:
            raise


def _is_away(failed: Exception) -> bool:
    """Whether it is the database that failed, not the event.

    SQLAlchemy hands on what asyncpg raises while connecting as it is, later errors in its own.
    """
    if isinstance(failed, OSError | PoolTimeout):
        return True
    cause = failed.orig if isinstance(failed, DBAPIError) else failed
    state = getattr(cause, "sqlstate", None) or ""
    lost = isinstance(failed, DBAPIError) and failed.connection_invalidated
    return lost or state.startswith(AWAY)
