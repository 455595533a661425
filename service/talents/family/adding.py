"""Naming 配偶、子女、父母: whom, how many, with which consents (guide.md 3.3, 7.1)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_people import FamilyAdded
from service import ids
from service.auth.callers import Caller, Role
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference.tables import PROVINCE
from service.talents import documents, people
from service.talents.documents import RESIDENT, IdKind
from service.talents.family import consenting
from service.talents.family.consenting import Consenting
from service.talents.family.models import FamilyMember, years_between
from service.talents.models import Person
from service.worktime.hours import SHANGHAI

Relation = Literal["spouse", "child", "parent"]
OF_AGE = 18
PARENTS = 4
"""One's own and the spouse's (A)."""
MOST = 20


class SpouseExists(Problem):
    """One at a time."""

    code = "spouse-exists"
    status = 409
    title = "已登记配偶"
    advice = "同一时间只能登记一位配偶;有变化的,请先删除原登记再添加。"


class ParentsComplete(Problem):
    """Four at most."""

    code = "parents-complete"
    status = 409
    title = "父母已登记满"
    advice = "最多登记四位父母(含配偶的父母);有变化的,请先删除原登记再添加。"


class FamilyTooLarge(Problem):
    """Nobody's list is longer."""

    code = "family-too-large"
    status = 409
    title = "家庭成员过多"
    advice = "家庭成员最多登记 20 人;确有需要的,请联系服务专员。"


class MemberExists(Problem):
    """On the list already."""

    code = "family-member-exists"
    status = 409
    title = "该家庭成员已登记"
    advice = "此证件已在您的家庭成员中,无需重复添加;关系有误的,请先删除再添加。"


class FamilyConflict(Problem):
    """Somebody else's spouse; nothing is said of whose."""

    code = "family-conflict"
    status = 409
    title = "不能登记为配偶"
    advice = "所填证件与现有登记冲突。请核对号码;核对无误的,请持结婚证到人社窗口办理。"


class GivenMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """一位家庭成员及其单独同意;居民身份证不必另填出生日期。"""

    relation: Relation
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    id_number: Annotated[str, msgspec.Meta(min_length=5, max_length=20)]
    consent: Consenting
    id_kind: IdKind = RESIDENT
    born_on: date | None = None


class Checked(msgspec.Struct, frozen=True):
    """The same, checked and in one form."""

    name: str
    id_kind: str
    id_number: str
    born_on: date


def check(given: GivenMember, today: date) -> Checked:
    """The document by the same rules as the holder's own; raises InvalidBody."""
    wrong = [FieldError("/name", "invalid", "请填写姓名。")] if not given.name.strip() else []
    document = documents.check(given.id_kind, given.id_number, given.born_on)
    if isinstance(document, list):
        wrong = [FieldError(f"/{e.pointer}", e.code, e.detail) for e in document] + wrong
    if wrong or isinstance(document, list):
        raise InvalidBody(*wrong)
    born_on = document.born_on
    if born_on is None or born_on > today:
        raise InvalidBody(FieldError("/born_on", "invalid", "出生日期不对,请核对。"))
    if given.relation == "child" and years_between(born_on, today) >= OF_AGE:
        advice = "只登记未满十八周岁的子女;已成年的子女不在服务范围内。"
        raise InvalidBody(FieldError("/relation", "child-of-age", advice))
    return Checked(given.name.strip(), document.kind, document.number, born_on)


async def of_person(session: AsyncSession, person_id: UUID | None) -> Sequence[FamilyMember]:
    """Who is on a holder's list now: spouse, children, parents, each in order of adding."""
    query = select(FamilyMember).where(
        FamilyMember.person_id == person_id, FamilyMember.removed_at.is_(None)
    )
    found = (await session.scalars(query.order_by(FamilyMember.id))).all()
    order = ("spouse", "child", "parent")
    return sorted(found, key=lambda member: order.index(member.relation))


async def add(session: AsyncSession, by: Caller, given: GivenMember, now: datetime) -> FamilyMember:
    """Put somebody on the caller's list, with the consents that this rests on.

    Raises InvalidBody, GuardianConsentRequired, MemberConsentRequired, ConsentTextChanged,
    SpouseExists, ParentsComplete, MemberExists, FamilyConflict.
    """
    if by.person_id is None:
        raise NotFound("请先提出办卡申请,登记本人信息后再添加家庭成员。")
    today = now.astimezone(SHANGHAI).date()
    checked = check(given, today)
    age = years_between(checked.born_on, today)
    consenting.check(given.consent, age)
    holder = await people.locked(session, by.person_id)
    blind = people.blind(checked.id_kind, checked.id_number)
    _check_place(given.relation, blind, holder, await of_person(session, holder.id))
    member = FamilyMember(
        id=ids.new_id(), person_id=holder.id, relation=given.relation, name=checked.name,
        id_kind=checked.id_kind, id_number=checked.id_number, id_blind=blind,
        born_on=checked.born_on.isoformat(), added_at=now,
    )  # fmt: skip
    await _keep(session, member)
    event = FamilyAdded(member_id=member.id, relation=member.relation)
    await log.append(session, event, by=by.author(Role.TALENT), region=PROVINCE, now=now)
    await consenting.give(session, by, member.id, given.consent, age, now)
    return member


def _check_place(
    relation: str, blind: bytes, holder: Person, family: Sequence[FamilyMember]
) -> None:
    """Whether there is room on the list for this one."""
    if blind == holder.id_blind:
        advice = "这是您本人的证件号码,请填写家庭成员的。"
        raise InvalidBody(FieldError("/id_number", "own", advice))
    if any(member.id_blind == blind for member in family):
        raise MemberExists
    if relation == "spouse" and any(member.relation == "spouse" for member in family):
        raise SpouseExists
    if relation == "parent" and sum(m.relation == "parent" for m in family) >= PARENTS:
        raise ParentsComplete
    if len(family) >= MOST:
        raise FamilyTooLarge


async def _keep(session: AsyncSession, member: FamilyMember) -> None:
    """Two holders may name one child or parent, but not one spouse: the index knows, not we."""
    try:
        async with session.begin_nested():
            session.add(member)
            await session.flush()
    except IntegrityError as wrong:
        if "uq_family_members_spouse_of_one" not in str(wrong.orig):
            raise
        raise FamilyConflict from None
