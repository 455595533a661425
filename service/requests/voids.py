"""Breaches that should not count: the row, and what 专家中心 is shown of them (time.md E3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from service.auth.callers import Caller
from service.auth.models import Account
from service.db import Base
from service.problems import WrongState
from service.requests import queries
from service.requests.models import Clock, Request
from service.sealing import SealedText
from service.worktime.hours import SHANGHAI

OPEN, VOID, UPHELD = "open", "void", "upheld"
REASONS: Mapping[str, str] = {
    "calendar": "工作日历事后调整",
    "force-majeure": "不可抗力",
    "system-fault": "系统故障",
    "holder-caused": "申请人原因",
    "wrong-record": "记录有误",
}
"""Why a breach may be voided."""


class BreachVoid(Base):
    """That a breach should not count: asked by one of 专家中心, decided by another (time.md E3)."""

    __tablename__ = "breach_voids"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clocks.id"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), index=True)
    state: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(SealedText("breach_voids.note"))
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(
            "state <> 'void' OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name="second_person",
        ),
        Index(
            "uq_breach_voids_one", "clock_id", unique=True,
            postgresql_where="state IN ('open', 'void')",
        ),
        Index("ix_breach_voids_open", "id", postgresql_where="state = 'open'"),
    )  # fmt: skip

    def acts(self, by: UUID | None) -> list[str]:
        """The acts open to this person: whoever asked does not decide."""
        return ["void", "uphold"] if self.state == OPEN and by != self.asked_by else []

    def check(self, by: UUID | None) -> None:
        """Raises WrongState where they may not decide."""
        if not self.acts(by):
            raise WrongState(self.state, self.acts(by))


class VoidView(msgspec.Struct, frozen=True, kw_only=True):
    """One request to void a breach, and what became of it."""

    id: UUID
    request_id: UUID
    number: str
    offering: str
    leg: str
    due_at: datetime | None
    breached_at: datetime | None
    state: str
    reason: str
    note: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    allowed: list[str]


class BreachView(msgspec.Struct, frozen=True, kw_only=True):
    """A breach on record that nobody has asked to void."""

    clock_id: UUID
    request_id: UUID
    number: str
    offering: str
    region: str
    leg: str
    breached_at: datetime


ASKER, DECIDER = aliased(Account), aliased(Account)


async def listed(
    session: AsyncSession, caller: Caller, state: str | None, after: UUID | None, limit: int
) -> list[VoidView]:
    """Those within the caller's regions, oldest first; one more than `limit`."""
    query = (
        sa.select(
            BreachVoid, Request.number, Request.offering, Clock.leg, Clock.due_at,
            Clock.breached_at, ASKER.name, DECIDER.name,
        )
        .join(Request, Request.id == BreachVoid.request_id)
        .join(Clock, Clock.id == BreachVoid.clock_id)
        .join(ASKER, ASKER.id == BreachVoid.asked_by)
        .outerjoin(DECIDER, DECIDER.id == BreachVoid.decided_by)
        .where(await queries.seen_by(session, caller))
        .order_by(BreachVoid.id)
        .limit(limit + 1)
    )  # fmt: skip
    if state:
        query = query.where(BreachVoid.state == state)
    if after:
        query = query.where(BreachVoid.id > after)
    return [_view(row, caller) for row in await session.execute(query)]


def _view(row: Any, caller: Caller) -> VoidView:
    void, number, offering, leg, due_at, breached_at, asker, decider = row
    return VoidView(
        id=void.id,
        request_id=void.request_id,
        number=number,
        offering=offering,
        leg=leg,
        due_at=_local(due_at),
        breached_at=_local(breached_at),
        state=void.state,
        reason=void.reason,
        note=void.note,
        asked_by=asker,
        asked_at=void.asked_at.astimezone(SHANGHAI),
        decided_by=decider,
        decided_at=_local(void.decided_at),
        allowed=void.acts(caller.account_id),
    )


def _local(at: datetime | None) -> datetime | None:
    return at.astimezone(SHANGHAI) if at else None


async def breaches(session: AsyncSession, caller: Caller, limit: int) -> Sequence[BreachView]:
    """The latest breaches within the caller's regions that nobody has asked to void."""
    asked = sa.exists().where(BreachVoid.clock_id == Clock.id, BreachVoid.state.in_((OPEN, VOID)))
    query = (
        sa.select(
            Clock.id, Clock.request_id, Request.number, Request.offering, Request.region,
            Clock.leg, Clock.breached_at,
        )
        .join(Request, Request.id == Clock.request_id)
        .where(
            Clock.breached_at.is_not(None), Clock.leg != "correction", ~asked,
            await queries.seen_by(session, caller),
        )
        .order_by(Clock.breached_at.desc())
        .limit(limit)
    )  # fmt: skip
    rows = await session.execute(query)
    return [
        BreachView(
            clock_id=row.id, request_id=row.request_id, number=row.number, offering=row.offering,
            region=row.region, leg=row.leg, breached_at=row.breached_at.astimezone(SHANGHAI),
        )
        for row in rows
    ]  # fmt: skip
