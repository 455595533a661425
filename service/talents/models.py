"""Plain rows of 人才; applications and cards, which have rules, have files of their own."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.sealing import SealedText


class Person(Base):
    """人才. Name, ID number, telephone and address are sealed; look-ups go by the blind
    index. `alike_blind` is equal where name and birthday are (alike.py)."""

    __tablename__ = "people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(SealedText("people.name"))
    id_kind: Mapped[str]
    id_number: Mapped[str] = mapped_column(SealedText("people.id_number"))
    id_blind: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    phone: Mapped[str | None] = mapped_column(SealedText("people.phone"))
    phone_blind: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    address: Mapped[str | None] = mapped_column(SealedText("people.address"))
    born_on: Mapped[date | None]
    alike_blind: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    steward_id: Mapped[UUID | None] = mapped_column(index=True)
    created_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_people_unmarked", "id",
            postgresql_where=text("born_on IS NOT NULL AND alike_blind IS NULL"),
        ),
    )  # fmt: skip


class Unit(Base):
    """用人单位, known by its 统一社会信用代码; `level` decides where its review begins."""

    __tablename__ = "units"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    level: Mapped[str]
    region: Mapped[str]
    created_at: Mapped[datetime]


class File(Base):
    """A document that a person, or a partner's machine, put in; judged by content, kept sealed."""

    __tablename__ = "files"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    sha256: Mapped[str]
    media_type: Mapped[str]
    octets: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    declared_at: Mapped[datetime | None]
    notice: Mapped[str | None]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("account_id IS NOT NULL OR partner_id IS NOT NULL", name="somebodys"),
    )
