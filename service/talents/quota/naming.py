"""A city names its enterprises of a year, exactly as many as it may, whoever presses at once.

Whoever counts holds the row of (city, year); whoever uses or drops an enterprise holds its row.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_quota import OfQuota
from events.of_quota import QuotaDropped as Dropped
from events.of_quota import QuotaNamed as Named
from service import ids
from service.auth.callers import Caller, Role
from service.problems import FieldError, Forbidden, InvalidBody, NotFound
from service.reference import regions
from service.talents.applications.checking import unit_of
from service.talents.models import Unit
from service.talents.quota import rules
from service.talents.quota.models import QuotaEnterprise, QuotaPlace, QuotaYear
from service.talents.quota.problems import QuotaFull, QuotaHeld, QuotaNamed

BUSINESS = "9"
"""A 统一社会信用代码 that begins so was given by the business register (GB 32100)."""


class Naming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which enterprise; by default for this year and for the caller's own city."""

    unit_uscc: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    year: int | None = None
    city: Annotated[str, msgspec.Meta(pattern=r"^\d{6}$")] | None = None


async def cities_of(session: AsyncSession, by: Caller) -> list[str]:
    """The cities whose lists the caller keeps: those of a city's window, no higher, no lower."""
    known = await regions.of(session)
    found = (known.get(each) for each in by.regions(Role.REVIEWER))
    return sorted({each.code for each in found if each and each.level == "city"})


async def name(session: AsyncSession, by: Caller, given: Naming, now: datetime) -> QuotaEnterprise:
    """Put an enterprise on the city's list of a year.

    Raises Forbidden, InvalidBody, QuotaNamed, QuotaFull.
    """
    city = await _city(session, by, given.city)
    year = _year(given.year, now)
    unit = await _enterprise(session, given.unit_uscc, city)
    await _lock(session, city, year)
    named = _live(city, year)
    # On any city's list: its unit may have moved since another one named it.
    taken = select(QuotaEnterprise.id).where(
        QuotaEnterprise.unit_id == unit.id,
        QuotaEnterprise.year == year,
        QuotaEnterprise.dropped_at.is_(None),
    )
    if await session.scalar(taken) is not None:
        raise QuotaNamed
    count = await session.scalar(select(func.count()).select_from(named.subquery())) or 0
    if count >= (await rules.in_force(session)).enterprises:
        raise QuotaFull
    enterprise = QuotaEnterprise(
        id=ids.new_id(), city=city, year=year, unit_id=unit.id, named_by=by.account_id,
        named_at=now,
    )  # fmt: skip
    session.add(enterprise)
    await session.flush()
    await _tell(session, Named(enterprise_id=enterprise.id, city=city, year=year), by, now)
    return enterprise


async def drop(session: AsyncSession, by: Caller, enterprise_id: UUID, now: datetime) -> None:
    """Take an enterprise off the list while nobody was put forward. Raises NotFound, QuotaHeld."""
    enterprise = await locked(session, QuotaEnterprise.id == enterprise_id)
    if enterprise is None or enterprise.city not in await cities_of(session, by):
        raise NotFound
    if await held(session, enterprise.id):
        raise QuotaHeld
    enterprise.dropped_at = now
    event = Dropped(enterprise_id=enterprise.id, city=enterprise.city, year=enterprise.year)
    await _tell(session, event, by, now)


async def locked(session: AsyncSession, *which: ColumnElement[bool]) -> QuotaEnterprise | None:
    """An enterprise on a list, locked."""
    query = select(QuotaEnterprise).where(QuotaEnterprise.dropped_at.is_(None), *which)
    query = query.with_for_update().execution_options(populate_existing=True)
    found: QuotaEnterprise | None = await session.scalar(query)
    return found


async def held(session: AsyncSession, enterprise_id: UUID) -> int:
    """How many of its places applications hold."""
    query = select(func.count()).where(
        QuotaPlace.enterprise_id == enterprise_id, QuotaPlace.freed_at.is_(None)
    )
    return await session.scalar(query) or 0


async def _city(session: AsyncSession, by: Caller, asked: str | None) -> str:
    own = await cities_of(session, by)
    city = asked or (own[0] if len(own) == 1 else None)
    if not own or (city is not None and city not in own):
        raise Forbidden
    if city is None:
        raise InvalidBody(FieldError("/city", "missing", "请写明是哪个市的名额。"))
    return city


def _year(asked: int | None, now: datetime) -> int:
    this = rules.year_of(now)
    if asked is not None and asked not in (this, this + 1):
        raise InvalidBody(FieldError("/year", "invalid", f"只能列入 {this} 或 {this + 1} 年度。"))
    return asked or this


async def _enterprise(session: AsyncSession, code: str, city: str) -> Unit:
    unit = await unit_of(session, code)
    known = await regions.of(session)
    if not unit.uscc.startswith(BUSINESS):
        advice = "企业名额只给企业;事业单位、社会组织请走评审途径。"
        raise InvalidBody(FieldError("/unit_uscc", "not-an-enterprise", advice))
    if not known.within(unit.region, city):
        advice = f"该企业在{known.full_name(unit.region)},请由所在市列入。"
        raise InvalidBody(FieldError("/unit_uscc", "other-city", advice))
    return unit


async def _lock(session: AsyncSession, city: str, year: int) -> None:
    await session.execute(insert(QuotaYear).values(city=city, year=year).on_conflict_do_nothing())
    await session.execute(
        select(QuotaYear).where(QuotaYear.city == city, QuotaYear.year == year).with_for_update()
    )


def _live(city: str, year: int) -> Select[UUID]:
    return select(QuotaEnterprise.id).where(
        QuotaEnterprise.city == city,
        QuotaEnterprise.year == year,
        QuotaEnterprise.dropped_at.is_(None),
    )


async def _tell(session: AsyncSession, event: OfQuota, by: Caller, now: datetime) -> None:
    author = by.author(Role.REVIEWER)
    await log.append(session, event, by=author, region=event.city, now=now)
