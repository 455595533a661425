"""卡申请: the row and its rules. Which steps there are and who holds them is data (steps.py)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class Application(Base):
    """One person's application for a card, from draft to issued (api.md 3.3).

    `path` is the list of steps that this one goes through, fixed when it is submitted;
    `return_to` is the step that a returned one comes back to once mended.
    """

    __tablename__ = "card_applications"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"), index=True)
    category: Mapped[int]
    region: Mapped[str]
    contract_until: Mapped[date | None]
    management_until: Mapped[date | None]
    evidence: Mapped[list[Any]]
    step: Mapped[str]
    path: Mapped[list[str]]
    return_to: Mapped[str | None]
    mend_at: Mapped[str | None]
    specialist_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    step_since: Mapped[datetime]
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (Index("ix_card_applications_step", "step", "region", "id"),)
