"""Ratings, the cases they open, and the counts that the figures are made of."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
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
    via: Mapped[str] = mapped_column(server_default="account")

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


class Addition(StrEnum):
    """What a rater may add to a rating, each once (G5)."""

    SUPPLEMENT = "supplement"
    FOLLOW_UP = "follow_up"


class RatingAddition(Base):
    """补充评价 or 追评: beside the rating, which stays as it was given (G5). Never edited."""

    __tablename__ = "rating_additions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    rating_id: Mapped[UUID] = mapped_column(ForeignKey("ratings.id"))
    kind: Mapped[str]
    grade: Mapped[int | None]
    tags: Mapped[list[str]]
    comment: Mapped[str | None] = mapped_column(SealedText("rating_additions.comment"))
    added_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("rating_id", "kind", name="uq_rating_additions_once"),
        CheckConstraint(
            "kind = 'supplement' AND grade IS NULL OR kind = 'follow_up' AND grade BETWEEN 1 AND 5",
            name="grade_of_a_follow_up_only",
        ),
    )


class RatingSlip(Base):
    """A slip from a counter: rates one redemption without signing in, once, for some days."""

    __tablename__ = "rating_slips"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    redemption_id: Mapped[UUID] = mapped_column(ForeignKey("redemptions.id"), index=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class CaseState(StrEnum):
    """Where the loop of a bad rating is (satisfaction.md 2)."""

    OPEN = "open"
    RECTIFYING = "rectifying"
    APPEALED = "appealed"
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


class Decision(StrEnum):
    """What becomes of an appeal (L3)."""

    UPHELD = "upheld"
    REJECTED = "rejected"


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
    consented: Mapped[bool] = mapped_column(server_default=false())
    appeal: Mapped[str | None] = mapped_column(SealedText("bad_ratings.appeal"))
    appeal_files: Mapped[list[str] | None]
    appealed_at: Mapped[datetime | None]
    appeal_decision: Mapped[str | None]
    appeal_note: Mapped[str | None] = mapped_column(SealedText("bad_ratings.appeal_note"))
    appeal_decided_at: Mapped[datetime | None]
    appeal_decided_by: Mapped[UUID | None]
    pauses: Mapped[list[Any]] = mapped_column(server_default="[]")
    step_due_at: Mapped[datetime | None]
    next_rung_at: Mapped[datetime | None]
    fired: Mapped[list[str]] = mapped_column(server_default="[]")
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        Index("ix_bad_ratings_state", "state", "id"),
        Index(
            "ix_bad_ratings_next_rung", "next_rung_at",
            postgresql_where=text("next_rung_at IS NOT NULL"),
        ),
        CheckConstraint(
            "appeal_decided_by <> called_back_by", name="appeal_by_another_officer"
        ),
    )  # fmt: skip

    def centre_acts(self) -> tuple[str, ...]:
        """What 专家中心 may do now; a rating can be voided once, whatever state its case is in."""
        if self.ruling == Ruling.VOID:
            return ()
        first = {CaseState.OPEN: ("call-back",), CaseState.APPEALED: ("decide-appeal",)}
        return (*first.get(CaseState(self.state), ()), "rule")

    def agency_acts(self) -> tuple[str, ...]:
        """What the rated agency may do now; an appeal but once (L3)."""
        if self.state != CaseState.RECTIFYING:
            return ()
        return ("rectify",) if self.appealed_at else ("rectify", "appeal")

    def is_late(self, leg: str) -> bool:
        """Whether the leg's breach has fired; it stays a fact (time.md E3)."""
        return f"{leg}:breach" in self.fired

    def check_call_back(self) -> None:
        """Raises WrongState."""
        if self.state != CaseState.OPEN:
            raise WrongState(self.state, self.centre_acts())

    def called_back(self, verdict: Verdict, by: UUID, now: datetime) -> None:
        """The rater was reached, or tried for long enough: the verdict stands (L1)."""
        self.verdict, self.called_back_at, self.called_back_by = verdict, now, by
        if verdict is Verdict.SUBSTANTIATED:
            self.state = CaseState.RECTIFYING
        else:
            self.state, self.closed_at = CaseState.CLOSED, now

    def rectify(self, plan: str, proof: str, files: list[str], now: datetime) -> None:
        """The agency says how it mended the matter, with proof (L2). Raises WrongState."""
        if self.state != CaseState.RECTIFYING:
            raise WrongState(self.state, self.agency_acts())
        self.state, self.rectified_at = CaseState.RECTIFIED, now
        self.plan, self.proof, self.proof_files = plan, proof, files
        self._pause(now)

    def lodge_appeal(self, words: str, files: list[str], now: datetime) -> None:
        """The agency says that the verdict is wrong; its clock stands still (L3)."""
        if "appeal" not in self.agency_acts():
            raise WrongState(self.state, self.agency_acts())
        self.state, self.appealed_at = CaseState.APPEALED, now
        self.appeal, self.appeal_files = words, files
        self._pause(now)

    def decide_appeal(self, decision: "Decision", note: str, by: UUID, now: datetime) -> None:
        """Upheld, the case ends; else the agency has the rest of its days (L3)."""
        if self.state != CaseState.APPEALED:
            raise WrongState(self.state, self.centre_acts())
        self.appeal_decision, self.appeal_note = decision, note
        self.appeal_decided_at, self.appeal_decided_by = now, by
        if decision is Decision.UPHELD:
            self.state, self.closed_at = CaseState.CLOSED, now
        else:
            self._go_on(now)

    def _pause(self, now: datetime) -> None:
        self.pauses = [*self.pauses, [now.isoformat(), None]]

    def _go_on(self, now: datetime) -> None:
        self.state = CaseState.RECTIFYING
        *before, (begin, _) = self.pauses
        self.pauses = [*before, [begin, now.isoformat()]]

    def rule(self, ruling: Ruling, note: str | None, by: UUID, now: datetime) -> None:
        """Accept, send back, or void (L2, G6). Raises WrongState."""
        if self.ruling == Ruling.VOID or (
            ruling is not Ruling.VOID and self.state != CaseState.RECTIFIED
        ):
            raise WrongState(self.state, self.centre_acts())
        self.ruling, self.ruled_by, self.ruling_note = ruling, by, note
        if ruling is Ruling.SEND_BACK:
            self._go_on(now)
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
    called_back: Mapped[int] = mapped_column(server_default="0")
    call_backs_ended: Mapped[int] = mapped_column(server_default="0")
    rectified_in_time: Mapped[int] = mapped_column(server_default="0")
    rectifications_ended: Mapped[int] = mapped_column(server_default="0")
    follow_ups: Mapped[int] = mapped_column(server_default="0")
    follow_ups_good: Mapped[int] = mapped_column(server_default="0")
    void_acceptance: Mapped[int] = mapped_column(server_default="0")
    void_handling: Mapped[int] = mapped_column(server_default="0")
    void_promise: Mapped[int] = mapped_column(server_default="0")
    completed_excused: Mapped[int] = mapped_column(server_default="0")


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
