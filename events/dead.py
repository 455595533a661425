"""Dead letters: an event that a consumer cannot take, however often it tries (events.md 1.4).

It stands before the later events of its own subject, for that consumer alone: their order is
kept. Everything else goes on. It is tried again when somebody says so, or passed over.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events.log import events, inbox, metadata

TRIES = 8
"""So often a consumer tries an event before it is a dead letter; broker.py waits between."""

letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("id", PgUuid(as_uuid=True), primary_key=True),
    sa.Column("consumer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("dead_at", sa.DateTime(timezone=True)),
    sa.Column("retry_at", sa.DateTime(timezone=True)),
    sa.UniqueConstraint("consumer", "subject", name="uq_dead_letters_consumer"),
    sa.Index("ix_dead_letters_retry", "retry_at", postgresql_where=sa.text("retry_at IS NOT NULL")),
)
"""One row for each subject at which a consumer stands; `error` is the kind, never a text."""

PASSED = sa.exists().where(
    inbox.c.consumer == letters.c.consumer,
    inbox.c.subject == letters.c.subject,
    inbox.c.sequence >= letters.c.sequence,
)
BEFORE = (letters.c.dead_at.is_not(None), ~PASSED)
"""What makes a row a dead letter: given up, and the consumer has not come past it since."""

COUNT = str(sa.select(sa.func.count()).select_from(letters).where(*BEFORE))
"""How many there are as plain SQL, for whoever counts without a session."""


async def note(
    session: AsyncSession, letter_id: UUID, consumer: str, subject: str, error: str, now: datetime
) -> bool:
    """A try failed at the first unread event; returns whether it is a dead letter now.

    A consumer that has come further since is counted from one again.
    """
    at = sa.func.coalesce(_mark(consumer, subject), 0) + 1
    first = insert(letters).values(
        id=letter_id, consumer=consumer, subject=subject, sequence=sa.select(at).scalar_subquery(),
        error=error, tries=1, first_at=now, last_at=now,
    )  # fmt: skip
    same = letters.c.sequence == first.excluded.sequence
    tries = sa.case((same, letters.c.tries + 1), else_=1)
    again = first.on_conflict_do_update(
        index_elements=["consumer", "subject"],
        set_={
            "sequence": first.excluded.sequence,
            "error": error,
            "tries": tries,
            "first_at": sa.case((same, letters.c.first_at), else_=now),
            "last_at": now,
            "dead_at": sa.case((tries >= TRIES, sa.func.coalesce(letters.c.dead_at, now))),
        },
    ).returning(letters.c.dead_at)
    return (await session.execute(again)).scalar_one() is not None


def _mark(consumer: str, subject: str) -> sa.ScalarSelect[Any]:
    mine = (inbox.c.consumer == consumer) & (inbox.c.subject == subject)
    return sa.select(inbox.c.sequence).where(mine).scalar_subquery()


def _standing() -> sa.Select[Any]:
    """Dead letters whose consumer still stands before them, with the event that it is."""
    return (
        sa.select(letters, events.c.type, events.c.at, events.c.id.label("event_id"))
        .join(
            events,
            (events.c.subject == letters.c.subject) & (events.c.sequence == letters.c.sequence),
        )
        .where(*BEFORE)
    )


async def standing(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[sa.Row[Any]]:
    """The dead letters, oldest first; one more than `limit`, to see if more follow."""
    query = _standing().order_by(letters.c.id).limit(limit + 1)
    query = query.where(letters.c.id > after) if after else query
    rows: Sequence[sa.Row[Any]] = (await session.execute(query)).all()
    return rows


async def one(session: AsyncSession, letter_id: UUID) -> sa.Row[Any] | None:
    """One dead letter, locked; None where it is none any more."""
    query = _standing().where(letters.c.id == letter_id).with_for_update(of=letters)
    found: sa.Row[Any] | None = (await session.execute(query)).first()
    return found


async def held_up(session: AsyncSession, letter: sa.Row[Any]) -> int:
    """How many later events of its subject wait behind it, heard by its consumer or not."""
    later = (events.c.subject == letter.subject) & (events.c.sequence > letter.sequence)
    query = sa.select(sa.func.count()).select_from(events).where(later)
    return (await session.execute(query)).scalar_one()


async def data_of(session: AsyncSession, letter: sa.Row[Any]) -> dict[str, Any]:
    """What its event carries: ids and codes (events.md 1.3)."""
    query = sa.select(events.c.data).where(events.c.id == letter.event_id)
    found: dict[str, Any] = (await session.execute(query)).scalar_one()
    return found


async def ask_again(session: AsyncSession, letter_id: UUID, now: datetime) -> None:
    """Have it tried again from the first try; the relay sends it."""
    fresh = sa.update(letters).where(letters.c.id == letter_id)
    await session.execute(fresh.values(dead_at=None, tries=0, retry_at=now))


async def pass_over(session: AsyncSession, letter: sa.Row[Any], now: datetime) -> None:
    """Let the consumer go on with what comes after it in its subject."""
    mark = insert(inbox).values(
        consumer=letter.consumer, subject=letter.subject, sequence=letter.sequence
    )
    passed = mark.on_conflict_do_update(
        index_elements=["consumer", "subject"],
        set_={"sequence": sa.func.greatest(inbox.c.sequence, mark.excluded.sequence)},
    )
    await session.execute(passed)
    fresh = sa.update(letters).where(letters.c.id == letter.id)
    await session.execute(fresh.values(dead_at=None, tries=0, retry_at=now))


async def asked_again(session: AsyncSession, limit: int = 200) -> Sequence[sa.Row[Any]]:
    """Consumers and subjects that are to be tried again; asked for once."""
    wanted = (
        sa.select(letters.c.id)
        .where(letters.c.retry_at.is_not(None))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = sa.update(letters).where(letters.c.id.in_(wanted)).values(retry_at=None)
    return (await session.execute(taken.returning(letters.c.consumer, letters.c.subject))).all()


def is_dead(consumer: Any, subject: Any) -> sa.ColumnElement[bool]:
    """Whether a consumer stands before a dead letter of a subject: one that it got past is none."""
    return sa.exists().where(letters.c.consumer == consumer, letters.c.subject == subject, *BEFORE)
