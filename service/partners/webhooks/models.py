"""Rows of webhooks: where a partner wants its events, what was sent there, and how it went."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from events.of_webhooks import (
    WebhookChanged,
    WebhookDisabled,
    WebhookEnded,
    WebhookMade,
    WebhookRotated,
)
from service.db import Base
from service.problems import WrongState
from service.sealing import SealedText

ACTIVE, DISABLED, ENDED = "active", "disabled", "ended"
BOTH_SIGN = timedelta(hours=24)
"""How long the secret before a rotation signs too (events.md 4.1)."""
ONLY_FAILURE = timedelta(hours=120)
"""After so long with nothing but failure a subscription is disabled (4.4)."""


class Webhook(Base):
    """One subscription of a partner. `types` empty: every event that concerns it.

    It has followed the log as far as (`seen_xact`, `seen_event`). `next_at` is the nearest due time
    of its open deliveries; null where there is none.
    """

    __tablename__ = "webhooks"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"), index=True)
    url: Mapped[str] = mapped_column(SealedText("webhooks.url"))
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    state: Mapped[str]
    secret: Mapped[str] = mapped_column(SealedText("webhooks.secret"))
    old_secret: Mapped[str | None] = mapped_column(SealedText("webhooks.old_secret"))
    old_secret_until: Mapped[datetime | None]
    signing_key: Mapped[str | None] = mapped_column(SealedText("webhooks.signing_key"))
    public_key: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    allowed_rate: Mapped[int | None]
    rate_minute: Mapped[datetime | None]
    rate_used: Mapped[int] = mapped_column(default=0, server_default="0")
    failing_since: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    seen_xact: Mapped[int] = mapped_column(BigInteger)
    seen_event: Mapped[UUID]
    created_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        Index("ix_webhooks_due", "next_at", postgresql_where=text("state = 'active'")),
        CheckConstraint("state IN ('active', 'disabled', 'ended')", name="state_known"),
    )

    @property
    def allowed(self) -> list[str]:
        """What may be done to it now."""
        return [] if self.state == ENDED else ["change", "delete", "redeliver", "replay", "rotate"]

    def check_open(self) -> None:
        """Raises WrongState where the subscription is over."""
        if self.state == ENDED:
            raise WrongState(self.state, self.allowed)

    def made(self) -> WebhookMade:
        """What a new one tells."""
        return WebhookMade(webhook_id=self.id, partner_id=self.partner_id)

    def change(self, url: str | None, types: list[str] | None) -> WebhookChanged:
        """Another address (which must consent anew), other types; a disabled one runs again."""
        self.check_open()
        if url is not None and url != self.url:
            self.url, self.confirmed_at, self.allowed_rate = url, None, None
        if types is not None:
            self.types = types
        self.state, self.failing_since = ACTIVE, None
        return WebhookChanged(webhook_id=self.id, partner_id=self.partner_id)

    def rotate(self, secret: str, now: datetime) -> WebhookRotated:
        """A new secret; the one before signs too for 24 hours."""
        self.check_open()
        self.old_secret, self.secret = self.secret, secret
        self.old_secret_until = now + BOTH_SIGN
        return WebhookRotated(webhook_id=self.id, partner_id=self.partner_id)

    def end(self, reason: str) -> WebhookEnded:
        """Over for good: deleted, or the receiver said 410."""
        self.check_open()
        self.state, self.next_at = ENDED, None
        return WebhookEnded(webhook_id=self.id, partner_id=self.partner_id, reason=reason)

    def failed(self, now: datetime) -> WebhookDisabled | None:
        """A try failed; after 120 hours of nothing else it is disabled, and says so."""
        self.failing_since = self.failing_since or now
        if self.state != ACTIVE or now - self.failing_since < ONLY_FAILURE:
            return None
        self.state = DISABLED
        return WebhookDisabled(
            webhook_id=self.id, partner_id=self.partner_id, failing_since=self.failing_since
        )

    def secrets_at(self, now: datetime) -> list[str]:
        """The secrets that sign now, the newest first."""
        old = self.old_secret if self.old_secret_until and now < self.old_secret_until else None
        return [self.secret, *([old] if old else [])]


class Delivery(Base):
    """One event on its way to one address. Open while `next_at` says when it is tried next.

    `event_id` names the log's row; a test has no row there and carries its `payload`.
    """

    __tablename__ = "webhook_deliveries"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id"))
    event_id: Mapped[UUID]
    event_type: Mapped[str]
    cause: Mapped[str]
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    state: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        Index(
            "ix_webhook_deliveries_due",
            "webhook_id",
            "next_at",
            "id",
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
        Index(
            "uq_webhook_deliveries_event",
            "webhook_id",
            "event_id",
            unique=True,
            postgresql_where=text("cause = 'event'"),
        ),
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state_known"),
    )


class DeliveryTry(Base):
    """One call and its answer, as the partner's engineer sees them."""

    __tablename__ = "webhook_tries"
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_deliveries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    took_ms: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None]
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
