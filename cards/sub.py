"""A card's name for one day: the same all day, linked to no other day (card-token.md 3.9)."""

import hmac
from uuid import UUID

from cards.keys import b64


def daily(day_key: bytes, card_id: UUID) -> str:
    """The subject of a card on the day whose random key this is: 12 base64url characters."""
    return b64(hmac.digest(day_key, card_id.bytes, "sha256")[:9])


def printed(random: bytes) -> str:
    """The subject of one printing, from 9 random bytes."""
    return b64(random[:9])
