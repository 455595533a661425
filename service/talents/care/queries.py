"""Who looks after whom: the holder's own steward, and whoever stands in for an absent one.

Timers begin and end an absence (absences.py), so these ask the rows alone.
"""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.models import Account, GrantRow
from service.reference import tables
from service.talents.applications.application import Application
from service.talents.cards.card import LIVE, Card
from service.talents.care.models import Absence
from service.talents.models import Person

AWAY = Absence.began_at.is_not(None) & Absence.ended_at.is_(None)
"""The absences that last."""


def looked_after(account_id: UUID | None) -> Select[UUID]:
    """The ids of the people whom this steward looks after, by themselves or for a colleague."""
    absent = select(Absence.account_id).where(Absence.deputy_id == account_id, AWAY)
    return select(Person.id).where(
        or_(Person.steward_id == account_id, Person.steward_id.in_(absent))
    )


def carers_of(person_id: UUID | None) -> Select[UUID]:
    """The accounts that look after somebody: the steward, and who stands in."""
    steward = select(Person.steward_id).where(Person.id == person_id).scalar_subquery()
    deputy = select(Absence.deputy_id).where(Absence.account_id == steward, AWAY)
    return select(Account.id).where(or_(Account.id == steward, Account.id.in_(deputy)))


async def looks_after(session: AsyncSession, caller: Caller, person_id: UUID) -> bool:
    """Whether the caller is that person's steward now, or stands in."""
    if not caller.has(Role.STEWARD) or caller.account_id is None:
        return False
    mine = looked_after(caller.account_id).where(Person.id == person_id)
    return await session.scalar(mine) is not None


async def holder_with(session: AsyncSession, caller: Caller, card_id: UUID | None) -> Person | None:
    """Whose card that is, where the caller is their steward now or stands in."""
    if not caller.has(Role.STEWARD) or caller.account_id is None:
        return None
    query = (
        select(Person)
        .join(Card, Card.person_id == Person.id)
        .where(Card.id == card_id, Person.id.in_(looked_after(caller.account_id)))
    )
    found: Person | None = await session.scalar(query)
    return found


class Carer(msgspec.Struct, frozen=True):
    """一对一服务的一位工作人员。"""

    name: str
    away_until: date | None = None


class Carers(msgspec.Struct, frozen=True):
    """照看我的人: 省、市服务专员,其离岗时的代班人,用人单位的服务专员。"""

    steward: Carer | None
    deputy: Carer | None
    specialist: Carer | None


async def of_person(session: AsyncSession, person_id: UUID | None) -> Carers:
    """Who looks after a holder."""
    query = (
        select(Account.name, Absence.ends_on, Absence.deputy_id)
        .join(Person, Person.steward_id == Account.id)
        .outerjoin(Absence, (Absence.account_id == Account.id) & AWAY)
        .where(Person.id == person_id)
    )
    row = (await session.execute(query)).first()
    specialist = await _specialist(session, person_id)
    if row is None:
        return Carers(None, None, specialist)
    name, until, deputy_id = row
    deputy = await session.get(Account, deputy_id) if deputy_id else None
    return Carers(Carer(name, until), Carer(deputy.name) if deputy else None, specialist)


async def _specialist(session: AsyncSession, person_id: UUID | None) -> Carer | None:
    """The unit's specialist, where they still are one at the unit of the card."""
    query = (
        select(Account.name)
        .join(Application, Application.specialist_id == Account.id)
        .join(Card, Card.application_id == Application.id)
        .join(GrantRow, GrantRow.account_id == Account.id)
        .where(
            Card.person_id == person_id,
            Card.state.in_(LIVE),
            GrantRow.role == Role.UNIT_SPECIALIST,
            GrantRow.organisation_id == Card.unit_id,
            Account.disabled_at.is_(None),
        )
    )
    name = await session.scalar(query.limit(1))
    return Carer(name) if name else None


class Steward(msgspec.Struct, frozen=True):
    """一位服务专员: 照看多少人,是否离岗及由谁代班。"""

    id: UUID
    name: str
    regions: list[str]
    holders: int
    away_until: date | None
    deputy: str | None


async def stewards(session: AsyncSession, regions: Collection[str]) -> list[Steward]:
    """The stewards of these regions who can sign in, in the order in which they came."""
    query = (
        select(Account.id, Account.name, GrantRow.region, Absence.ends_on, Absence.deputy_id)
        .join(GrantRow, GrantRow.account_id == Account.id)
        .outerjoin(Absence, (Absence.account_id == Account.id) & AWAY)
        .where(
            GrantRow.role == Role.STEWARD,
            GrantRow.region.in_(regions),
            Account.disabled_at.is_(None),
        )
        .order_by(Account.id, GrantRow.region)
    )
    rows = (await session.execute(query)).all()
    count = select(Person.steward_id, func.count()).group_by(Person.steward_id)
    holders = {row[0]: row[1] for row in await session.execute(count)}
    names = {row.id: row.name for row in rows}
    found: dict[UUID, Steward] = {}
    for row in rows:
        known = found.get(row.id)
        places = [*(known.regions if known else ()), row.region]
        deputy = names.get(row.deputy_id, "同事") if row.deputy_id else None
        found[row.id] = Steward(
            row.id, row.name, places, holders.get(row.id, 0), row.ends_on, deputy
        )
    return list(found.values())


async def home_of(session: AsyncSession, account_id: UUID) -> str:
    """The region under which a steward's events stand; the province's where they have none now."""
    return next(iter(await regions_of(session, account_id)), tables.PROVINCE)


async def regions_of(session: AsyncSession, account_id: UUID) -> Sequence[str]:
    """The regions for which an account is a steward who can sign in; none for anybody else."""
    query = (
        select(GrantRow.region)
        .join(Account, Account.id == GrantRow.account_id)
        .where(
            GrantRow.account_id == account_id,
            GrantRow.role == Role.STEWARD,
            GrantRow.region.is_not(None),
            Account.disabled_at.is_(None),
        )
    )
    return [region for region in await session.scalars(query) if region]
