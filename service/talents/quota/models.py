"""Rows of the enterprise quota; `quota_years` is there to be locked while a city's are counted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class QuotaYear(Base):
    """One city's list of one year (Asia/Shanghai)."""

    __tablename__ = "quota_years"
    city: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)


class QuotaEnterprise(Base):
    """An enterprise that a city named for a year; once a year, by the city that it lies in."""

    __tablename__ = "quota_enterprises"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    city: Mapped[str]
    year: Mapped[int]
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    named_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    named_at: Mapped[datetime]
    dropped_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_quota_enterprises_live",
            "year",
            "unit_id",
            unique=True,
            postgresql_where=text("dropped_at IS NULL"),
        ),
        Index("ix_quota_enterprises_city", "year", "city"),
    )


class QuotaPlace(Base):
    """A place of an enterprise, held by an application; freed where it ended without a card."""

    __tablename__ = "quota_places"
    application_id: Mapped[UUID] = mapped_column(
        ForeignKey("card_applications.id"), primary_key=True
    )
    enterprise_id: Mapped[UUID] = mapped_column(ForeignKey("quota_enterprises.id"), index=True)
    taken_at: Mapped[datetime]
    freed_at: Mapped[datetime | None]
