"""Rows of 家庭成员, of the consents they rest on, and of 市级人才卡 (guide.md 3.2, 3.3, 7.1)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from events.of_people import FamilyRemoved
from service.db import Base
from service.sealing import SealedText

THERE = text("removed_at IS NULL")


class FamilyMember(Base):
    """配偶、子女、父母. What says who it is, is sealed, and gone once nothing needs it any more.

    Not even the birthday is plain: it may be a child's. `id_blind` finds the same document again.
    """

    __tablename__ = "family_members"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    relation: Mapped[str]
    name: Mapped[str | None] = mapped_column(SealedText("family_members.name"))
    id_kind: Mapped[str | None]
    id_number: Mapped[str | None] = mapped_column(SealedText("family_members.id_number"))
    id_blind: Mapped[bytes | None] = mapped_column(LargeBinary)
    born_on: Mapped[str | None] = mapped_column(SealedText("family_members.born_on"))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_family_members_once", "person_id", "id_blind", unique=True, postgresql_where=THERE
        ),
        Index(
            "uq_family_members_one_spouse",
            "person_id",
            unique=True,
            postgresql_where=text("relation = 'spouse' AND removed_at IS NULL"),
        ),
        Index(
            "uq_family_members_spouse_of_one",
            "id_blind",
            unique=True,
            postgresql_where=text("relation = 'spouse' AND removed_at IS NULL"),
        ),
        CheckConstraint("erased_at IS NULL OR id_number IS NULL", name="erased_is_gone"),
    )

    @property
    def birthday(self) -> date | None:
        """When they were born; None once erased."""
        return date.fromisoformat(self.born_on) if self.born_on else None

    def age_on(self, day: date) -> int | None:
        """Whole years on that day: who turns 14 or 18 does so by the date alone."""
        return years_between(self.birthday, day) if self.birthday else None

    def remove(self, now: datetime) -> FamilyRemoved:
        """No longer of the family here; requests that name them keep their history."""
        self.removed_at = now
        return FamilyRemoved(member_id=self.id, relation=self.relation)

    def erase(self, now: datetime) -> None:
        """Forget who it was; that there was a spouse, child or parent stays."""
        self.name = self.id_kind = self.id_number = self.id_blind = self.born_on = None
        self.erased_at = now


def years_between(born_on: date, day: date) -> int:
    """Whole years lived; who was born on 29 February is a year older on 1 March."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


class Consent(Base):
    """One separate consent (PIPL): to what, in which words, by whom; never changed but withdrawn.

    `guardian`: given as the guardian of a child under 14. `informed`: the holder says that the
    member knows and agrees.
    """

    __tablename__ = "consents"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_members.id"), index=True)
    purpose: Mapped[str]
    text_version: Mapped[str]
    guardian: Mapped[bool]
    informed: Mapped[bool]
    given_at: Mapped[datetime]
    given_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))


class MunicipalCard(Base):
    """A city's own talent card, as its holder declares it; `tier` is the city's word or `-`."""

    __tablename__ = "municipal_cards"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    region: Mapped[str]
    tier: Mapped[str]
    valid_until: Mapped[date | None]
    declared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_municipal_cards_one_a_city",
            "person_id",
            "region",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class MunicipalChoice(Base):
    """Which card a holder uses for a service that both give, for one year of Asia/Shanghai."""

    __tablename__ = "municipal_choices"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    offering: Mapped[str] = mapped_column(ForeignKey("offerings.code"), primary_key=True)
    uses: Mapped[str]
    chosen_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("uses IN ('province', 'municipal')", name="uses_one"),)
