"""What happens to a rating (events.md 2.2)."""

from uuid import UUID

from events.base import Event


class OfRating(Event, frozen=True, kw_only=True):
    """Happened to a rating."""

    rating_id: UUID
    about: str
    offering: str

    @property
    def subject(self) -> str:
        """The rating."""
        return f"ratings/{self.rating_id}"


class RatingGiven(OfRating, frozen=True, kw_only=True, tag="hck.rating.given.v1"):
    """A holder rated a completed request or a redemption; grade 5 best, 1 and 2 bad.

    `origin` is `active`, or `default` where nobody answered in the window (satisfaction.md G4).
    """

    grade: int
    tags: tuple[str, ...]
    origin: str = "active"


class RatingCalledBack(OfRating, frozen=True, kw_only=True, tag="hck.rating.called_back.v1"):
    """专家中心 called the rater back."""

    verdict: str


class RatingRectified(OfRating, frozen=True, kw_only=True, tag="hck.rating.rectified.v1"):
    """The agency says it has mended the matter."""


class RatingRuled(OfRating, frozen=True, kw_only=True, tag="hck.rating.ruled.v1"):
    """专家中心 closed the case, sent it back, or voided the rating for a reason from the list."""

    ruling: str
    reason: str | None = None
