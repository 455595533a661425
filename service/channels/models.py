"""Rows of the channels: whose address, what somebody wants where, and what goes out."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.sealing import SealedText

GATHERING: Final = "gathering"
WAITING: Final = "waiting"
SENT: Final = "sent"
FAILED: Final = "failed"
DROPPED: Final = "dropped"


class Address(Base):
    """Where one account is reached by one channel. `wanted` is what waits for its code.

    Nothing but the code goes to an address that is not confirmed. `bounced_at`: it is no good any
    more, until somebody confirms it anew.
    """

    __tablename__ = "addresses"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str | None] = mapped_column(SealedText("addresses.address"))
    confirmed_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    wanted: Mapped[str | None] = mapped_column(SealedText("addresses.wanted"))
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_until: Mapped[datetime | None]

    @property
    def usable(self) -> str | None:
        """The address that notices go to, or None."""
        return self.address if self.confirmed_at and not self.bounced_at else None


class Preference(Base):
    """What somebody chose for a topic and channel; without a row the topic's own default holds."""

    __tablename__ = "preferences"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    wanted: Mapped[bool]


class Sending(Base):
    """One outward message. While it gathers, more lines may join; `next_at`: when it is due.

    Open while `next_at` is set. `region` and `role` say whose quiet hours it keeps. Its text is
    made of its lines when it is sent; only a code has its words in `secret`, until it is gone.
    """

    __tablename__ = "sendings"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    channel: Mapped[str]
    state: Mapped[str]
    region: Mapped[str]
    role: Mapped[str]
    secret: Mapped[str | None] = mapped_column(SealedText("sendings.secret"))
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str | None]
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_sendings_gathering",
            "account_id",
            "channel",
            unique=True,
            postgresql_where="state = 'gathering'",
        ),
        Index("ix_sendings_due", "channel", "next_at", postgresql_where="next_at IS NOT NULL"),
        Index("ix_sendings_failed", "id", postgresql_where="state = 'failed'"),
        CheckConstraint(
            "state IN ('gathering', 'waiting', 'sent', 'failed', 'dropped')", name="state_known"
        ),
        CheckConstraint(
            "(next_at IS NULL) = (state IN ('sent', 'failed', 'dropped'))", name="open_is_due"
        ),
    )


class SendingLine(Base):
    """One fact told to one account by one channel, at most once: its `key` names the fact."""

    __tablename__ = "sending_lines"
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    sending_id: Mapped[UUID] = mapped_column(ForeignKey("sendings.id"), index=True)
    kind: Mapped[str]
    text: Mapped[str]
    written_at: Mapped[datetime]
