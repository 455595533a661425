"""What counters did without a network, and what of it collided."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from events.of_cards import ConflictSettled
from service.db import Base
from service.problems import WrongState
from service.sealing import SealedText

ACCEPTED, CONFLICT, REFUSED = "accepted", "conflict", "refused"


class OfflineEntry(Base):
    """One line of a journal, kept whatever became of it (13.4); never the token's text (2.5).

    `entry_id` is the counter's own; null where the line had none that could be used. A conflict
    waits until 专家中心 has settled it.
    """

    __tablename__ = "offline_entries"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_points.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    region: Mapped[str]
    entry_id: Mapped[str | None]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    redemption_id: Mapped[UUID | None] = mapped_column(ForeignKey("redemptions.id"))
    card_id: Mapped[UUID | None]
    offering: Mapped[str | None]
    companions: Mapped[int | None]
    iss: Mapped[str | None]
    cti: Mapped[bytes | None] = mapped_column(LargeBinary)
    scanned_at: Mapped[datetime | None]
    status_list_iat: Mapped[datetime | None]
    received_at: Mapped[datetime]
    client_id: Mapped[str]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None]
    note: Mapped[str | None] = mapped_column(SealedText("offline_entries.note"))
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        UniqueConstraint("service_point_id", "entry_id"),
        Index("ix_offline_entries_conflict", "id", postgresql_where=text("outcome = 'conflict'")),
        Index("ix_offline_entries_partner", "partner_id", "id"),
        CheckConstraint("outcome IN ('accepted', 'conflict', 'refused')", name="outcome_known"),
    )

    @property
    def allowed(self) -> list[str]:
        """What 专家中心 may do with it now."""
        return ["settle"] if self.outcome == CONFLICT and self.settled_at is None else []

    def settle(self, by: UUID | None, note: str, now: datetime) -> ConflictSettled:
        """专家中心 has looked into it; raises WrongState where it is settled."""
        if not self.allowed:
            raise WrongState("settled", self.allowed)
        self.settled_at, self.settled_by, self.note = now, by, note
        return ConflictSettled(entry_id=self.id, offering=self.offering or "")
