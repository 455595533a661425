"""惠才卡: the row and its rules; its daily subjects and its place in a status list."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from events.of_cards import (
    CardExpired,
    CardPrinted,
    CardReinstated,
    CardRenewed,
    CardReplaced,
    CardRevoked,
    CardSuspended,
)
from events.of_matters import CardRelinked
from service.db import Base
from service.sealing import SealedText

LIVE = ("active", "suspended")


class Hand(StrEnum):
    """As whom somebody acts on a card: its holder, or a window of one level."""

    HOLDER = "holder"
    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"


WINDOWS = frozenset({Hand.COUNTY, Hand.CITY, Hand.PROVINCE})
WHO_MAY: Mapping[str, frozenset[Hand]] = {
    "suspend": WINDOWS | {Hand.HOLDER},
    "reinstate": WINDOWS,
    "revoke": frozenset({Hand.PROVINCE}),
    "renew": frozenset({Hand.CITY, Hand.PROVINCE}),
    "replace": WINDOWS,
    "print": WINDOWS | {Hand.HOLDER},
}
"""Lost cards are stopped by anybody near; ending one is the province's (guide.md 2.4)."""
ACTS: Mapping[str, tuple[str, ...]] = {
    "active": ("suspend", "revoke", "renew", "replace", "print"),
    "suspended": ("reinstate", "revoke", "replace"),
}
"""The acts of each state; a state that is not here is an end."""


class Card(Base):
    """One card. A person has at most one that is not ended; an application makes at most one."""

    __tablename__ = "cards"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    application_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("card_applications.id"), unique=True
    )
    category: Mapped[int]
    tier: Mapped[str]
    region: Mapped[str]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("units.id"), index=True)
    state: Mapped[str]
    masked_name: Mapped[str] = mapped_column(SealedText("cards.masked_name"))
    issued_on: Mapped[date]
    valid_until: Mapped[date]
    print_cti: Mapped[bytes | None] = mapped_column(LargeBinary)
    replaced_by: Mapped[UUID | None]
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}

    __table_args__ = (
        Index(
            "uq_cards_one_live_a_person",
            "person_id",
            unique=True,
            postgresql_where=text("state IN ('active', 'suspended')"),
        ),
        Index("ix_cards_region", "region", "id"),
        Index("ix_cards_valid_until", "valid_until"),
    )

    @staticmethod
    def may_ever(act: str, hands: Collection[Hand]) -> bool:
        """Whether such hands may do it to a card in some state; else it is not their role's."""
        return not WHO_MAY[act].isdisjoint(hands)

    def acts(self, hands: Collection[Hand]) -> list[str]:
        """The acts open to such hands now."""
        return [act for act in ACTS.get(self.state, ()) if self.may_ever(act, hands)]

    def suspend(self) -> CardSuspended:
        """Not usable for now."""
        self.state = "suspended"
        return CardSuspended(card_id=self.id)

    def reinstate(self) -> CardReinstated:
        """Usable again."""
        self.state = "active"
        return CardReinstated(card_id=self.id)

    def revoke(self, because: str | None = None) -> CardRevoked:
        """Ended for good."""
        self.state = "revoked"
        return CardRevoked(card_id=self.id, because=because)

    def relink(self, unit_id: UUID, region: str) -> CardRelinked:
        """It goes by another unit, and by that unit's place (guide.md 2.4)."""
        self.unit_id, self.region = unit_id, region
        return CardRelinked(card_id=self.id, unit_id=unit_id, place=region)

    def renew(self, until: date) -> CardRenewed:
        """Valid for longer, never for less long."""
        self.valid_until = max(self.valid_until, until)
        return CardRenewed(card_id=self.id, valid_until=self.valid_until)

    def replace(self, by: UUID) -> CardReplaced:
        """Dead; `by` stands in its place."""
        self.state, self.replaced_by = "replaced", by
        return CardReplaced(card_id=self.id, replaced_by=by)

    def print_(self, cti: bytes) -> CardPrinted:
        """Printed anew: the code before is withdrawn (card-token.md 4.2)."""
        self.print_cti = cti
        return CardPrinted(card_id=self.id)

    def expire(self) -> CardExpired:
        """Ended by its last day."""
        self.state = "expired"
        return CardExpired(card_id=self.id)


class DayKey(Base):
    """The day's random key that makes a card's subject; destroyed after 30 days (3.9)."""

    __tablename__ = "day_keys"
    day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(SealedText("day_keys.key"))


class StatusList(Base):
    """One list of 65,536 entries, for one day (card-token.md 8). `free` counts unused indices."""

    __tablename__ = "status_lists"
    id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    free: Mapped[int]
    created_at: Mapped[datetime]


class StatusChange(Base):
    """A card of a list changed; written by a trigger, counted by whoever publishes the list.

    Counted, not compared by the greatest id: of two changes the earlier may be committed later.
    """

    __tablename__ = "status_changes"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    list_id: Mapped[str] = mapped_column(index=True)
    day: Mapped[date]


class CardDay(Base):
    """A card's subject and status index for one day; drawn at random, never used again."""

    __tablename__ = "card_days"
    day: Mapped[date] = mapped_column(primary_key=True)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    sub: Mapped[str]
    list_id: Mapped[str] = mapped_column(ForeignKey("status_lists.id"))
    idx: Mapped[int]

    __table_args__ = (
        UniqueConstraint("day", "sub"),
        UniqueConstraint("list_id", "idx"),
        Index("ix_card_days_card", "card_id"),
    )
