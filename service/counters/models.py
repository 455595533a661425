"""What counters did: verifications for the audit, redemptions, what is used of a year's quota."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class Verification(Base):
    """One look at a token: who, where, result, and the pair (iss, cti); never the token itself."""

    __tablename__ = "verifications"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    client_id: Mapped[str]
    service_point_id: Mapped[UUID]
    offering: Mapped[str | None]
    by_number: Mapped[bool]
    result: Mapped[str]
    reason: Mapped[str | None]
    iss: Mapped[str | None]
    cti: Mapped[bytes | None] = mapped_column(LargeBinary)
    card_id: Mapped[UUID | None]
    trace: Mapped[str]


class Redemption(Base):
    """One benefit given. (iss, cti) is unique: a token is used up once (card-token.md 11.3)."""

    __tablename__ = "redemptions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    iss: Mapped[str]
    cti: Mapped[bytes] = mapped_column(LargeBinary)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    offering: Mapped[str]
    offering_version_id: Mapped[UUID] = mapped_column(ForeignKey("offering_versions.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_points.id"))
    companions: Mapped[int]
    redeemed_at: Mapped[datetime]
    offline: Mapped[bool] = mapped_column(default=False, server_default=false())
    over_quota: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        UniqueConstraint("iss", "cti"),
        Index("ix_redemptions_card", "card_id", "redeemed_at"),
        Index("ix_redemptions_partner", "partner_id", "redeemed_at"),
    )


class QuotaUse(Base):
    """How much of an offering's yearly limit a card has used; the year is Asia/Shanghai's."""

    __tablename__ = "quota_uses"
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    offering: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    used: Mapped[int]

    __table_args__ = (CheckConstraint("used >= 0", name="used_not_negative"),)
