"""Rows of escalation: who was told of which rung, and whether they have taken note."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class Escalation(Base):
    """One recipient told of one fired rung. `next_at`: when they are told again, unless it ended.

    It ends when it is acknowledged, when a later rung tells the same account, when its clock
    stops, or after `left` repetitions. `sequence`: the rung's event in the request's story.
    """

    __tablename__ = "escalations"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), index=True)
    clock_id: Mapped[UUID]
    generation: Mapped[int]
    rung: Mapped[str]
    leg: Mapped[str]
    audience: Mapped[str]
    region: Mapped[str]
    sequence: Mapped[int]
    text: Mapped[str]
    told: Mapped[int]
    left: Mapped[int]
    repeat_hours: Mapped[int]
    told_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint(
            "clock_id", "generation", "rung", "account_id", name="uq_escalations_rung"
        ),
        Index("ix_escalations_account", "account_id", "id"),
        Index("ix_escalations_next", "next_at", postgresql_where="next_at IS NOT NULL"),
    )
