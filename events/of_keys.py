"""What happens to the keys that sign cards (card-token.md 5)."""

from datetime import datetime

from events.base import Event


class OfCardKey(Event, frozen=True, kw_only=True):
    """Happened to a card key; `kid` is its public name."""

    kid: str

    @property
    def subject(self) -> str:
        """The key."""
        return f"card-keys/{self.kid}"


class CardKeyMade(OfCardKey, frozen=True, kw_only=True, tag="hck.card_key.made.v1"):
    """A key was made and published; it signs from `not_before`."""

    not_before: datetime


class CardKeySwitched(OfCardKey, frozen=True, kw_only=True, tag="hck.card_key.switched.v1"):
    """It alone signs from now on: those that signed beside it are retired."""


class CardKeyRetired(OfCardKey, frozen=True, kw_only=True, tag="hck.card_key.retired.v1"):
    """It signs no more; it stays published until its last token has expired."""

    expires_at: datetime


class CardKeyRevoked(OfCardKey, frozen=True, kw_only=True, tag="hck.card_key.revoked.v1"):
    """Taken out at once: nothing that it signed is believed any more.

    `reason` is a code: `leaked`, `lost`, `broken`; `prints` counts the printings that fell with it.
    """

    reason: str
    prints: int
