"""Who looked at whose data: reading is kept on record too, never shown to those who read.

A door that shows somebody's data says so: `opt={"shows": "request"}`. What it showed is the id in
its path, or everybody in its list. Written in the call's own transaction, so that nothing is shown
unrecorded. One's own data is no matter of record.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from service import ids
from service.db import Base

OWN = ("talent",)
"""The roles in which people see what is theirs."""


class Look(Base):
    """One look at one thing; append-only for the service too (migrations/env.py)."""

    __tablename__ = "looks"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    role: Mapped[str]
    kind: Mapped[str]
    thing_id: Mapped[UUID | None]
    trace: Mapped[str]

    __table_args__ = (Index("ix_looks_thing", "thing_id", "at"),)


def id_in(parameters: Mapping[str, Any]) -> UUID | None:
    """The thing that a path names."""
    return next((each for each in parameters.values() if isinstance(each, UUID)), None)


def keep(
    session: AsyncSession, caller: Any, kind: str, thing_id: UUID | None, trace: str, now: datetime
) -> Look | None:
    """Keep that the caller was shown it; None where it was their own."""
    if caller is None or (caller.grants and all(each.role in OWN for each in caller.grants)):
        return None
    author = caller.author(*(each.role for each in caller.grants if each.role not in OWN))
    look = Look(
        id=ids.new_id(),
        at=now,
        actor=author.actor,
        role=author.role,
        kind=kind,
        thing_id=thing_id,
        trace=trace,
    )
    session.add(look)
    return look
