"""The unit's specialist of a holder: set by the manager, handed over on leaving (guide.md 1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_care import SpecialistSet
from service.auth.callers import Caller, Role
from service.problems import FieldError, InvalidBody, NotFound
from service.talents.applications import moving
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
