"""Rows of a batch: itself, its waiting list, and what was objected to."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.problems import WrongState
from service.requests.batches.rules import Key
from service.sealing import SealedJson, SealedText


class BatchState(StrEnum):
    """A batch gathers, shows its list, gives its places, and ends; or is called off."""

    GATHERING = "gathering"
    SHOWN = "shown"
    PLACING = "placing"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Place(StrEnum):
    """Where one request stands in a batch."""

    WAITING = "waiting"
    LISTED = "listed"
    OFFERED = "offered"
    TAKEN = "taken"
    GIVEN = "given"
    DECLINED = "declined"
    LAPSED = "lapsed"
    LEFT = "left"
    UNSERVED = "unserved"
    CARRIED = "carried"
    MOVED = "moved"


LIVE = (Place.WAITING, Place.LISTED, Place.OFFERED, Place.TAKEN, Place.CARRIED)
"""The batch still decides about the request, or about its next one."""
UNDECIDED = (Place.WAITING, Place.LISTED, Place.OFFERED, Place.CARRIED)
SEATED = (Place.OFFERED, Place.TAKEN, Place.GIVEN)
"""These have one of the places; the database gives none twice."""


def _among(states: tuple[Place, ...]) -> Any:
    return text("state IN ({})".format(", ".join(f"'{state}'" for state in states)))


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of places (班额): who has `value` in the form's member competes for these."""

    value: str
    title: str
    places: int


class Batch(Base):
    """One season's places of one offering at one agency.

    `groups` with `group_field` divide the places, else there is one group, named "". `seed` is
    secret until the list is made, its `commitment` public from the first day. `leftover` says what
    becomes of who got no place: `carry` into the next batch, or `end`. `next_at` is when the
    timers look next.
    """

    __tablename__ = "batches"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    offering: Mapped[str] = mapped_column(ForeignKey("offerings.code"))
    region: Mapped[str]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    title: Mapped[str]
    places: Mapped[int]
    group_field: Mapped[str | None]
    groups: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    rule: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    leftover: Mapped[str]
    publicity_wd: Mapped[int]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    ranks_at: Mapped[datetime]
    state: Mapped[str]
    seed: Mapped[str] = mapped_column(SealedText("batches.seed"))
    commitment: Mapped[str]
    round: Mapped[int]
    ranked_at: Mapped[datetime | None]
    shown_until: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        Index("ix_batches_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_batches_partner", "partner_id", "id"),
        Index("ix_batches_offering", "offering", "region", "state"),
    )

    @property
    def keys(self) -> list[Key]:
        """The rule, first key first."""
        return msgspec.convert(self.rule, list[Key])

    @property
    def quotas(self) -> Mapping[str, int]:
        """How many places each group has."""
        if self.group_field is None:
            return {"": self.places}
        return {each.value: each.places for each in self.classes}

    @property
    def classes(self) -> list[Group]:
        """The groups, as they were published."""
        return msgspec.convert(self.groups, list[Group])

    def check(self, *states: BatchState) -> None:
        """Raises WrongState where it is in none of these."""
        if self.state not in states:
            raise WrongState(self.state, ())

    def takes(self, now: datetime) -> bool:
        """Whether a request handed in now joins it."""
        return self.state == BatchState.GATHERING and self.opens_at <= now < self.closes_at


class Entry(Base):
    """One request on a batch's waiting list.

    `facts` is what the rule read, by the names of its keys; `rank` its place in its group; `seat`
    the number of the place that it has. `stirred`: something happened to the request that may free
    a place, so the timers look at the batch.
    """

    __tablename__ = "batch_entries"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"))
    since_at: Mapped[datetime]
    state: Mapped[str]
    reason: Mapped[str | None]
    group: Mapped[str]
    facts: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("batch_entries.facts"))
    draw: Mapped[str | None]
    rank: Mapped[int | None]
    seat: Mapped[int | None]
    offered_at: Mapped[datetime | None]
    answer_by: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    stirred: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        UniqueConstraint("batch_id", "request_id"),
        Index("uq_batch_entries_live", "request_id", unique=True, postgresql_where=_among(LIVE)),
        Index(
            "uq_batch_entries_seat", "batch_id", "group", "seat", unique=True,
            postgresql_where=_among(SEATED),
        ),
        Index("ix_batch_entries_rank", "batch_id", "group", "rank"),
        Index("ix_batch_entries_answer", "answer_by", postgresql_where=text("state = 'offered'")),
        Index("ix_batch_entries_stirred", "batch_id", postgresql_where=text("stirred")),
    )  # fmt: skip

    @property
    def is_live(self) -> bool:
        """Whether the batch still decides about it."""
        return self.state in LIVE

    def leave(self, state: Place, reason: str | None = None) -> None:
        """Off the list; a place that it had is free again."""
        self.state, self.reason, self.seat, self.stirred = state, reason, None, True


class Objection(Base):
    """What somebody on the list says is wrong with it, about themselves or another, and the ruling.

    One that is upheld corrects `entry_id`: other `facts`, or out of the list (`exclude`).
    """

    __tablename__ = "batch_objections"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), index=True)
    by_entry_id: Mapped[UUID] = mapped_column(ForeignKey("batch_entries.id"))
    about_entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("batch_entries.id"))
    round: Mapped[int]
    words: Mapped[str] = mapped_column(SealedText("batch_objections.words"))
    made_at: Mapped[datetime]
    ruling: Mapped[str | None]
    answer: Mapped[str | None] = mapped_column(SealedText("batch_objections.answer"))
    ruled_at: Mapped[datetime | None]
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("batch_entries.id"))
    facts: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("batch_objections.facts"))
    exclude: Mapped[bool] = mapped_column(default=False, server_default=false())
