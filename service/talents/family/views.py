"""家庭成员 and 市级人才卡 as their holder sees them: recognisable, never whole."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from service.talents import masking
from service.talents.family import consenting
from service.talents.family.consenting import ConsentText, ConsentView
from service.talents.family.models import Consent, FamilyMember, MunicipalCard
from service.worktime.hours import SHANGHAI


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """一位家庭成员;证件号码只显示首尾,未满 14 周岁的不显示出生日期。"""

    id: UUID
    relation: str
    masked_name: str
    id_kind: str
    masked_id_number: str
    under_14: bool
    under_18: bool
    added_at: datetime


class FamilyView(msgspec.Struct, frozen=True, kw_only=True):
    """家庭成员,以及添加时须阅读的同意书。"""

    items: list[MemberView]
    consent_texts: list[ConsentText]


class ConsentsView(msgspec.Struct, frozen=True):
    """同意记录,最近的在前。"""

    items: list[ConsentView]


class MunicipalView(msgspec.Struct, frozen=True, kw_only=True):
    """登记的一张市级人才卡。"""

    id: UUID
    region: str
    tier: str | None
    valid_until: date | None
    declared_at: datetime


class MunicipalsView(msgspec.Struct, frozen=True):
    """登记的市级人才卡。"""

    items: list[MunicipalView]


def member(row: FamilyMember, today: date) -> MemberView:
    """One member; ages are told by the date, as they are used."""
    age = row.age_on(today) or 0
    return MemberView(
        id=row.id,
        relation=row.relation,
        masked_name=masking.name(row.name or ""),
        id_kind=row.id_kind or "",
        masked_id_number=masking.id_number(row.id_number or ""),
        under_14=age < consenting.CHILD_AGE,
        under_18=age < 18,
        added_at=row.added_at.astimezone(SHANGHAI),
    )


def family(rows: Sequence[FamilyMember], today: date) -> FamilyView:
    """The whole list."""
    texts = list(consenting.texts().values())
    return FamilyView(items=[member(row, today) for row in rows], consent_texts=texts)


def consent(row: Consent) -> ConsentView:
    """One line of the ledger."""
    text = consenting.texts().get(row.purpose)
    return ConsentView(
        id=row.id,
        purpose=row.purpose,
        title=text.title if text else row.purpose,
        member_id=row.member_id,
        text_version=row.text_version,
        guardian=row.guardian,
        given_at=row.given_at.astimezone(SHANGHAI),
        withdrawn_at=row.withdrawn_at.astimezone(SHANGHAI) if row.withdrawn_at else None,
    )


def municipal(row: MunicipalCard) -> MunicipalView:
    """One declared card."""
    return MunicipalView(
        id=row.id,
        region=row.region,
        tier=None if row.tier == "-" else row.tier,
        valid_until=row.valid_until,
        declared_at=row.declared_at.astimezone(SHANGHAI),
    )
