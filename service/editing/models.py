"""A draft of an offering's next version; the database itself keeps drafter and publisher apart."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.problems import WrongState

OPEN, PUBLISHED, DROPPED = "open", "published", "dropped"


class ByTwo:
    """What one person of 专家中心 drafts and another publishes or drops."""

    why: Mapped[str]
    state: Mapped[str]
    drafted_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    drafted_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]

    def acts(self, by: UUID | None) -> list[str]:
        """The acts open to this person."""
        if self.state != OPEN:
            return []
        return ["change", "drop"] if by == self.drafted_by else ["drop", "publish"]

    def check(self, act: str, by: UUID | None) -> None:
        """Raises WrongState where the act is not open to them."""
        if act not in self.acts(by):
            raise WrongState(self.state, self.acts(by))

    def decide(self, state: str, by: UUID, now: datetime) -> None:
        """It is published or dropped."""
        self.state, self.decided_by, self.decided_at = state, by, now


SECOND_PERSON = "state <> 'published' OR (decided_by IS NOT NULL AND decided_by <> drafted_by)"


class OfferingDraft(ByTwo, Base):
    """One draft. `content` is JSON, whose order is that in which people fill a form in.

    A wholly new offering has `base_version` 0 and an `opening`: what no later version changes.
    """

    __tablename__ = "offering_drafts"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("offerings.code"))
    base_version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    opening: Mapped[dict[str, Any] | None]
    valid_from: Mapped[date]
    version_id: Mapped[UUID | None] = mapped_column(ForeignKey("offering_versions.id"))
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        CheckConstraint(SECOND_PERSON, name="second_person"),
        Index(
            "uq_offering_drafts_open", "code", unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_offering_drafts_version", "version_id"),
    )  # fmt: skip


class RulesDraft(ByTwo, Base):
    """A draft of who may get an offering where: the rows of the officials' table for it, whole.

    `base` is the hash of the rules that it was drafted over.
    """

    __tablename__ = "routing_drafts"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    offering: Mapped[str] = mapped_column(ForeignKey("offerings.code"))
    rows: Mapped[list[Any]]
    base: Mapped[str]
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        CheckConstraint(SECOND_PERSON, name="second_person"),
        Index(
            "uq_routing_drafts_open", "offering", unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )  # fmt: skip
