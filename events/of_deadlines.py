"""What happens to a deadline of whatever kind (time.md 6): a request's, a case's, a step's."""

from datetime import datetime
from uuid import UUID

from events.base import Event
from events.of_requests import OfRequest


class DeadlineRecomputed(Event, frozen=True, kw_only=True, tag="hck.deadline.recomputed.v1"):
    """A newer calendar moved an open deadline (time.md R1).

    Just one of `request_id`, `rating_id`, `application_id`, `card_id` says what it belongs to;
    `clock_id` is the clock's own, or that of the row whose deadline it is. `place` is the window
    that acts, where one does. `was_late`: a breach of before that stays on record (time.md E3).
    """

    clock_id: UUID
    generation: int
    was_due_at: datetime
    due_at: datetime
    leg: str = ""
    calendar_version: int = 0
    offering: str = ""
    partner_id: UUID | None = None
    request_id: UUID | None = None
    rating_id: UUID | None = None
    application_id: UUID | None = None
    card_id: UUID | None = None
    place: str = ""
    was_late: bool = False

    @property
    def subject(self) -> str:
        """What the deadline belongs to."""
        owners = {
            "requests": self.request_id, "ratings": self.rating_id,
            "applications": self.application_id, "cards": self.card_id,
        }  # fmt: skip
        return next(f"{thing}/{owner}" for thing, owner in owners.items() if owner)

    @property
    def concerns(self) -> UUID | None:
        """The partner that has it."""
        return self.partner_id


class OfBreach(OfRequest, frozen=True, kw_only=True):
    """Happened to a breach that is on record; `reason` is a code, `partner_id` had the request."""

    clock_id: UUID
    leg: str
    reason: str


class BreachVoidAsked(OfBreach, frozen=True, kw_only=True, tag="hck.deadline.void_asked.v1"):
    """One of 专家中心 holds that a breach should not count; another decides."""

    @property
    def concerns(self) -> UUID | None:
        """No partner, before it is decided."""
        return None


class BreachUpheld(OfBreach, frozen=True, kw_only=True, tag="hck.deadline.upheld.v1"):
    """Another of them found that it does count."""

    @property
    def concerns(self) -> UUID | None:
        """No partner: nothing has changed for it."""
        return None


class BreachVoided(OfBreach, frozen=True, kw_only=True, tag="hck.deadline.voided.v1"):
    """Another of them voided it (time.md E3): it stays on record, figures show both.

    `due_at` is when it fell. `completed_at` and `completed_by` where the request was completed late
    before this; a later completion says so itself.
    """

    due_at: datetime
    completed_at: datetime | None = None
    completed_by: UUID | None = None
