"""What happens to a batch of places, and to a request on its waiting list (ADR 0022)."""

from datetime import datetime
from uuid import UUID

from events.base import Event
from events.of_requests import OfRequest


class OfBatch(Event, frozen=True, kw_only=True):
    """Happened to a batch; its agency's feed shows it."""

    batch_id: UUID
    offering: str
    partner_id: UUID

    @property
    def subject(self) -> str:
        """The batch."""
        return f"batches/{self.batch_id}"

    @property
    def concerns(self) -> UUID | None:
        """The agency that gives the places."""
        return self.partner_id


class BatchOpened(OfBatch, frozen=True, kw_only=True, tag="hck.batch.opened.v1"):
    """Places are announced with their rule; `commitment` binds the seed of the draw."""

    places: int
    commitment: str
    opens_at: datetime
    closes_at: datetime


class BatchRanked(OfBatch, frozen=True, kw_only=True, tag="hck.batch.ranked.v1"):
    """The list was made, for the `round`-th time, and is shown until `shown_until`."""

    round: int
    listed: int
    seed: str
    shown_until: datetime


class BatchObjected(OfBatch, frozen=True, kw_only=True, tag="hck.batch.objected.v1"):
    """Somebody on the list says that it is wrong."""

    objection_id: UUID


class BatchRuled(OfBatch, frozen=True, kw_only=True, tag="hck.batch.ruled.v1"):
    """An objection was upheld or rejected; `objector_id` is the request of who made it."""

    objection_id: UUID
    objector_id: UUID
    ruling: str


class BatchSettled(OfBatch, frozen=True, kw_only=True, tag="hck.batch.settled.v1"):
    """The list stands as it was shown; its places are offered."""


class BatchEnded(OfBatch, frozen=True, kw_only=True, tag="hck.batch.ended.v1"):
    """All places are given, or nobody waits any more; `given` is how many were."""

    given: int


class BatchCancelled(OfBatch, frozen=True, kw_only=True, tag="hck.batch.cancelled.v1"):
    """Called off before its list was made."""


class OfPlace(OfRequest, frozen=True, kw_only=True):
    """Happened to a request on a batch's waiting list."""

    batch_id: UUID


class RequestQueued(OfPlace, frozen=True, kw_only=True, tag="hck.request.queued.v1"):
    """On the waiting list."""


class RequestListed(OfPlace, frozen=True, kw_only=True, tag="hck.request.listed.v1"):
    """In the list as shown, at this place of its group."""

    rank: int


class PlaceOffered(OfPlace, frozen=True, kw_only=True, tag="hck.request.place_offered.v1"):
    """A place is the holder's if they take it before `due_at`."""

    due_at: datetime


class PlaceTaken(OfPlace, frozen=True, kw_only=True, tag="hck.request.place_taken.v1"):
    """The holder took the place; the agency completes the request until `due_at`."""

    due_at: datetime


class PlaceDeclined(OfPlace, frozen=True, kw_only=True, tag="hck.request.place_declined.v1"):
    """The holder does not want it; the next in line is asked."""


class PlaceLapsed(OfPlace, frozen=True, kw_only=True, tag="hck.request.place_lapsed.v1"):
    """The holder did not answer in time; the next in line is asked."""


class RequestUnlisted(OfPlace, frozen=True, kw_only=True, tag="hck.request.unlisted.v1"):
    """Off this batch's list; `reason` is excluded, unready, elsewhere, carried, cancelled or
    released."""

    reason: str
