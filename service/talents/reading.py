"""Who opened which 材料 of somebody else: kept for the audit, never shown to those who read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from service import ids
from service.auth.callers import Caller
from service.db import Base
from service.talents.models import File


class FileRead(Base):
    """One look at one file."""

    __tablename__ = "file_reads"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    role: Mapped[str]
    read_at: Mapped[datetime]


def record(session: AsyncSession, by: Caller, file: File, now: datetime) -> None:
    """Keep that the caller opened it; one's own files and machines are not a matter of record."""
    if by.account_id is None or by.account_id == file.account_id:
        return
    role = by.grants[0].role.value if by.grants else ""
    session.add(
        FileRead(id=ids.new_id(), file_id=file.id, account_id=by.account_id, role=role, read_at=now)
    )
