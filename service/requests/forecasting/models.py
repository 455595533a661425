"""How far each clock had got when it ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class Pace(Base):
    """One clock of a partner that has ended or breached: in which twentieth of its budget.

    `step` is 0 to 19, or 20 for a breach. It never changes: a breach is a fact (time.md E3).
    """

    __tablename__ = "paces"
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clocks.id"), primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    offering: Mapped[str]
    leg: Mapped[str]
    step: Mapped[int]
    known_at: Mapped[datetime]

    __table_args__ = (Index("ix_paces_known", "known_at"),)
