"""What happens to offerings: versions drafted, dropped, published; stopping (api.md 4.2)."""

from datetime import date
from uuid import UUID

from events.base import Event


class OfDraft(Event, frozen=True, kw_only=True):
    """Happened to a draft of an offering's next version."""

    draft_id: UUID
    code: str

    @property
    def subject(self) -> str:
        """The draft."""
        return f"offering-drafts/{self.draft_id}"


class OfferingDrafted(OfDraft, frozen=True, kw_only=True, tag="hck.offering.drafted.v1"):
    """Somebody began or changed it."""


class OfferingDraftDropped(OfDraft, frozen=True, kw_only=True, tag="hck.offering.dropped.v1"):
    """It will not be published."""


class OfferingPublished(OfDraft, frozen=True, kw_only=True, tag="hck.offering.published.v1"):
    """A second person published it; new requests go by it from that day on."""

    version: int
    valid_from: date


class OfOffering(Event, frozen=True, kw_only=True):
    """Happened to an offering; told to each partner that takes it, in its own feed."""

    code: str
    partner_id: UUID | None = None

    @property
    def subject(self) -> str:
        """The offering."""
        return f"offerings/{self.code}"

    @property
    def concerns(self) -> UUID | None:
        """A partner that takes it."""
        return self.partner_id


class OfferingStopped(OfOffering, frozen=True, kw_only=True, tag="hck.offering.stopped.v1"):
    """From `stopped_on` on nobody can ask for it; open requests go on. `instead` is another one."""

    stopped_on: date
    instead: str | None = None


class OfferingResumed(OfOffering, frozen=True, kw_only=True, tag="hck.offering.resumed.v1"):
    """It is not stopped any more, or will not be."""
