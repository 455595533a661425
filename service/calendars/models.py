"""A draft of a calendar's change, and how far applying it has come; nobody applies their own."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.problems import WrongState

OPEN, APPLIED, DROPPED = "open", "applied", "dropped"
NOTICE, OVERLAY = "notice", "overlay"


class CalendarDraft(Base):
    """One change: a year by the State Council's notice, or single days of a region (C3, C4).

    `drafted_by` is empty where an operator imported it by command. `version` is the calendar's that
    applying it made.
    """

    __tablename__ = "calendar_drafts"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    content: Mapped[dict[str, Any]]
    state: Mapped[str]
    drafted_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    drafted_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int | None] = mapped_column(ForeignKey("calendar_versions.version"))
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        CheckConstraint(
            "state <> 'applied' OR (decided_by IS NOT NULL"
            " AND decided_by IS DISTINCT FROM drafted_by)",
            name="second_person",
        ),
        Index("ix_calendar_drafts_open", "id", postgresql_where=text("state = 'open'")),
        Index("uq_calendar_drafts_version", "version", unique=True),
    )

    def acts(self, by: UUID | None) -> list[str]:
        """The acts open to this person."""
        if self.state != OPEN:
            return []
        return ["drop"] if by == self.drafted_by else ["apply", "drop"]

    def check(self, act: str, by: UUID | None) -> None:
        """Raises WrongState where the act is not open to them."""
        if act not in self.acts(by):
            raise WrongState(self.state, self.acts(by))


class Recomputation(Base):
    """How far the open clocks have been reckoned by a version: mover by mover, in stretches.

    What crashes goes on from here: a stretch and `after` are kept in one transaction. `busy` counts
    what somebody else had locked, for whose sake a mover goes round again.
    """

    __tablename__ = "calendar_recomputations"
    version: Mapped[int] = mapped_column(
        ForeignKey("calendar_versions.version"), primary_key=True, autoincrement=False
    )
    was_version: Mapped[int] = mapped_column(ForeignKey("calendar_versions.version"))
    draft_id: Mapped[UUID] = mapped_column(ForeignKey("calendar_drafts.id"))
    mover: Mapped[int]
    after: Mapped[UUID | None]
    busy: Mapped[int]
    looked_at: Mapped[int]
    moved: Mapped[int]
    began_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_calendar_recomputations_open", "version",
            postgresql_where=text("finished_at IS NULL"),
        ),
    )  # fmt: skip
