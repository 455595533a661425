"""Counts by one dimension, over a period and within the caller's regions (F7)."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.problems import FieldError, InvalidBody, NotFound
from service.reference import regions
from service.satisfaction import case_queries, names
from service.satisfaction.counting import COLUMNS, NOBODY, counts_of
from service.satisfaction.figures import Counts
from service.satisfaction.models import FigureCount


class Dimension(StrEnum):
    """What a table of figures has its rows by (F7)."""

    OFFERING = "offering"
    PARTNER = "partner"
    REGION = "region"
    SECTOR = "sector"
    CATEGORY = "category"
    MONTH = "month"
    DAY = "day"


From = Annotated[date | None, QueryParameter(name="from", description="起始日(含)")]
To = Annotated[date | None, QueryParameter(name="to", description="截止日(含)")]
Place = Annotated[
    str | None, QueryParameter(name="region", max_length=12, description="区划代码,含下级")
]


class Period(msgspec.Struct, frozen=True):
    """Days in Shanghai, both ends included; an open end has no bound."""

    begins_on: date | None = None
    ends_on: date | None = None


def period_of(begins_on: date | None, ends_on: date | None) -> Period:
    """The period asked for; raises InvalidBody where it ends before it begins."""
    if begins_on and ends_on and ends_on < begins_on:
        raise InvalidBody(FieldError("/to", "before-from", "截止日早于起始日,请调换。"))
    return Period(begins_on, ends_on)


class Scope(msgspec.Struct, frozen=True):
    """The place that figures are for; `None` is everywhere (what is published)."""

    region: str
    codes: frozenset[str] | None


async def scope_of(session: AsyncSession, caller: Caller, region: str | None) -> Scope:
    """The place asked for, else the widest that the caller has. Raises NotFound outside of it."""
    places = await regions.of(session)
    mine = await case_queries.scope_of(session, caller)
    if region is None:
        widest = max(mine, key=lambda code: (len(places.children(code)), code), default=None)
        if widest is None:
            raise NotFound
        return Scope(widest, mine)
    if region not in mine:
        raise NotFound
    return Scope(region, places.children(region) & mine)


def _key(by: Dimension) -> Any:
    match by:
        case Dimension.PARTNER:
            return FigureCount.partner_id
        case Dimension.MONTH:
            return func.to_char(FigureCount.day, "YYYY-MM")
        case Dimension.REGION | Dimension.OFFERING | Dimension.SECTOR | Dimension.CATEGORY:
            return getattr(FigureCount, by.value)
        case Dimension.DAY:
            return FigureCount.day


def _within(query: Select[Any], scope: Scope, period: Period) -> Select[Any]:
    if scope.codes is not None:
        query = query.where(FigureCount.region.in_(scope.codes))
    if period.begins_on is not None:
        query = query.where(FigureCount.day >= period.begins_on)
    if period.ends_on is not None:
        query = query.where(FigureCount.day <= period.ends_on)
    return query


async def counts_by(
    session: AsyncSession, by: Dimension, scope: Scope, period: Period
) -> Mapping[str, Counts]:
    """Counts by key, in the order of keys; regions are those next below the scope's, with all
    that lies in each, and the scope's own place for what belongs to none of them."""
    key = _key(by).label("key")
    sums: list[Any] = [func.sum(getattr(FigureCount, name)) for name in COLUMNS]
    query: Select[Any] = select(key, *sums)
    query = _within(query, scope, period).group_by(key).order_by(key)
    rows = [(str(row[0]), counts_of(row[1:])) for row in await session.execute(query)]
    if by is not Dimension.REGION:
        return dict(rows)
    places = await regions.of(session)
    found: dict[str, Counts] = {}
    for code, counts in rows:
        place = below(places, code, scope.region)
        found[place] = found.get(place, Counts()) + counts
    return dict(sorted(found.items()))


def below(places: regions.Regions, code: str, top: str) -> str:
    """The place next below `top` in which `code` lies; `top` itself where there is none."""
    chain = places.chain(code)
    at = chain.index(top) if top in chain else len(chain)
    return chain[at - 1] if at > 0 and chain else top


async def all_counts(session: AsyncSession, scope: Scope, period: Period) -> Counts:
    """Everything in one."""
    sums: list[Any] = [func.coalesce(func.sum(getattr(FigureCount, n)), 0) for n in COLUMNS]
    return counts_of((await session.execute(_within(select(*sums), scope, period))).one())


async def names_of(session: AsyncSession, by: Dimension) -> Mapping[str, str]:
    """Chinese names of a dimension's keys; a key without one is its own."""
    match by:
        case Dimension.OFFERING:
            return await names.offerings(session)
        case Dimension.PARTNER:
            return {**await names.partners(session), str(NOBODY): "(未派到单位)"}
        case Dimension.REGION:
            places = await regions.of(session)
            return {code: places.name(code) for code in places.by_code}
        case Dimension.SECTOR:
            return names.SECTORS
        case Dimension.CATEGORY:
            return {str(number): f"第{'一二三四五'[number - 1]}类" for number in range(1, 6)}
    return {}
