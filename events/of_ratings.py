"""What happens to a rating (events.md 2.2)."""

from datetime import datetime
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

    `origin` is `active`, or `default` where nobody answered in the window (satisfaction.md G4);
    `via` is `account`, or `slip` where somebody rated with a counter's slip (G3).
    """

    grade: int
    tags: tuple[str, ...]
    origin: str = "active"
    via: str = "account"


class RatingCalledBack(OfRating, frozen=True, kw_only=True, tag="hck.rating.called_back.v1"):
    """专家中心 called the rater back; `late`: no longer in time (satisfaction.md L1)."""

    verdict: str
    late: bool = False


class RatingRectified(OfRating, frozen=True, kw_only=True, tag="hck.rating.rectified.v1"):
    """The agency says it has mended the matter."""


class RatingRuled(OfRating, frozen=True, kw_only=True, tag="hck.rating.ruled.v1"):
    """专家中心 closed the case, sent it back, or voided the rating for a reason from the list.

    `late`: an accepted rectification that was no longer in time (L2).
    """

    ruling: str
    reason: str | None = None
    late: bool = False


class RatingSupplemented(OfRating, frozen=True, kw_only=True, tag="hck.rating.supplemented.v1"):
    """The rater added words or tags; the grade stays (G5)."""

    tags: tuple[str, ...]


class RatingFollowedUp(OfRating, frozen=True, kw_only=True, tag="hck.rating.followed_up.v1"):
    """追评 after an accepted rectification; the first grade stays the counted one (G5)."""

    grade: int
    tags: tuple[str, ...]


class RatingAppealed(OfRating, frozen=True, kw_only=True, tag="hck.rating.appealed.v1"):
    """The rated agency appealed against the verdict of the call-back (L3)."""


class AppealDecided(OfRating, frozen=True, kw_only=True, tag="hck.rating.appeal_decided.v1"):
    """Another officer than the one who judged decided: `upheld` or `rejected` (L3)."""

    decision: str


class CaseClock(OfRating, frozen=True, kw_only=True):
    """A rung of one of a case's clocks: `call_back`, `appeal`, `rectification`, `check`."""

    leg: str
    rung: str
    due_at: datetime
    late_seconds: int


class CaseWarned(CaseClock, frozen=True, kw_only=True, tag="hck.rating.warned.v1"):
    """A step of the loop is due soon, or still not taken some days after it was due (L1, L2)."""


class CaseBreached(CaseClock, frozen=True, kw_only=True, tag="hck.rating.breached.v1"):
    """A step of the loop was not taken in time; later acts do not undo that (time.md E3)."""
