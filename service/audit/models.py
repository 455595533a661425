"""Sealed days. The service's own role can add rows here, never change or delete them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base


class AuditDay(Base):
    """One day of the whole log: its hash, which contains the hash of the day before."""

    __tablename__ = "audit_days"
    day: Mapped[date] = mapped_column(primary_key=True)
    previous: Mapped[str]
    hash: Mapped[str]
    # Events of transactions below this number were in; a later one belongs to the next day's seal.
    up_to: Mapped[int] = mapped_column(BigInteger)
    signature: Mapped[str]
    sealed_at: Mapped[datetime]


class AuditRegion(Base):
    """One region's part of a sealed day; `marks` are its events' ids and digests (chain.py)."""

    __tablename__ = "audit_regions"
    day: Mapped[date] = mapped_column(ForeignKey("audit_days.day"), primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    late: Mapped[int]
    chain: Mapped[str]
    marks: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
