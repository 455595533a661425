"""Who has read how far: one mark for each consumer and subject (events.md 1.4)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events.catalogue import AnyEvent, read
from events.log import events, inbox, trace

_at_once: ContextVar[int | None] = ContextVar("at_once", default=None)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hand out the oldest unread event alone: what stands before a bad one has its effect."""
    token = _at_once.set(1)
    try:
        yield
    finally:
        _at_once.reset(token)


async def is_behind(session: AsyncSession, consumer: str, subject: str) -> bool:
    """Whether a subject has events that the consumer has not read."""
    mine = (inbox.c.consumer == consumer) & (inbox.c.subject == subject)
    mark = sa.select(inbox.c.sequence).where(mine).scalar_subquery()
    more = sa.exists().where(
        events.c.subject == subject, events.c.sequence > sa.func.coalesce(mark, 0)
    )
    return bool(await session.scalar(sa.select(more)))


async def unread(session: AsyncSession, consumer: str, subject: str) -> Sequence[AnyEvent]:
    """Events of `subject` new to `consumer`, in order; read once the caller's transaction commits.

    A redelivered or overtaken message finds nothing and does nothing.
    """
    return [read(row.type, row.data) for row in await unread_rows(session, consumer, subject)]


async def unread_rows(session: AsyncSession, consumer: str, subject: str) -> Sequence[sa.Row[Any]]:
    """The same as rows of the log, for a consumer that needs their place, time or sequence."""
    mine = (inbox.c.consumer == consumer) & (inbox.c.subject == subject)
    fresh = insert(inbox).values(consumer=consumer, subject=subject, sequence=0)
    await session.execute(fresh.on_conflict_do_nothing())
    seen = await session.scalar(sa.select(inbox.c.sequence).where(mine).with_for_update())
    query = sa.select(events).where(events.c.subject == subject, events.c.sequence > seen)
    query = query.order_by(events.c.sequence).limit(_at_once.get())
    rows = (await session.execute(query)).all()
    if rows:
        await session.execute(sa.update(inbox).where(mine).values(sequence=rows[-1].sequence))
        trace.set(rows[-1].trace)
    return rows
