"""The unit's specialist of a holder: set by the manager, handed over on leaving (guide.md 1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_care import SpecialistSet
from service.auth.callers import Caller, Role
from service.auth.models import Account
from service.problems import FieldError, InvalidBody, NotFound
from service.talents import queries
from service.talents.applications import moving, steps
from service.talents.applications.application import Application
from service.talents.cards.card import LIVE, Card

Login = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Specialist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """本单位服务专员的登录名或编号。"""

    specialist: Login


class SpecialistLeaves(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """谁离任,谁接手: 本单位服务专员的登录名或编号。"""

    leaving: UUID
    to: Login


class Taken(msgspec.Struct, frozen=True):
    """移交了多少位持卡人、多少件在办的办卡申请。"""

    holders: int
    applications: int


class Staff(msgspec.Struct, frozen=True):
    """A specialist of a unit and what lies with them; `here`: they can still sign in for it."""

    id: UUID
    name: str
    login: str
    here: bool
    holders: int
    applications: int


class Holder(msgspec.Struct, frozen=True):
    """A holder of a unit whose specialist the manager may name."""

    card_id: UUID
    name: str
    specialist: str | None


async def staff_of(session: AsyncSession, by: Caller) -> list[Staff]:
    """The specialists of the manager's units, and who left with something still in their name."""
    units = by.organisations(Role.UNIT_MANAGER)
    here = {x.id: x for unit in units for x in await moving.specialists_of(session, unit)}
    holders = dict(await _counted(session, _of_cards(units)))
    applications = dict(await _counted(session, _of_applications(units)))
    gone = ({*holders, *applications} - set(here)) - {None}
    left = await session.scalars(select(Account).where(Account.id.in_(gone)).order_by(Account.id))
    return [
        Staff(
            each.id, each.name, each.login, each.id in here,
            holders.get(each.id, 0), applications.get(each.id, 0),
        )
        for each in (*here.values(), *left)
    ]  # fmt: skip


Whose = Select[UUID | None]


def _of_cards(units: Sequence[UUID]) -> Whose:
    query = select(Application.specialist_id).join(Card, Card.application_id == Application.id)
    return query.where(Card.unit_id.in_(units), Card.state.in_(LIVE))


def _of_applications(units: Sequence[UUID]) -> Whose:
    query = select(Application.specialist_id)
    return query.where(Application.unit_id.in_(units), Application.step.not_in(steps.ENDED))


async def _counted(session: AsyncSession, whose: Whose) -> Sequence[Row[UUID | None, int]]:
    counted = whose.add_columns(func.count()).group_by(Application.specialist_id)
    return (await session.execute(counted)).all()


async def holders_of(session: AsyncSession, by: Caller, limit: int = 500) -> list[Holder]:
    """The holders of the manager's units by card; those without a specialist in front."""
    query = (
        select(Card, Account.name)
        .join(Application, Application.id == Card.application_id)
        .outerjoin(Account, Account.id == Application.specialist_id)
        .where(Card.unit_id.in_(by.organisations(Role.UNIT_MANAGER)), Card.state.in_(LIVE))
        .order_by(Account.name.is_not(None), Card.id)
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    people = await queries.people_of(session, {card.person_id for card, _ in rows})
    return [Holder(card.id, people[card.person_id].name, name) for card, name in rows]


async def set_for(
    session: AsyncSession, by: Caller, card_id: UUID, given: Specialist, now: datetime
) -> None:
    """Name the specialist of one holder of the manager's unit. Raises NotFound, InvalidBody."""
    query = (
        select(Card, Application)
        .join(Application, Application.id == Card.application_id)
        .where(
            Card.id == card_id,
            Card.state.in_(LIVE),
            Card.unit_id.in_(by.organisations(Role.UNIT_MANAGER)),
        )
        .with_for_update()
    )
    row = (await session.execute(query)).first()
    if row is None:
        raise NotFound
    card, application = row
    unit_id = card.unit_id or application.unit_id
    to = await moving.specialist_named(session, unit_id, given.specialist)
    await _set(session, card, application, to, by, now)


async def hand_over(
    session: AsyncSession, by: Caller, given: SpecialistLeaves, now: datetime
) -> Taken:
    """Whoever the leaving specialist looks after, and what they have open, go to another at once.

    Raises InvalidBody where nobody of the manager's units is so called.
    """
    holders, applications = 0, 0
    for unit_id in by.organisations(Role.UNIT_MANAGER):
        to = await moving.specialist_named(session, unit_id, given.to)
        if to == given.leaving:
            raise InvalidBody(FieldError("/to", "unchanged", "请选择另一位服务专员接手。"))
        for card, application in await _held(session, unit_id, given.leaving):
            await _set(session, card, application, to, by, now)
            holders += 1
        for application in await _open(session, unit_id, given.leaving):
            await moving.give(session, application, to, by, now)
            applications += 1
    return Taken(holders, applications)


async def _held(
    session: AsyncSession, unit_id: UUID, specialist_id: UUID
) -> Sequence[tuple[Card, Application]]:
    query = (
        select(Card, Application)
        .join(Application, Application.id == Card.application_id)
        .where(
            Card.unit_id == unit_id,
            Card.state.in_(LIVE),
            Application.specialist_id == specialist_id,
        )
        .order_by(Card.id)
        .with_for_update()
    )
    return [(card, application) for card, application in await session.execute(query)]


async def _open(session: AsyncSession, unit_id: UUID, specialist_id: UUID) -> Sequence[Application]:
    query = select(Application).where(
        Application.unit_id == unit_id, Application.specialist_id == specialist_id
    )
    found = await session.scalars(query.order_by(Application.id).with_for_update())
    return [each for each in found if each.open]


async def _set(
    session: AsyncSession,
    card: Card,
    application: Application,
    to: UUID,
    by: Caller,
    now: datetime,
) -> None:
    event = SpecialistSet(card_id=card.id, specialist_id=to, was_id=application.specialist_id)
    application.specialist_id = to
    await session.flush()
    author = by.author(Role.UNIT_MANAGER)
    await log.append(session, event, by=author, region=card.region, now=now)
