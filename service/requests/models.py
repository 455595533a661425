"""服务申请: the row and its rules."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.sealing import SealedJson, SealedText


class State(StrEnum):
    """States of api.md 5.2."""

    SUBMITTED = "submitted"
    ROUTING = "routing"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    AWAITING_CORRECTION = "awaiting_correction"
    IN_PUBLICITY = "in_publicity"
    IN_RULING = "in_ruling"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


ENDED = (State.COMPLETED, State.WITHDRAWN, State.EXPIRED)


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


class Dispatch(Base):
    """One offer of a request to one partner: when, and how it ended."""

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

    __table_args__ = (Index("ix_dispatches_partner", "partner_id", "offered_at"),)


class Clock(Base):
    """One promise in working time: acceptance, handling, correction, the holder's whole promise.

    `due_at` is empty while it stands still. `next_at` is when the sweep looks next; its rungs are
    in `Rung`. A newer calendar gives a new generation (time.md 6).
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
    """A message between holder, steward and partner, or a partner's progress note."""

    __tablename__ = "request_notes"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), index=True)
    kind: Mapped[str]
    author: Mapped[str]
    author_role: Mapped[str]
    text: Mapped[str] = mapped_column(SealedText("request_notes.text"))
    written_at: Mapped[datetime]
