"""What happens around a card in the course of its life: matters, reminders, another unit."""

from datetime import date, datetime
from uuid import UUID

from events.of_cards import OfCard


class OfMatter(OfCard, frozen=True, kw_only=True):
    """Happened to a matter of a card; `place` is the window that decides it."""

    matter_id: UUID
    kind: str
    place: str


class MatterOpened(OfMatter, frozen=True, kw_only=True, tag="hck.card.matter_opened.v1"):
    """Something was asked for or reported; the card stays as it is until it is decided."""

    due_at: datetime | None = None


class MatterDecided(OfMatter, frozen=True, kw_only=True, tag="hck.card.matter_decided.v1"):
    """A window agreed or declined; `decision` is `agree` or `decline`."""

    decision: str


class MatterStated(OfMatter, frozen=True, kw_only=True, tag="hck.card.matter_stated.v1"):
    """The holder stated their own case."""


class MatterWithdrawn(OfMatter, frozen=True, kw_only=True, tag="hck.card.matter_withdrawn.v1"):
    """No longer asked for: taken back (`opener`), or the card has ended (`card-ended`)."""

    cause: str


class CardReminded(OfCard, frozen=True, kw_only=True, tag="hck.card.reminded.v1"):
    """The last day is near; `days` are those left."""

    days: int
    valid_until: date


class CardRelinked(OfCard, frozen=True, kw_only=True, tag="hck.card.relinked.v1"):
    """The card goes by another unit now, and by that unit's place."""

    unit_id: UUID
    place: str
