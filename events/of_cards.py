"""What happens to a card, and what is given on showing it (events.md 2.2)."""

from datetime import date
from uuid import UUID

from events.base import Event


class OfCard(Event, frozen=True, kw_only=True):
    """Happened to a card."""

    card_id: UUID

    @property
    def subject(self) -> str:
        """The card."""
        return f"cards/{self.card_id}"


class CardIssued(OfCard, frozen=True, kw_only=True, tag="hck.card.issued.v1"):
    """A card came into being by the last pass of its application, or by an import."""

    application_id: UUID | None
    category: int
    tier: str
    valid_until: date


class CardSuspended(OfCard, frozen=True, kw_only=True, tag="hck.card.suspended.v1"):
    """Not usable for now."""


class CardReinstated(OfCard, frozen=True, kw_only=True, tag="hck.card.reinstated.v1"):
    """Usable again."""


class CardReplaced(OfCard, frozen=True, kw_only=True, tag="hck.card.replaced.v1"):
    """Dead; another card with a new number stands in its place."""

    replaced_by: UUID


class CardRenewed(OfCard, frozen=True, kw_only=True, tag="hck.card.renewed.v1"):
    """Valid for longer."""

    valid_until: date


class CardRevoked(OfCard, frozen=True, kw_only=True, tag="hck.card.revoked.v1"):
    """Ended for good by people; `because` is the kind of matter that it follows from, if any."""

    because: str | None = None


class CardPrinted(OfCard, frozen=True, kw_only=True, tag="hck.card.printed.v1"):
    """A printing was made; the code of the one before is withdrawn."""


class CardExpired(OfCard, frozen=True, kw_only=True, tag="hck.card.expired.v1"):
    """Ended by its last day."""


class BenefitRedeemed(Event, frozen=True, kw_only=True, tag="hck.benefit.redeemed.v1"):
    """A counter gave a benefit for a live token; `offline` where its journal told of it later."""

    redemption_id: UUID
    card_id: UUID
    offering: str
    partner_id: UUID
    service_point_id: UUID
    companions: int
    offline: bool = False

    @property
    def subject(self) -> str:
        """The redemption."""
        return f"redemptions/{self.redemption_id}"

    @property
    def concerns(self) -> UUID | None:
        """The partner whose counter it was."""
        return self.partner_id


class OfJournal(Event, frozen=True, kw_only=True):
    """Happened to a line of an offline counter's journal."""

    entry_id: UUID
    offering: str

    @property
    def subject(self) -> str:
        """The line."""
        return f"journals/{self.entry_id}"


class BenefitConflicted(OfJournal, frozen=True, kw_only=True, tag="hck.benefit.conflicted.v1"):
    """A benefit was given offline though its token had been used, or nothing was left.

    `reason` is `token-replayed` or `quota-exhausted` (card-token.md 13.4).
    """

    card_id: UUID
    partner_id: UUID
    service_point_id: UUID
    reason: str
    redemption_id: UUID | None = None

    @property
    def concerns(self) -> UUID | None:
        """The partner whose counter it was."""
        return self.partner_id


class ConflictSettled(OfJournal, frozen=True, kw_only=True, tag="hck.benefit.settled.v1"):
    """专家中心 has looked into a conflict."""
