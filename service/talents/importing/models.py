"""A table that somebody wants to import: its lines sealed, its report in the open."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from events.of_imports import ImportApplied
from service.db import Base
from service.problems import WrongState
from service.sealing import SealedJson

CHECKED, APPLIED = "checked", "applied"


class CardImport(Base):
    """One table. Its lines are kept sealed until a week after; its faults name no person.

    `notes` are reasons to look that keep nobody out: somebody alike is there already."""

    __tablename__ = "card_imports"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    state: Mapped[str]
    lines: Mapped[int]
    bad: Mapped[int]
    rows: Mapped[list[Any] | None] = mapped_column(SealedJson("card_imports.rows"))
    faults: Mapped[list[Any]]
    notes: Mapped[list[Any]] = mapped_column(server_default="[]", default=list)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    applied_at: Mapped[datetime | None]
    applied_by: Mapped[UUID | None]
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        Index(
            "uq_card_imports_applied", "sha256", unique=True,
            postgresql_where=text("state = 'applied'"),
        ),
    )  # fmt: skip

    @property
    def allowed(self) -> list[str]:
        """What may be done with it now: one with a bad line is corrected and sent again."""
        return ["apply"] if self.state == CHECKED and self.bad == 0 else []

    def apply(self, by: UUID | None, now: datetime) -> ImportApplied:
        """All its lines have become cards; raises WrongState."""
        if not self.allowed:
            raise WrongState(self.state, self.allowed)
        self.state, self.applied_at, self.applied_by = APPLIED, now, by
        return ImportApplied(import_id=self.id, cards=self.lines)
