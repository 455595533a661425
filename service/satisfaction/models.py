"""Ratings, the cases they open, and the counts that the figures are made of."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.problems import WrongState
from service.sealing import SealedText


class Rating(Base):
    """评价 of one completed request or one redemption (satisfaction.md 1). Never edited."""

    __tablename__ = "ratings"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("requests.id"), unique=True)
    redemption_id: Mapped[UUID | None] = mapped_column(ForeignKey("redemptions.id"), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    offering: Mapped[str]
    sector: Mapped[str]
    category: Mapped[int]
    region: Mapped[str]
    origin: Mapped[str]
    grade: Mapped[int]
    tags: Mapped[list[str]]
    comment: Mapped[str | None] = mapped_column(SealedText("ratings.comment"))
    rated_at: Mapped[datetime] = mapped_column(index=True)
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade_in_range"),
        CheckConstraint("(request_id IS NULL) <> (redemption_id IS NULL)", name="about_one_thing"),
        Index("ix_ratings_partner", "partner_id", "rated_at"),
    )

    @property
    def about(self) -> str:
        """What was rated, as the log names it: `requests/<id>` or `redemptions/<id>`."""
        if self.request_id is not None:
            return f"requests/{self.request_id}"
        return f"redemptions/{self.redemption_id}"


class CaseState(StrEnum):
    """Where the loop of a bad rating is (satisfaction.md 2)."""

    OPEN = "open"
    RECTIFYING = "rectifying"
    RECTIFIED = "rectified"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What the call-back found (L1)."""

    SUBSTANTIATED = "substantiated"
    UNSUBSTANTIATED = "unsubstantiated"
    NO_CONTACT = "no-contact"


class Ruling(StrEnum):
    """How 专家中心 ends a case, or a rating (L2, G6)."""

    ACCEPT = "accept"
    SEND_BACK = "send_back"
    VOID = "void"


NOT_REACHED = "not-reached"
"""A try that reached nobody, while there are more to make."""


class BadRating(Base):
    """差评 as a case: call-back, rectification, ruling (satisfaction.md 2)."""

    __tablename__ = "bad_ratings"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    rating_id: Mapped[UUID] = mapped_column(ForeignKey("ratings.id"), unique=True)
    state: Mapped[str]
    opened_at: Mapped[datetime]
    call_back_due_at: Mapped[datetime]
    called_back_at: Mapped[datetime | None]
    called_back_by: Mapped[UUID | None]
    verdict: Mapped[str | None]
    attempts: Mapped[int]
    note: Mapped[str | None] = mapped_column(SealedText("bad_ratings.note"))
    rectify_due_at: Mapped[datetime | None]
    rectified_at: Mapped[datetime | None]
    plan: Mapped[str | None] = mapped_column(SealedText("bad_ratings.plan"))
    proof: Mapped[str | None] = mapped_column(SealedText("bad_ratings.proof"))
    proof_files: Mapped[list[str] | None]
    closed_at: Mapped[datetime | None]
    ruling: Mapped[str | None]
    ruled_by: Mapped[UUID | None]
    ruling_note: Mapped[str | None] = mapped_column(SealedText("bad_ratings.ruling_note"))
    calendar_version: Mapped[int] = mapped_column(default=1, server_default="1")
    generation: Mapped[int] = mapped_column(default=1, server_default="1")
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (Index("ix_bad_ratings_state", "state", "id"),)

    def centre_acts(self) -> tuple[str, ...]:
        """What 专家中心 may do now; a rating can be voided once, whatever state its case is in."""
        if self.ruling == Ruling.VOID:
            return ()
        return ("call-back", "rule") if self.state == CaseState.OPEN else ("rule",)

    def agency_acts(self) -> tuple[str, ...]:
        """What the rated agency may do now."""
        return ("rectify",) if self.state == CaseState.RECTIFYING else ()

    def check_call_back(self) -> None:
        """Raises WrongState."""
        if self.state != CaseState.OPEN:
            raise WrongState(self.state, self.centre_acts())

    def called_back(self, verdict: Verdict, by: UUID, now: datetime) -> None:
        """The rater was reached, or tried for long enough: the verdict stands (L1)."""
        self.verdict, self.called_back_at, self.called_back_by = verdict, now, by
        if verdict is not Verdict.SUBSTANTIATED:
            self.state, self.closed_at = CaseState.CLOSED, now

    def begin_rectification(self, due_at: datetime, calendar_version: int) -> None:
        """The agency is to mend it by `due_at`, by that version of the calendar (L2)."""
        self.state, self.rectify_due_at = CaseState.RECTIFYING, due_at
        self.calendar_version = calendar_version

    def rectify(self, plan: str, proof: str, files: list[str], now: datetime) -> None:
        """The agency says how it mended the matter, with proof (L2). Raises WrongState."""
        if self.state != CaseState.RECTIFYING:
            raise WrongState(self.state, self.agency_acts())
        self.state, self.rectified_at = CaseState.RECTIFIED, now
        self.plan, self.proof, self.proof_files = plan, proof, files

    def rule(self, ruling: Ruling, note: str | None, by: UUID, now: datetime) -> None:
        """Accept, send back, or void (L2, G6). Raises WrongState."""
        if self.ruling == Ruling.VOID or (
            ruling is not Ruling.VOID and self.state != CaseState.RECTIFIED
        ):
            raise WrongState(self.state, self.centre_acts())
        self.ruling, self.ruled_by, self.ruling_note = ruling, by, note
        if ruling is Ruling.SEND_BACK:
            self.state = CaseState.RECTIFYING
        else:
            self.state, self.closed_at = CaseState.CLOSED, self.closed_at or now


class CallBack(Base):
    """One try to reach the rater of a bad rating; never edited (satisfaction.md L1)."""

    __tablename__ = "call_backs"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    bad_rating_id: Mapped[UUID] = mapped_column(ForeignKey("bad_ratings.id"), index=True)
    tried_at: Mapped[datetime]
    tried_by: Mapped[UUID]
    reached: Mapped[bool]
    verdict: Mapped[str]
    note: Mapped[str] = mapped_column(SealedText("call_backs.note"))


class FigureCount(Base):
    """Counts kept by a worker from events: one row a day and set of dimensions.

    Always equal to a recount of the ratings (satisfaction.md F8).
    """

    __tablename__ = "figure_counts"
    day: Mapped[date] = mapped_column(primary_key=True)
    offering: Mapped[str] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[int] = mapped_column(primary_key=True)
    sector: Mapped[str]
    grade_1: Mapped[int]
    grade_2: Mapped[int]
    grade_3: Mapped[int]
    grade_4: Mapped[int]
    grade_5: Mapped[int]
    completed: Mapped[int]
    completed_in_time: Mapped[int]
    redeemed: Mapped[int]
    voided: Mapped[int] = mapped_column(server_default="0")
    defaults: Mapped[int] = mapped_column(server_default="0")
    breached_acceptance: Mapped[int] = mapped_column(server_default="0")
    breached_handling: Mapped[int] = mapped_column(server_default="0")
    breached_promise: Mapped[int] = mapped_column(server_default="0")


class RatingMark(Base):
    """Up to which completion default ratings are recorded (satisfaction.md G4)."""

    __tablename__ = "rating_marks"
    about: Mapped[str] = mapped_column(primary_key=True)
    done_until: Mapped[datetime]


class Notice(Base):
    """One line in a person's or an official's inbox; written by a worker from an event."""

    __tablename__ = "notices"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    subject: Mapped[str]
    sequence: Mapped[int]
    kind: Mapped[str]
    text: Mapped[str]
    written_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_notices_account", "account_id", "id"),)
