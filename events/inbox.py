"""Who has read how far: one mark for each consumer and subject (events.md 1.4)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
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


async def unread(session: AsyncSession, consumer: str, *subjects: str) -> Sequence[AnyEvent]:
    """Events of `subjects` new to `consumer`, in each subject's order; read once the caller's
    transaction commits.

    A redelivered or overtaken message finds nothing and does nothing.
    """
    return [read(row.type, row.data) for row in await unread_rows(session, consumer, *subjects)]


async def unread_rows(
    session: AsyncSession, consumer: str, *subjects: str
) -> Sequence[sa.Row[Any]]:
    """The same as rows of the log, for a consumer that needs their place, time or sequence.

    Many subjects cost as many round trips as one; all take the marks in one order, so that two
    consumers never wait crosswise.
    """
    told = {"who": consumer, "subjects": sorted(set(subjects))}
    marks = (await session.execute(MARKED, told)).all()
    places = {"subjects": [m.subject for m in marks], "seen": [m.sequence for m in marks]}
    rows = (await session.execute(FRESH.limit(_at_once.get()), places)).all()
    if rows:
        last = {row.subject: row.sequence for row in rows}
        read_to = {"who": consumer, "subjects": list(last), "last": list(last.values())}
        await session.execute(READ, read_to)
        if len(last) == 1:
            trace.set(rows[-1].trace)
    return rows


def _array(name: str, kind: Any) -> Any:
    return sa.bindparam(name, type_=ARRAY(kind))


def _table(name: str, column: str) -> Any:
    arrays = sa.func.unnest(_array("subjects", sa.Text), _array(column, sa.Integer))
    given = arrays.table_valued(sa.column("subject", sa.Text), sa.column(column, sa.Integer))
    return given.render_derived(name=name)


_first = insert(inbox).from_select(
    ["consumer", "subject", "sequence"],
    sa.select(
        sa.bindparam("who", type_=sa.Text),
        sa.func.unnest(_array("subjects", sa.Text)),
        sa.literal_column("0"),
    ),
)
MARKED: Any = _first.on_conflict_do_update(
    index_elements=["consumer", "subject"], set_={"sequence": inbox.c.sequence}
).returning(inbox.c.subject, inbox.c.sequence)
"""Where the consumer stands at each subject, made where it has not begun; locked. Built once."""
_seen = _table("place", "seen")
FRESH = (
    sa.select(events)
    .join(_seen, (events.c.subject == _seen.c.subject) & (events.c.sequence > _seen.c.seen))
    .order_by(events.c.subject, events.c.sequence)
)
_read = _table("read", "last")
READ = (
    sa.update(inbox)
    .where(
        inbox.c.consumer == sa.bindparam("who", type_=sa.Text),
        inbox.c.subject == _read.c.subject,
    )
    .values(sequence=_read.c.last)
)
