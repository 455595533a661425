"""A city's list of a year as its readers see it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.reference import regions
from service.talents.models import Unit
from service.talents.quota import naming, rules
from service.talents.quota.models import QuotaEnterprise, QuotaPlace
from service.talents.quota.rules import Rules

READERS = (Role.REVIEWER, Role.OFFICE, Role.CENTRE)


class EnterpriseView(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise on the list; `used` of its `talents` places are held."""

    id: UUID
    unit_uscc: str
    name: str
    named_at: datetime
    talents: int
    used: int


class QuotaView(msgspec.Struct, frozen=True, kw_only=True):
    """One city's year: how many enterprises it may name, how many are left, which they are.

    `allowed` are the acts open to the caller: `name` and `drop`, or none.
    """

    city: str
    city_name: str
    year: int
    limit: int
    left: int
    enterprises: list[EnterpriseView]
    allowed: list[str]


async def cities_seen(session: AsyncSession, by: Caller, now: datetime) -> list[str]:
    """The cities in the caller's regions; a county's window sees none."""
    known = await regions.of(session)
    places = {place for role in READERS for place in by.regions(role)}
    cities = known.cities(now.date())
    return [each.code for each in cities if any(known.within(each.code, p) for p in places)]


async def quotas(
    session: AsyncSession, by: Caller, year: int | None, city: str | None, now: datetime
) -> list[QuotaView]:
    """The lists that the caller may see, by city."""
    year = year or rules.year_of(now)
    seen = [each for each in await cities_seen(session, by, now) if city in (None, each)]
    own, numbers = await naming.cities_of(session, by), await rules.in_force(session)
    named = await _named(session, seen, year, numbers)
    known = await regions.of(session)
    return [
        QuotaView(
            city=each,
            city_name=known.name(each),
            year=year,
            limit=numbers.enterprises,
            left=max(0, numbers.enterprises - len(named.get(each, []))),
            enterprises=named.get(each, []),
            allowed=["drop", "name"] if each in own else [],
        )
        for each in seen
    ]


async def _named(
    session: AsyncSession, cities: Sequence[str], year: int, numbers: Rules
) -> dict[str, list[EnterpriseView]]:
    used = (
        select(func.count())
        .where(QuotaPlace.enterprise_id == QuotaEnterprise.id, QuotaPlace.freed_at.is_(None))
        .scalar_subquery()
    )
    query = (
        select(QuotaEnterprise, Unit, used)
        .join(Unit, Unit.id == QuotaEnterprise.unit_id)
        .where(
            QuotaEnterprise.city.in_(cities),
            QuotaEnterprise.year == year,
            QuotaEnterprise.dropped_at.is_(None),
        )
        .order_by(QuotaEnterprise.id)
    )
    found: dict[str, list[EnterpriseView]] = {}
    for enterprise, unit, count in (await session.execute(query)).all():
        found.setdefault(enterprise.city, []).append(
            EnterpriseView(
                id=enterprise.id, unit_uscc=unit.uscc, name=unit.name,
                named_at=enterprise.named_at, talents=numbers.talents, used=count,
            )
        )  # fmt: skip
    return found
