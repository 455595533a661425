"""Rows of the one-to-one service."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class Absence(Base):
    """A 服务专员 is away from `begins_on` to `ends_on`; the deputy stands in meanwhile.

    Timers set `began_at` and `ended_at`, so whoever asks who stands in need not know the time.
    """

    __tablename__ = "absences"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    deputy_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    noted_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    noted_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_absences_open", "deputy_id", postgresql_where="ended_at IS NULL"),)
