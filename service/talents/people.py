"""人才 as they give themselves: checked, found again by the blind index, never twice."""

import re
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids, sealing
from service.auth.callers import Caller
from service.auth.models import Account
from service.problems import FieldError, InvalidBody, Problem
from service.talents import alike, documents
from service.talents.applications import steps
from service.talents.applications.application import Application
from service.talents.cards.card import LIVE, Card
from service.talents.documents import RESIDENT, IdKind
from service.talents.models import Person

PHONE = re.compile(r"(\+?86)?(1[3-9]\d{9}|0\d{2,3}\d{7,8})")


class PersonKnown(Problem):
    """Somebody has signed up with this document under another login; says nothing of whom."""

    code = "person-registered"
    status = 409
    title = "该证件已登记"
    advice = "请用原来的账号登录后申请;不是本人登记的,请持证件到人社窗口核对。"


class ApplicationOpen(Problem):
    """One open application a person."""

    code = "application-open"
    status = 409
    title = "已有一件办卡申请在办"
    advice = "请在“办卡申请”中查看进度;要重新申请,请先撤回在办的这一件。"


class CardExists(Problem):
    """One live card a person."""

    code = "card-exists"
    status = 409
    title = "已持有有效的惠才卡"
    advice = "请直接使用现有的卡;需要延期或换发的,请联系人社窗口。"


class PersonGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who applies; 居民身份证 says the birthday itself."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    id_number: Annotated[str, msgspec.Meta(min_length=5, max_length=20)]
    phone: Annotated[str, msgspec.Meta(min_length=7, max_length=20)]
    id_kind: IdKind = RESIDENT
    address: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    born_on: date | None = None


class Checked(msgspec.Struct, frozen=True):
    """The same, checked and in one form."""

    name: str
    id_kind: str
    id_number: str
    phone: str
    address: str | None
    born_on: date | None


def check(given: PersonGiven) -> Checked:
    """Raises InvalidBody with a pointer for each thing that is wrong."""
    wrong = []
    document = documents.check(given.id_kind, given.id_number, given.born_on)
    if isinstance(document, list):
        wrong += [_wrong(each.pointer, each.detail) for each in document]
    phone = re.sub(r"[\s-]", "", given.phone)
    if not PHONE.fullmatch(phone):
        wrong.append(_wrong("phone", "电话号码不对,请填 11 位手机号或带区号的固定电话。"))
    if not given.name.strip():
        wrong.append(_wrong("name", "请填写姓名。"))
    if wrong or isinstance(document, list):
        raise InvalidBody(*wrong)
    return Checked(
        given.name.strip(), document.kind, document.number, phone, given.address, document.born_on
    )


def _wrong(member: str, detail: str) -> FieldError:
    return FieldError(f"/person/{member}", "invalid", detail)


def blind(id_kind: str, id_number: str) -> bytes:
    """How a document is found again; a resident's number needs no kind."""
    kind = "" if id_kind == RESIDENT else f"{id_kind} "
    return sealing.ring().blind(f"{kind}{id_number}", "people.id_blind")


async def of_applicant(
    session: AsyncSession, caller: Caller, given: PersonGiven | None, now: datetime
) -> Person:
    """The caller's own person, locked, with what they say of themselves.

    One document is one person. Raises InvalidBody, PersonKnown.
    """
    own = await locked(session, caller.person_id) if caller.person_id else None
    if given is None:
        if own is None:
            raise InvalidBody(FieldError("/person", "missing", "请填写申请人信息。"))
        return own
    checked = check(given)
    if own is not None:
        await check_free(session, own)
    person = own or await _by_document(session, checked, now)
    if own is None:
        await _link(session, caller, person)
    await change(session, person, checked)
    return person


async def check_free(session: AsyncSession, person: Person) -> None:
    """One open application and one live card a person; raises ApplicationOpen, CardExists."""
    asked = select(Application.id).where(
        Application.person_id == person.id, Application.step.not_in(steps.ENDED)
    )
    if await session.scalar(asked.limit(1)) is not None:
        raise ApplicationOpen
    held = select(Card.id).where(Card.person_id == person.id, Card.state.in_(LIVE))
    if await session.scalar(held.limit(1)) is not None:
        raise CardExists


async def locked(session: AsyncSession, person_id: UUID) -> Person:
    """The person, locked: whoever applies twice at once waits here."""
    query = select(Person).where(Person.id == person_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def _by_document(session: AsyncSession, checked: Checked, now: datetime) -> Person:
    mine = blind(checked.id_kind, checked.id_number)
    fresh = insert(Person).values(
        id=ids.new_id(), name=checked.name, id_kind=checked.id_kind, id_number=checked.id_number,
        id_blind=mine, phone=None, phone_blind=None, address=None, born_on=checked.born_on,
        alike_blind=alike.key_of(checked.name, checked.born_on), steward_id=None, created_at=now,
    )  # fmt: skip
    # Of two who give one document at once the second waits for the first, and finds its row.
    await session.execute(fresh.on_conflict_do_nothing())
    query = select(Person.id).where(Person.id_blind == mine)
    return await locked(session, (await session.scalars(query)).one())


async def _link(session: AsyncSession, caller: Caller, person: Person) -> None:
    """The account is this person's from now on; raises PersonKnown where another's is."""
    taken = select(Account.id).where(Account.person_id == person.id).limit(1)
    if await session.scalar(taken) is not None:
        raise PersonKnown
    account = await session.get_one(Account, caller.account_id)
    account.person_id = person.id


async def change(session: AsyncSession, person: Person, checked: Checked) -> None:
    """Write what is new. Another document only while no card has gone by the old one.

    Raises InvalidBody, PersonKnown.
    """
    mine = blind(checked.id_kind, checked.id_number)
    if mine != person.id_blind:
        if await _has_had_card(session, person):
            advice = "证件号码与已登记的不同;确需更正的,请持证件到人社窗口办理。"
            raise InvalidBody(FieldError("/person/id_number", "fixed", advice))
        if await session.scalar(select(Person.id).where(Person.id_blind == mine)) is not None:
            raise PersonKnown
        person.id_kind, person.id_number, person.id_blind = (
            checked.id_kind, checked.id_number, mine,
        )  # fmt: skip
    if person.phone != checked.phone:
        person.phone = checked.phone
        person.phone_blind = sealing.ring().blind(checked.phone, "people.phone_blind")
    person.name, person.born_on = checked.name, checked.born_on
    person.alike_blind = alike.key_of(checked.name, checked.born_on)
    person.address = checked.address if checked.address is not None else person.address


async def _has_had_card(session: AsyncSession, person: Person) -> bool:
    query = select(Card.id).where(Card.person_id == person.id).limit(1)
    return await session.scalar(query) is not None
