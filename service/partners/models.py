"""Rows of 办理单位."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class Partner(Base):
    """办理单位: who fulfils. `kind` is what it is (住建, 教育, 银行, 医院, 网点 …).

    `silent_since`: it let its last offers lapse without an answer (service/requests/health.py).
    """

    __tablename__ = "partners"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    region: Mapped[str]
    last_seen_at: Mapped[datetime | None]
    silent_since: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ServicePoint(Base):
    """服务网点: where a card is shown."""

    __tablename__ = "service_points"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"), index=True)
    name: Mapped[str]
    region: Mapped[str]


class Route(Base):
    """Who may get which offering where: data that officials change (api.md 5.6).

    Among routes that match, the nearest region wins, then the lower `rank`, then the one with the
    smaller part of its `share` used today. `daily_capacity` and `batch_capacity` (of a calendar
    month, as housing's batches are) pass a partner over; who is closed now comes after who is open.
    """

    __tablename__ = "routes"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    offering: Mapped[str] = mapped_column(ForeignKey("offerings.code"))
    region: Mapped[str]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"), index=True)
    rank: Mapped[int]
    share: Mapped[int]
    daily_capacity: Mapped[int | None]
    batch_capacity: Mapped[int | None]
    opens_at: Mapped[time | None]
    closes_at: Mapped[time | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    __table_args__ = (Index("ix_routes_offering", "offering", "region"),)
