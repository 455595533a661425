"""What happens to offerings: a new version drafted, taken back, published (api.md 4.2)."""

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
