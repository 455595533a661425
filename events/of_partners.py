"""What is noticed of a 办理单位: whether it answers what it is offered."""

from uuid import UUID

from events.base import Event


class OfPartner(Event, frozen=True, kw_only=True):
    """Happened to a partner."""

    partner_id: UUID

    @property
    def subject(self) -> str:
        """The partner."""
        return f"partners/{self.partner_id}"

    @property
    def concerns(self) -> UUID | None:
        """The partner itself."""
        return self.partner_id


class PartnerFellSilent(OfPartner, frozen=True, kw_only=True, tag="hck.partner.fell_silent.v1"):
    """It let its last `lapses` offers run out without an answer; it gets fewer from now on."""

    lapses: int


class PartnerAnswered(OfPartner, frozen=True, kw_only=True, tag="hck.partner.answered.v1"):
    """It answered an offer again; it gets what the routes give it."""
