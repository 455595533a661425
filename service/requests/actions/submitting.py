"""Handing a request in (api.md 5.1): one transaction, few round trips, a measured door."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service import ids
from service.auth.callers import Caller, Role
from service.offerings import forms
from service.offerings.entitlement import MUNICIPAL, exclusions_of
from service.offerings.models import OfferingVersion
from service.problems import FieldError, InvalidBody
from service.reference import regions
from service.requests import choices, clocks, entitlement, numbers
from service.requests.batches import joining
from service.requests.members import RequestMember
from service.requests.models import Clock, Request, State
from service.requests.routing import CHOICE_FIELDS, ORDER_FIELD, wanted_of
from service.talents import files as stored
from service.talents.cards.card import Card
from service.talents.care import queries as care
from service.talents.family import beside
from service.talents.family.models import FamilyMember, MunicipalCard
from service.talents.models import File
from service.worktime.hours import SHANGHAI

LIVE = ("active", "suspended")


class Submission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a talent asks for: 服务事项, 受理地区, 表单, 受益人, 材料。"""

    offering: Annotated[str, msgspec.Meta(pattern="^[A-Z0-9-]{1,16}$")]
    region: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")]
    form: dict[str, Any] = {}
    beneficiaries: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=36)]],
        msgspec.Meta(
            max_length=20, description="本人、配偶等类别(holder, spouse …),或家庭成员的 id"
        ),
    ] = []
    files: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []
    on_behalf_of: Annotated[
        UUID | None, msgspec.Meta(description="服务专员代为提出时,其人才惠才卡的编号(card id)")
    ] = None


class Submitted(NamedTuple):
    """A new request with what its answer tells of it."""

    request: Request
    version: OfferingVersion
    promise: Clock
    members: Sequence[FamilyMember] = ()


async def submit(session: AsyncSession, by: Caller, asked: Submission, now: datetime) -> Submitted:
    """Take a request in, start the holder's promise, append the fact.

    A steward hands it in for somebody whom they look after, on record (guide.md 4). Raises
    InvalidBody (with pointers), NotEntitled, NotRequestable, AlreadyQueued.
    """
    today = now.astimezone(SHANGHAI).date()
    person_id, role = await _for_whom(session, by, asked.on_behalf_of)
    version, card, more = await _version_and_card(session, asked.offering, person_id, today)
    kinds, members = await _named(session, person_id, asked.beneficiaries)
    beneficiaries = entitlement.beneficiaries_of(version, kinds)
    card = entitlement.check(version, card, beneficiaries, today)
    entitlement.check_ages(members, today)
    await _check_exclusions(session, version, card, more, now)
    await _check_region(session, asked.region, today)
    forms.check_form(version.form_schema, asked.form)
    wanted = await choice_of(session, version.code, asked.form)
    await check_files(session, by, asked.files)
    request = _request(asked, version, card, beneficiaries, now)
    session.add(request)
    await session.flush()
    session.add_all(RequestMember(request_id=request.id, member_id=each.id) for each in members)
    promise = await clocks.start(session, request, "promise", version, now)
    event = request.submitted(wanted)
    await log.append(session, event, by=by.author(role), region=request.region, now=now)
    if version.batched:
        await joining.join(session, request, [each.id for each in members], now)
    return Submitted(request, version, promise, members)


async def _for_whom(
    session: AsyncSession, by: Caller, card_id: UUID | None
) -> tuple[UUID | None, Role]:
    """Whose request it is, and in which role the caller hands it in."""
    if card_id is None and by.has(Role.TALENT):
        return by.person_id, Role.TALENT
    person = await care.holder_with(session, by, card_id)
    if person is None:
        text = "请写明您所服务的人才的惠才卡;只能为自己服务的人才代办。"
        raise InvalidBody(FieldError("/on_behalf_of", "unknown", text))
    return person.id, Role.STEWARD


DECLARED = exists().where(
    MunicipalCard.person_id == bindparam("person_id"), MunicipalCard.ended_at.is_(None)
)
VERSION_AND_CARD = (
    select(OfferingVersion, Card, DECLARED)
    .outerjoin(Card, and_(Card.person_id == bindparam("person_id"), Card.state.in_(LIVE)))
    .where(OfferingVersion.code == bindparam("code"), OfferingVersion.valid_from <= bindparam("on"))
    .order_by(OfferingVersion.valid_from.desc(), OfferingVersion.version.desc())
    .limit(1)
)
"""What the rules need, in one round trip; built once, for this door is measured."""


async def _version_and_card(
    session: AsyncSession, code: str, person_id: UUID | None, today: date
) -> tuple[OfferingVersion, Card | None, bool]:
    wanted = {"code": code, "person_id": person_id, "on": today}
    found = (await session.execute(VERSION_AND_CARD, wanted)).first()
    if found is None:
        raise InvalidBody(FieldError("/offering", "unknown", "没有这个服务事项,请核对代码。"))
    return found[0], found[1], found[2]


async def _named(
    session: AsyncSession, person_id: UUID | None, named: Sequence[str]
) -> tuple[list[str], Sequence[FamilyMember]]:
    """The kinds that are meant, and the family members where some are named by their id.

    Locked against being removed meanwhile. Raises InvalidBody for who is not on the list (now).
    """
    ids_of = {text: found for text in named if (found := _uuid(text))}
    if not ids_of:
        return list(named), ()
    query = select(FamilyMember).where(
        FamilyMember.id.in_(ids_of.values()),
        FamilyMember.person_id == person_id,
        FamilyMember.removed_at.is_(None),
    )
    query = query.order_by(FamilyMember.id).with_for_update(read=True)
    known = {member.id: member for member in await session.scalars(query)}
    wrong = [n for n, text in enumerate(named) if text in ids_of and ids_of[text] not in known]
    if wrong:
        advice = "家庭成员中没有这一位(或已删除),请先在“家庭成员”中添加。"
        raise InvalidBody(*(FieldError(f"/beneficiaries/{n}", "unknown", advice) for n in wrong))
    kinds = [known[ids_of[text]].relation if text in ids_of else text for text in named]
    return kinds, list(known.values())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _check_exclusions(
    session: AsyncSession, version: OfferingVersion, card: Card, declared: bool, now: datetime
) -> None:
    """Ask for what else the holder has only where it can matter: this door is measured."""
    exclusions = exclusions_of(version.exclusive_with)
    if exclusions - {MUNICIPAL} or (declared and exclusions):
        await beside.touch_card(session, card.person_id)
        await session.flush()
        entitlement.check_exclusions(version, await beside.facts_of(session, card, now))


async def _check_region(session: AsyncSession, code: str, today: date) -> None:
    places = await regions.of(session)
    if not places.is_current(code, today):
        raise InvalidBody(
            FieldError(
                "/region", "unknown", "没有这个行政区划或已撤销,请选择现行的市或县(市、区)。"
            )
        )


async def choice_of(session: AsyncSession, offering: str, form: dict[str, Any]) -> list[UUID]:
    """Whom the holder chose, first to last: each must handle the offering, as nobody else is asked.

    Raises InvalidBody at the field that names somebody else.
    """
    wanted = wanted_of(form)
    if not wanted.named:
        return []
    known = choices.by_name(await choices.banks_for(session, offering))
    advice = "所填单位不办理此事项,请从可选单位中选择,或留空由系统分派。"
    wrong = [
        FieldError(f"/form/{_field_of(form, named)}", "not-a-handler", advice)
        for named in wanted.named
        if named not in known
    ]
    if wrong:
        raise InvalidBody(*wrong)
    return list(dict.fromkeys(known[named] for named in wanted.named))


def _field_of(form: dict[str, Any], named: str) -> str:
    single = (name for name in CHOICE_FIELDS if form.get(name) == named)
    return next(single, None) or f"{ORDER_FIELD}/{form[ORDER_FIELD].index(named)}"


async def check_files(session: AsyncSession, by: Caller, files: list[UUID]) -> None:
    """Each file is one that the caller put in; raises InvalidBody naming those that are not."""
    if not files:
        return
    query = select(File.id).where(File.id.in_(files), stored.put_in_by(by))
    theirs = set(await session.scalars(query))
    wrong = [place for place, file in enumerate(files) if file not in theirs]
    if wrong:
        advice = "没有这个材料,请先上传再提交。"
        raise InvalidBody(*(FieldError(f"/files/{n}", "unknown", advice) for n in wrong))


def _request(
    asked: Submission,
    version: OfferingVersion,
    card: Card,
    beneficiaries: list[str],
    now: datetime,
) -> Request:
    return Request(
        id=ids.new_id(),
        number=numbers.new(now.astimezone(SHANGHAI).date(), ids.random_below),
        person_id=card.person_id,
        card_id=card.id,
        category=card.category,
        offering=version.code,
        offering_version_id=version.id,
        region=asked.region,
        form=asked.form,
        beneficiaries=beneficiaries,
        files=[str(file) for file in asked.files],
        state=State.SUBMITTED,
        bounces=0,
        submitted_at=now,
    )
