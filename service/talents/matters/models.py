"""卡务: the row and its rules; which reminders a card's holder has had."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from events.of_matters import MatterDecided, MatterOpened, MatterStated, MatterWithdrawn
from service.db import Base
from service.sealing import SealedText
from service.talents.matters.kinds import KINDS, Kind

OPEN, AGREED, DECLINED, WITHDRAWN = "open", "agreed", "declined", "withdrawn"
THERE = text("state = 'open'")


class Matter(Base):
    """One matter of one card. While it is open the card stays as it is.

    `place` is the window that decides; those above it may too. Reason, opinion and statement are
    sealed: people write names into them. `details` holds ids, codes and dates.
    """

    __tablename__ = "card_matters"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str]
    place: Mapped[str]
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    opened_as: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(SealedText("card_matters.reason"))
    opinion: Mapped[str | None] = mapped_column(SealedText("card_matters.opinion"))
    statement: Mapped[str | None] = mapped_column(SealedText("card_matters.statement"))
    details: Mapped[dict[str, Any]]
    calendar_version: Mapped[int] = mapped_column(default=1, server_default="1")
    generation: Mapped[int] = mapped_column(default=1, server_default="1")
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        Index("uq_card_matters_one_open", "card_id", "kind", unique=True, postgresql_where=THERE),
        Index("ix_card_matters_due_at", "due_at", "id", postgresql_where=THERE),
        Index("ix_card_matters_place", "place", "state", "id"),
    )

    @property
    def rules(self) -> Kind:
        """What holds for its kind."""
        return KINDS[self.kind]

    def acts(self, *, decides: bool, opener: bool, holder: bool) -> list[str]:
        """The acts open to somebody now; whoever brought it up does not decide it as well."""
        if self.state != OPEN:
            return []
        found = []
        if decides and not opener:
            found.append("decisions")
        if holder and self.rules.statement:
            found.append("statement")
        if opener:
            found.append("withdraw")
        return found

    def opened(self) -> MatterOpened:
        """What a new one tells."""
        return MatterOpened(
            card_id=self.card_id, matter_id=self.id, kind=self.kind, place=self.place,
            due_at=self.due_at,
        )  # fmt: skip

    def decide(self, decision: str, opinion: str, by: UUID, now: datetime) -> MatterDecided:
        """Agreed or declined, once."""
        self.state = AGREED if decision == "agree" else DECLINED
        self.opinion, self.decided_by, self.decided_at = opinion or None, by, now
        return MatterDecided(
            card_id=self.card_id, matter_id=self.id, kind=self.kind, place=self.place,
            decision=decision,
        )  # fmt: skip

    def state_case(self, statement: str) -> MatterStated:
        """The holder's own words on it; the last ones stand."""
        self.statement = statement
        return MatterStated(
            card_id=self.card_id, matter_id=self.id, kind=self.kind, place=self.place
        )

    def withdraw(self, now: datetime, cause: str = "opener") -> MatterWithdrawn:
        """Taken back by who brought it up, or without object because the card has ended."""
        self.state, self.decided_at = WITHDRAWN, now
        return MatterWithdrawn(
            card_id=self.card_id, matter_id=self.id, kind=self.kind, place=self.place, cause=cause
        )


class CardReminder(Base):
    """That the holder was told, so many days before this last day of this card."""

    __tablename__ = "card_reminders"
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    valid_until: Mapped[date] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True)
    reminded_at: Mapped[datetime]
