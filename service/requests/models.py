"""服务申请: the row and its rules."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from events.of_requests import (
    CorrectionAnswered,
    CorrectionAsked,
    FirstReviewed,
    OfferWithdrawn,
    PublicityBegan,
    PublicityEnded,
    RequestAccepted,
    RequestBounced,
    RequestChosen,
    RequestCompleted,
    RequestDeclined,
    RequestExpired,
    RequestOffered,
    RequestProgressed,
    RequestRuled,
    RequestSubmitted,
    RequestWithdrawn,
)
from service.db import Base
from service.problems import WrongState
from service.requests.routing import wanted_of
from service.requests.states import (
    ACTS,
    ENDED,
    FIRST_REVIEW,
    LIMIT_OF_BOUNCES,
    OPEN,
    UNROUTED,
    Party,
    Stage,
    State,
)
from service.sealing import SealedJson, SealedText

__all__ = [
    "ENDED", "Clock", "DeskHold", "Dispatch", "MessageRead", "Note", "Pause", "Request", "Rung",
    "State",
]  # fmt: skip


class Request(Base):
    """What one talent asks of one offering, and which partner has it now."""

    __tablename__ = "requests"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    category: Mapped[int]
    offering: Mapped[str] = mapped_column(ForeignKey("offerings.code"))
    offering_version_id: Mapped[UUID] = mapped_column(ForeignKey("offering_versions.id"))
    region: Mapped[str]
    form: Mapped[dict[str, Any]] = mapped_column(SealedJson("requests.form"))
    beneficiaries: Mapped[list[str]]
    files: Mapped[list[str]]
    state: Mapped[str]
    stage: Mapped[str | None]
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    outcome: Mapped[str | None]
    outcome_reason: Mapped[str | None] = mapped_column(SealedText("requests.outcome_reason"))
    result: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("requests.result"))
    correction_items: Mapped[list[Any] | None] = mapped_column(
        SealedJson("requests.correction_items")
    )
    correction_asked_at: Mapped[datetime | None]
    correction_answer: Mapped[dict[str, Any] | None] = mapped_column(
        SealedJson("requests.correction_answer")
    )
    bounces: Mapped[int]
    submitted_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    in_time: Mapped[bool | None]
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        Index("ix_requests_person", "person_id", "id"),
        Index("ix_requests_partner", "partner_id", "state", "id"),
        Index("ix_requests_state", "state", "region"),
        Index("ix_requests_completed", "completed_at"),
    )

    def acts(self, party: Party) -> tuple[str, ...]:
        """The acts open to one side now (api.md 1.7)."""
        acts = ACTS[party].get(State(self.state), ())
        if party is Party.HOLDER and self.is_open and wanted_of(self.form):
            acts = (*acts, "choice")
        closed = set() if self.stage == Stage.FIRST_REVIEW else {FIRST_REVIEW}
        if self.correction_asked_at is not None:
            closed.add("ask")  # once only (time.md P1)
        return tuple(act for act in acts if act not in closed)

    def check(self, act: str, party: Party) -> None:
        """Raises WrongState with what is open instead."""
        if act not in self.acts(party):
            raise WrongState(self.state, self.acts(party))

    def touch(self) -> None:
        """A new revision where something beside the row changed, so that its ETag is true."""
        flag_modified(self, "state")

    def submitted(self, wanted: Sequence[UUID] = ()) -> RequestSubmitted:
        """The fact of a new request, with the partners that the holder chose, first to last."""
        return RequestSubmitted(
            request_id=self.id,
            offering=self.offering,
            wanted_id=next(iter(wanted), None),
            wanted_ids=tuple(wanted),
            wanted_others=wanted_of(self.form).others,
        )

    def choose(self, changed: dict[str, Any], wanted: Sequence[UUID]) -> RequestChosen:
        """Other partners, or another order of them. Raises WrongState."""
        self.check("choice", Party.HOLDER)
        self.form = changed
        return RequestChosen(
            request_id=self.id,
            offering=self.offering,
            wanted_ids=tuple(wanted),
            wanted_others=wanted_of(changed).others,
        )

    def ask_again(self) -> None:
        """Out of a ruling that the holder's new choice makes needless."""
        self.state = State.ROUTING

    def offer(self, dispatch: "Dispatch", due_at: datetime) -> RequestOffered:
        """Give it to a partner to accept or bounce (time.md L2). Raises WrongState."""
        if self.state not in UNROUTED:
            raise WrongState(self.state, ())
        self.state, self.partner_id = State.OFFERED, dispatch.partner_id
        return RequestOffered(
            request_id=self.id,
            offering=self.offering,
            partner_id=dispatch.partner_id,
            dispatch_id=dispatch.id,
            due_at=due_at,
        )

    def accept(
        self, due_at: datetime, now: datetime, stage: Stage | None = None
    ) -> RequestAccepted:
        """Take the offer on (api.md 5.4), into its first `stage`. Raises WrongState."""
        self.check("accept", Party.PARTNER)
        self.state, self.accepted_at, self.stage = State.ACCEPTED, now, stage
        return RequestAccepted(**self._of_partner(), due_at=due_at)

    def end_first_review(
        self, outcome: str, due_at: datetime | None, *, in_time: bool
    ) -> FirstReviewed:
        """初审 is over, `passed` or `refused`; `due_at` is the decision's. Raises WrongState."""
        self.check(FIRST_REVIEW, Party.PARTNER)
        self.stage = Stage.DECISION
        return FirstReviewed(**self._of_partner(), outcome=outcome, in_time=in_time, due_at=due_at)

    def bounce(self, reason: str) -> RequestBounced:
        """Send it back, `reason` a code of `BOUNCES` (api.md 5.4). Raises WrongState."""
        self.check("bounce", Party.PARTNER)
        of_partner = self._of_partner()
        self._back()
        return RequestBounced(**of_partner, reason=reason, bounces=self.bounces)

    def lapse(self, dispatch_id: UUID) -> OfferWithdrawn:
        """Take the offer back: nobody answered in time (time.md L2). Raises WrongState."""
        event = self.retract(dispatch_id, "lapsed")
        self._back()
        return event

    def retract(self, dispatch_id: UUID, reason: str) -> OfferWithdrawn:
        """The offer is no longer this partner's, which its feed is told. Raises WrongState."""
        if self.state != State.OFFERED:
            raise WrongState(self.state, ())
        event = OfferWithdrawn(**self._of_partner(), dispatch_id=dispatch_id, reason=reason)
        self.partner_id = None
        return event

    def _back(self) -> None:
        self.bounces += 1
        self.state, self.partner_id = State.ROUTING, None

    @property
    def bounced_out(self) -> bool:
        """Whether 专家中心 must rule instead of another routing (api.md 5.2)."""
        return self.state == State.ROUTING and self.bounces >= LIMIT_OF_BOUNCES

    def open_ruling(self) -> RequestRuled:
        """Hand it to 专家中心 (api.md 5.2). Raises WrongState."""
        if self.state not in UNROUTED:
            raise WrongState(self.state, ())
        self.state = State.IN_RULING
        return self._ruled("opened", None)

    def rule_assigned(self, partner_id: UUID) -> RequestRuled:
        """专家中心 names the partner; a fresh offer follows. Raises WrongState."""
        self.check("assign", Party.CENTRE)
        self.state = State.ROUTING
        return self._ruled("assigned", partner_id)

    def rule_ended(self, reason: str, now: datetime) -> RequestRuled:
        """专家中心 ends it, with its reason for the holder. Raises WrongState.

        No partner completed it, so it is not `completed` and counts for nobody's figures.
        """
        self.check("end", Party.CENTRE)
        self.state, self.ended_at, self.outcome_reason = State.EXPIRED, now, reason
        return self._ruled("ended", None)

    def _ruled(self, ruling: str, partner_id: UUID | None) -> RequestRuled:
        return RequestRuled(
            request_id=self.id, offering=self.offering, partner_id=partner_id, ruling=ruling
        )

    def ask(self, items: list[str], due_at: datetime, now: datetime) -> CorrectionAsked:
        """Ask once for what is missing (api.md 5.4, time.md P1). Raises WrongState."""
        self.check("ask", Party.PARTNER)
        self.state = State.AWAITING_CORRECTION
        self.correction_items, self.correction_asked_at = list(items), now
        return CorrectionAsked(**self._of_partner(), items=len(items), due_at=due_at)

    def answer(self, answer: dict[str, Any], due_at: datetime) -> CorrectionAnswered:
        """The holder's answer; handling goes on (api.md 5.3). Raises WrongState."""
        self.check("answers", Party.HOLDER)
        self.state, self.correction_answer = State.ACCEPTED, answer
        return CorrectionAnswered(**self._of_partner(), due_at=due_at)

    def begin_publicity(self, begins_on: date, ends_on: date) -> PublicityBegan:
        """公示 (api.md 5.4). Raises WrongState."""
        self.check("publicity", Party.PARTNER)
        self.state = State.IN_PUBLICITY
        return PublicityBegan(**self._of_partner(), begins_on=begins_on, ends_on=ends_on)

    def end_publicity(self, due_at: datetime) -> PublicityEnded:
        """公示 is over; handling goes on. Raises WrongState."""
        if self.state != State.IN_PUBLICITY:
            raise WrongState(self.state, ())
        self.state = State.ACCEPTED
        return PublicityEnded(**self._of_partner(), due_at=due_at)

    def progress(self) -> RequestProgressed:
        """A step on the way, told by the partner (api.md 5.4). Raises WrongState."""
        self.check("progress", Party.PARTNER)
        self.touch()
        return RequestProgressed(**self._of_partner())

    def complete(
        self,
        outcome: str,
        result: dict[str, Any],
        reason: str | None,
        *,
        in_time: bool,
        now: datetime,
        files: int = 0,
        excused: bool = False,
    ) -> RequestCompleted:
        """办结, `granted` or `declined` with a reason (api.md 5.2, 5.4). Raises WrongState."""
        self.check("complete", Party.PARTNER)
        self.state, self.completed_at, self.ended_at = State.COMPLETED, now, now
        self.outcome, self.outcome_reason, self.result = outcome, reason, result
        self.in_time = in_time
        return RequestCompleted(
            **self._of_partner(), outcome=outcome, in_time=in_time, files=files, excused=excused
        )

    def decline(self, *, in_time: bool, files: int = 0) -> RequestDeclined:
        """One bank's no where the holder chose several: the next is asked. Raises WrongState."""
        self.check("complete", Party.PARTNER)
        event = RequestDeclined(**self._of_partner(), in_time=in_time, files=files)
        self.state, self.partner_id, self.accepted_at = State.ROUTING, None, None
        self.stage = None
        return event

    def withdraw(self, now: datetime) -> RequestWithdrawn:
        """The holder takes it back (api.md 5.3). Raises WrongState.

        A partner that has not accepted has its offer retracted first; one that has, sees the end.
        """
        self.check("withdraw", Party.HOLDER)
        self.state, self.ended_at = State.WITHDRAWN, now
        return RequestWithdrawn(**self._of_partner())

    def expire(self, now: datetime, cause: str = "correction") -> RequestExpired:
        """The correction was not answered in its time (time.md P5), or the `place` not taken.

        Raises WrongState.
        """
        awaited = State.AWAITING_CORRECTION if cause == "correction" else State.ACCEPTED
        if self.state != awaited:
            raise WrongState(self.state, ())
        self.state, self.ended_at = State.EXPIRED, now
        return RequestExpired(**self._of_partner(), cause=cause)

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state in OPEN

    def _of_partner(self) -> dict[str, Any]:
        return {
            "request_id": self.id, "offering": self.offering, "partner_id": self.partner_id
        }  # fmt: skip


class Dispatch(Base):
    """One offer of a request to one partner: when, and how it ended; `declined_at` where the
    partner took it on and said no, and another was asked; `result_files` came with its answer."""

    __tablename__ = "dispatches"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), index=True)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    round: Mapped[int]
    considered: Mapped[list[Any]]
    offered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end: Mapped[str | None]
    reason: Mapped[str | None]
    note: Mapped[str | None] = mapped_column(SealedText("dispatches.note"))
    declined_at: Mapped[datetime | None]
    declined_reason: Mapped[str | None] = mapped_column(SealedText("dispatches.declined_reason"))
    result_files: Mapped[list[str]] = mapped_column(server_default="[]")

    __table_args__ = (
        Index("ix_dispatches_partner", "partner_id", "offered_at"),
        Index(
            "ix_dispatches_result_files",
            "result_files",
            postgresql_using="gin",
            postgresql_ops={"result_files": "jsonb_path_ops"},
        ),
    )


class Clock(Base):
    """One promise in working time: acceptance, first review, handling, correction, the holder's
    whole promise.

    `due_at` is empty while it stands still. `next_at` is when the sweep looks next; its rungs are
    in `Rung`. A newer calendar gives a new generation (time.md 6). `past` is a promise that one
    bank has answered while the next has a fresh one.
    """

    __tablename__ = "clocks"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), index=True)
    leg: Mapped[str]
    budget: Mapped[dict[str, Any]]
    region: Mapped[str]
    calendar_version: Mapped[int]
    generation: Mapped[int]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    provisional: Mapped[bool]
    stopped_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    next_rung: Mapped[str | None]
    past: Mapped[bool] = mapped_column(default=False, server_default=false())
    breach_voided_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_clocks_next", "next_at", postgresql_where="next_at IS NOT NULL"),
        Index("ix_clocks_due", "due_at", postgresql_where="stopped_at IS NULL"),
    )


class Rung(Base):
    """A warning or breach that has fired: once for each clock, generation and rung (time.md E2)."""

    __tablename__ = "rungs"
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clocks.id"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    rung: Mapped[str] = mapped_column(primary_key=True)
    fell_at: Mapped[datetime]
    fired_at: Mapped[datetime]


class Pause(Base):
    """A stretch in which handling stands still (time.md 3); at most one is open."""

    __tablename__ = "pauses"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"))
    reason: Mapped[str]
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_pauses_request", "request_id"),
        Index(
            "uq_pauses_one_open",
            "request_id",
            unique=True,
            postgresql_where="ended_at IS NULL",
        ),
        Index("ix_pauses_ends", "ends_at", postgresql_where="ended_at IS NULL"),
    )


class Note(Base):
    """Words beside a request: a message, a step, a ruling. `partner_id` is with whom it was said:
    the partner that had it then, or nobody yet; another partner never reads it.
    """

    __tablename__ = "request_notes"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), index=True)
    kind: Mapped[str]
    author: Mapped[str]
    author_role: Mapped[str]
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    text: Mapped[str] = mapped_column(SealedText("request_notes.text"))
    files: Mapped[list[str]] = mapped_column(server_default="[]")
    written_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_request_notes_files",
            "files",
            postgresql_using="gin",
            postgresql_ops={"files": "jsonb_path_ops"},
        ),
    )


class MessageRead(Base):
    """When one side first read a message; sides are `holder`, `steward`, `partners/<id>`."""

    __tablename__ = "message_reads"
    message_id: Mapped[UUID] = mapped_column(ForeignKey("request_notes.id"), primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    read_at: Mapped[datetime]


class DeskHold(Base):
    """A clerk has it on the desk until `held_until`; colleagues read it and act on another."""

    __tablename__ = "desk_holds"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    taken_at: Mapped[datetime]
    held_until: Mapped[datetime]
