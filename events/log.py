"""The event log: append in the transaction of the change; read by subject, by relay, by feed.

Append-only: a trigger refuses everything but the relay's `published_at` (events.md 1.1).
"""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
import uuid_utils.compat
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.ext.asyncio import AsyncSession

from events.base import Event, type_of
from events.catalogue import data_of

metadata = sa.MetaData()

trace: ContextVar[str] = ContextVar("trace", default="")
"""The `traceparent` of the work under way (api.md 1.10)."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", PgUuid(as_uuid=True), primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("trace", sa.Text, nullable=False),
    sa.Column("partner_id", PgUuid(as_uuid=True)),
    sa.Column("data", JSONB, nullable=False),
    # The transaction's number lets a reader stop before events that may still commit (feed.py).
    sa.Column(
        "xact",
        sa.BigInteger,
        nullable=False,
        server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
    ),
    sa.Column("published_at", sa.DateTime(timezone=True)),
    sa.UniqueConstraint("subject", "sequence", name="uq_events_subject"),
    sa.Index("ix_events_unpublished", "id", postgresql_where=sa.text("published_at IS NULL")),
    sa.Index(
        "ix_events_partner",
        "partner_id",
        "xact",
        "id",
        postgresql_where=sa.text("partner_id IS NOT NULL"),
    ),
    sa.Index("ix_events_at", "at"),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("consumer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
)


class Author(msgspec.Struct, frozen=True):
    """Who did it, in which role, from where (events.md 1.1); no names, only ids."""

    actor: str
    role: str
    origin: str


SYSTEM = Author("system", "system", "worker")

APPEND = """
INSERT INTO events (id, subject, sequence, type, region, at, actor, role, origin, trace,
                    partner_id, data)
SELECT $1, $2::text, coalesce(max(sequence), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11
FROM events WHERE subject = $2::text
"""
"""The same append for plain asyncpg connections (docs/adr/0003)."""


COLUMNS = (
    "id", "subject", "type", "region", "at", "actor", "role", "origin", "trace", "partner_id",
    "data",
)  # fmt: skip
INSERT = sa.insert(events).values(
    {name: sa.bindparam(f"new_{name}", type_=events.c[name].type) for name in COLUMNS},
).values(
    sequence=sa.select(sa.func.coalesce(sa.func.max(events.c.sequence), 0) + 1)
    .where(events.c.subject == sa.bindparam("new_subject", type_=sa.Text))
    .scalar_subquery()
)  # fmt: skip
"""Built once: building it anew for each event cost more than running it."""


async def append(
    session: AsyncSession, event: Event, *, by: Author, region: str, now: datetime
) -> UUID:
    """Append `event` in the caller's transaction; returns its id.

    The caller holds the subject's row lock, which is what makes `sequence` gapless and in order.
    """
    values = row_of(event, by=by, region=region, now=now)
    await session.execute(INSERT, {f"new_{name}": value for name, value in values.items()})
    session.info["appended"] = True  # whoever commits may give a hint (docs/adr/0005)
    event_id: UUID = values["id"]
    return event_id


APPEND_MANY = sa.text(
    """
INSERT INTO events (id, subject, sequence, type, region, at, actor, role, origin, trace,
                    partner_id, data)
SELECT n.id, n.subject,
       coalesce((SELECT max(sequence) FROM events e WHERE e.subject = n.subject), 0)
           + row_number() OVER (PARTITION BY n.subject ORDER BY n.place),
       n.type, n.region, :at, :actor, :role, :origin, :trace, n.partner_id, n.data::jsonb
FROM unnest(CAST(:ids AS uuid[]), CAST(:subjects AS text[]), CAST(:types AS text[]),
            CAST(:regions AS text[]), CAST(:partners AS uuid[]), CAST(:data AS text[]))
     WITH ORDINALITY AS n (id, subject, type, region, partner_id, data, place)
"""
)


async def append_many(
    session: AsyncSession, found: Sequence[tuple[Event, str]], *, by: Author, now: datetime
) -> None:
    """Append events, each with its region, by one statement; those of one subject in this order.

    The caller holds the row locks of all their subjects.
    """
    if not found:
        return
    columns = {
        "ids": [uuid_utils.compat.uuid7() for _ in found],
        "subjects": [event.subject for event, _ in found],
        "types": [type_of(event) for event, _ in found],
        "regions": [region for _, region in found],
        "partners": [event.concerns for event, _ in found],
        "data": [msgspec.json.encode(data_of(event)).decode() for event, _ in found],
    }
    who = {"actor": by.actor, "role": by.role, "origin": by.origin, "trace": trace.get()}
    await session.execute(APPEND_MANY, {**columns, **who, "at": now})
    session.info["appended"] = True


def row_of(event: Event, *, by: Author, region: str, now: datetime) -> dict[str, Any]:
    """The log row of an event, all but its sequence."""
    return {
        "id": uuid_utils.compat.uuid7(),
        "subject": event.subject,
        "type": type_of(event),
        "region": region,
        "at": now,
        "actor": by.actor,
        "role": by.role,
        "origin": by.origin,
        "trace": trace.get(),
        "partner_id": event.concerns,
        "data": data_of(event),
    }


def append_arguments(event: Event, *, by: Author, region: str, now: datetime) -> list[Any]:
    """The arguments of `APPEND`, in order."""
    row = row_of(event, by=by, region=region, now=now)
    return [row[name] for name in COLUMNS]


async def of_subject(session: AsyncSession, subject: str) -> Sequence[sa.Row[Any]]:
    """The whole story of one subject, oldest first."""
    query = sa.select(events).where(events.c.subject == subject).order_by(events.c.sequence)
    return (await session.execute(query)).all()
