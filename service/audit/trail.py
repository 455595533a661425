"""The trail as the auditor reads it: of one thing, or of one day; who was shown whose data."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events.log import events
from service.audit.days import begin_of
from service.auth.models import Account
from service.looks import Look
from service.talents.reading import FileRead


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One event: who (`accounts/<id>`, `clients/<id>`), in which role, from where, what, when."""

    id: UUID
    at: datetime
    type: str
    subject: str
    sequence: int
    region: str
    actor: str
    role: str
    origin: str
    trace: str
    partner_id: UUID | None
    data: dict[str, Any]


class LookView(msgspec.Struct, frozen=True, kw_only=True):
    """One look at somebody's data: `kind` says what was shown (`request`, `application`, `file`
    …), `thing_id` which; empty for a list. `actor` as in the log."""

    id: UUID
    at: datetime
    actor: str
    role: str
    kind: str
    thing_id: UUID | None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the auditor asks for: a day's events, or all of one thing."""

    day: date
    subject: str | None = None
    actor: str | None = None
    type: str | None = None


async def happened(
    session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int
) -> list[EventView]:
    """Events in the order of their ids; one more than `limit`, to see if more follow."""
    query = sa.select(*(events.c[name] for name in EventView.__struct_fields__))
    if wanted.subject:
        query = query.where(events.c.subject == wanted.subject)
    else:
        begins = begin_of(wanted.day)
        query = query.where(events.c.at >= begins, events.c.at < begins + timedelta(days=1))
    if wanted.actor:
        query = query.where(events.c.actor == wanted.actor)
    if wanted.type:
        query = query.where(events.c.type == wanted.type)
    if after:
        query = query.where(events.c.id > after)
    rows = (await session.execute(query.order_by(events.c.id).limit(limit + 1))).all()
    return [EventView(**row._mapping) for row in rows]


OF_FILES = sa.select(
    FileRead.id, FileRead.read_at.label("at"),
    sa.func.concat("accounts/", FileRead.account_id).label("actor"), FileRead.role,
    sa.literal("file").label("kind"), FileRead.file_id.label("thing_id"),
)  # fmt: skip
OF_THINGS = sa.select(Look.id, Look.at, Look.actor, Look.role, Look.kind, Look.thing_id)


async def looks(
    session: AsyncSession,
    day: date,
    after: UUID | None,
    limit: int,
    *,
    actor: str | None = None,
    thing: UUID | None = None,
) -> list[LookView]:
    """Who was shown what on a day, or who was ever shown one thing; one more than `limit`."""
    both = sa.union_all(OF_FILES, OF_THINGS).subquery()
    begins = begin_of(day)
    query = sa.select(both)
    if thing:
        query = query.where(both.c.thing_id == thing)
    else:
        query = query.where(both.c.at >= begins, both.c.at < begins + timedelta(days=1))
    if actor:
        query = query.where(both.c.actor == actor)
    if after:
        query = query.where(both.c.id > after)
    rows = (await session.execute(query.order_by(both.c.id).limit(limit + 1))).all()
    return [LookView(**row._mapping) for row in rows]


async def logins_of(session: AsyncSession, actors: Sequence[str]) -> dict[str, str]:
    """The sign-in names behind `accounts/<id>`: an auditor must know who it was."""
    ids = {UUID(each.removeprefix("accounts/")) for each in actors if each.startswith("accounts/")}
    query = sa.select(Account.id, Account.login).where(Account.id.in_(ids))
    return {f"accounts/{each}": login for each, login in (await session.execute(query)).all()}
