"""What happens to a partner's webhook."""

from datetime import datetime
from uuid import UUID

from events.base import Event


class OfWebhook(Event, frozen=True, kw_only=True):
    """Happened to a webhook. It does not go to the partner's feed: the partner did it itself."""

    webhook_id: UUID
    partner_id: UUID

    @property
    def subject(self) -> str:
        """The webhook."""
        return f"webhooks/{self.webhook_id}"


class WebhookMade(OfWebhook, frozen=True, kw_only=True, tag="hck.webhook.made.v1"):
    """A partner gave an address for its events."""


class WebhookChanged(OfWebhook, frozen=True, kw_only=True, tag="hck.webhook.changed.v1"):
    """Another address or other types, or it runs again."""


class WebhookRotated(OfWebhook, frozen=True, kw_only=True, tag="hck.webhook.rotated.v1"):
    """A new secret signs; the one before for 24 hours more."""


class WebhookDisabled(OfWebhook, frozen=True, kw_only=True, tag="hck.webhook.disabled.v1"):
    """Nothing but failure for 120 hours: no more tries until the partner turns it on again."""

    failing_since: datetime


class WebhookEnded(OfWebhook, frozen=True, kw_only=True, tag="hck.webhook.ended.v1"):
    """Over: `deleted` by the partner, or `gone` where the receiver answered 410."""

    reason: str
