"""The ledger of separate consents (PIPL; guide.md 7.1): which texts there are, who gave which."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_people import ConsentGiven
from service import ids
from service.auth.callers import Caller, Role
from service.problems import Problem
from service.reference.tables import PROVINCE
from service.talents.family.models import Consent

TEXTS = Path(__file__).parent / "data" / "consents.json"
FAMILY, CHILD = "family-services", "child-under-14"
CHILD_AGE = 14
"""Under it somebody is a child whose data are sensitive and whose guardian consents."""


class GuardianConsentRequired(Problem):
    """A child under 14 needs a guardian's own consent."""

    code = "guardian-consent-required"
    status = 422
    title = "需要监护人同意"
    advice = "未满十四周岁的,请由监护人阅读并勾选监护人同意(guardian_consent)后再提交。"


class MemberConsentRequired(Problem):
    """Who is 14 or older consents on their own; the holder says that they know and agree."""

    code = "member-consent-required"
    status = 422
    title = "需要家庭成员本人同意"
    advice = "请先告知家庭成员并取得其本人同意,勾选(informed)后再提交。"


class ConsentTextChanged(Problem):
    """What was read is not what holds now."""

    code = "consent-text-changed"
    status = 409
    title = "同意书已更新"
    advice = "请重新打开页面,阅读现行的同意书后再提交。"


class Consenting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """单独同意: 已读文本的版本(不填为现行);未满 14 周岁须监护人同意,其余须已告知并取得其同意。"""

    version: str | None = None
    guardian_consent: bool = False
    informed: bool = False


class ConsentText(msgspec.Struct, frozen=True):
    """同意书: 目的、版本、题目、全文。"""

    purpose: str
    version: str
    title: str
    text: str


class ConsentView(msgspec.Struct, frozen=True, kw_only=True):
    """一条同意记录。"""

    id: UUID
    purpose: str
    title: str
    member_id: UUID | None
    text_version: str
    guardian: bool
    given_at: datetime
    withdrawn_at: datetime | None


@cache
def texts() -> dict[str, ConsentText]:
    """The texts in force, by purpose: of several versions the last."""
    found = msgspec.convert(json.loads(TEXTS.read_text(encoding="utf-8")), list[ConsentText])
    return {each.purpose: each for each in found}


def purposes_for(age: int) -> tuple[str, ...]:
    """What has to be consented to for somebody of that age."""
    return (FAMILY, CHILD) if age < CHILD_AGE else (FAMILY,)


def check(given: Consenting, age: int) -> None:
    """Raises GuardianConsentRequired, MemberConsentRequired, ConsentTextChanged."""
    if age < CHILD_AGE and not given.guardian_consent:
        raise GuardianConsentRequired
    if age >= CHILD_AGE and not given.informed:
        raise MemberConsentRequired
    if given.version not in (None, *(texts()[each].version for each in purposes_for(age))):
        raise ConsentTextChanged


async def give(
    session: AsyncSession, by: Caller, member_id: UUID, given: Consenting, age: int, now: datetime
) -> None:
    """Keep each consent on a line of its own."""
    assert by.person_id is not None  # noqa: S101 - the routes see to it
    assert by.account_id is not None  # noqa: S101 - people have accounts
    for purpose in purposes_for(age):
        consent = Consent(
            id=ids.new_id(), person_id=by.person_id, member_id=member_id, purpose=purpose,
            text_version=texts()[purpose].version, guardian=age < CHILD_AGE,
            informed=given.informed, given_at=now, given_by=by.account_id,
        )  # fmt: skip
        session.add(consent)
        await session.flush()
        event = ConsentGiven(consent_id=consent.id, purpose=purpose, version=consent.text_version)
        await log.append(session, event, by=by.author(Role.TALENT), region=PROVINCE, now=now)


async def ledger(session: AsyncSession, person_id: UUID | None) -> Sequence[Consent]:
    """Every consent of somebody, withdrawn ones too, newest first."""
    query = select(Consent).where(Consent.person_id == person_id)
    return (await session.scalars(query.order_by(Consent.id.desc()))).all()
