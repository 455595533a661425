"""What happens around a person: family, consents, a city's own card. Ids and codes only."""

from uuid import UUID

from events.base import Event


class OfMember(Event, frozen=True, kw_only=True):
    """Happened to one member of somebody's family."""

    member_id: UUID
    relation: str

    @property
    def subject(self) -> str:
        """The member."""
        return f"family/{self.member_id}"


class FamilyAdded(OfMember, frozen=True, kw_only=True, tag="hck.family.added.v1"):
    """A holder named somebody of their family."""


class FamilyRemoved(OfMember, frozen=True, kw_only=True, tag="hck.family.removed.v1"):
    """Somebody is no longer named."""


class OfConsent(Event, frozen=True, kw_only=True):
    """Happened to one consent."""

    consent_id: UUID
    purpose: str

    @property
    def subject(self) -> str:
        """The consent."""
        return f"consents/{self.consent_id}"


class ConsentGiven(OfConsent, frozen=True, kw_only=True, tag="hck.consent.given.v1"):
    """Agreed to one purpose, in the words of one version."""

    version: str


class ConsentWithdrawn(OfConsent, frozen=True, kw_only=True, tag="hck.consent.withdrawn.v1"):
    """No longer agreed to."""


class OfMunicipalCard(Event, frozen=True, kw_only=True):
    """Happened to what a holder declares of a city's card."""

    municipal_card_id: UUID
    city: str

    @property
    def subject(self) -> str:
        """The declared card."""
        return f"municipal-cards/{self.municipal_card_id}"


class MunicipalCardDeclared(
    OfMunicipalCard, frozen=True, kw_only=True, tag="hck.municipal_card.declared.v1"
):
    """A holder says that they have that city's card."""


class MunicipalCardEnded(
    OfMunicipalCard, frozen=True, kw_only=True, tag="hck.municipal_card.ended.v1"
):
    """They have it no longer."""
