"""Offerings read: which version is in force when, and the search."""

import unicodedata
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from service.offerings.models import CODE, OfferingVersion
from service.partners.models import Route
from service.problems import BadCursor, FieldError, InvalidBody
from service.reference import regions

MOST_WORDS = 8


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for; members that are None do not narrow. What was stopped is looked
    for by itself.
    """

    sector: str | None = None
    mode: str | None = None
    q: str | None = None
    region: str | None = None
    stopped: bool = False
    category: int | None = None
    beneficiary: str | None = None


def versions_on(on: date) -> Select[OfferingVersion]:
    """Each offering's version in force on a day, by code."""
    return (
        select(OfferingVersion)
        .where(OfferingVersion.valid_from <= on)
        .distinct(OfferingVersion.code)
        .order_by(
            OfferingVersion.code, OfferingVersion.valid_from.desc(), OfferingVersion.version.desc()
        )
    )


async def current(session: AsyncSession, code: str, on: date) -> OfferingVersion | None:
    """The version of an offering in force on a day (Asia/Shanghai), or None."""
    found: OfferingVersion | None = await session.scalar(
        versions_on(on).where(OfferingVersion.code == code)
    )
    return found


async def in_force(session: AsyncSession, on: date) -> Sequence[OfferingVersion]:
    """The versions of all offerings in force on a day, by code."""
    return (await session.scalars(versions_on(on))).all()


async def versions_of(session: AsyncSession, code: str) -> Sequence[OfferingVersion]:
    """Every version of an offering, the newest first."""
    query = select(OfferingVersion).where(OfferingVersion.code == code)
    return (await session.scalars(query.order_by(OfferingVersion.version.desc()))).all()


async def search(
    session: AsyncSession, wanted: Search, on: date, *, after: str, limit: int
) -> list[OfferingVersion]:
    """The offerings that match, by code from `after` on; one more than `limit`.

    What is searched is the version in force, not older ones. Raises InvalidBody for no such region.
    """
    in_force = aliased(OfferingVersion, versions_on(on).subquery())
    stopped = func.coalesce(in_force.stopped_on <= on, false())
    query = select(in_force).where(in_force.code.collate("C") > after, stopped == wanted.stopped)
    if wanted.sector is not None:
        query = query.where(in_force.sector == wanted.sector)
    if wanted.mode is not None:
        query = query.where(in_force.mode == wanted.mode)
    if wanted.category is not None:
        query = query.where(in_force.categories.contains([wanted.category]))
    if wanted.beneficiary is not None:
        query = query.where(in_force.beneficiaries.contains([wanted.beneficiary]))
    for word in words_of(wanted.q or ""):
        query = query.where(in_force.search_text.contains(word, autoescape=True))
    if wanted.region is not None:
        there = await _handled_in(session, wanted.region, on)
        query = query.where(or_(in_force.mode == "benefit", in_force.code.in_(there)))
    ordered = query.order_by(in_force.code.collate("C")).limit(limit + 1)
    return list(await session.scalars(ordered))


def words_of(typed: str) -> list[str]:
    """What a search looks for: each word typed, full width and case folded, at most eight."""
    plain = unicodedata.normalize("NFKC", typed).lower()
    # PostgreSQL's texts have no NUL, so nothing is found by what cannot be there.
    return "".join(c if c.isprintable() else " " for c in plain).split()[:MOST_WORDS]


async def _handled_in(session: AsyncSession, region: str, on: date) -> Select[str]:
    """Codes of what some partner takes at the place, at what it lies in, or in a part of it."""
    places = await regions.of(session)
    if not places.is_current(region, on):
        text = "没有这个行政区划或已撤销,请填写现行的 6 位代码。"
        raise InvalidBody(FieldError("/region", "unknown", text))
    around = {*places.chain(region), *places.children(region)}
    return select(Route.offering).where(
        Route.region.in_(around),
        Route.valid_from <= on,
        or_(Route.valid_to.is_(None), Route.valid_to >= on),
    )


def place_of(code: str) -> UUID:
    """An offering's place in the list, as the key that pages go by: its code's letters."""
    return UUID(bytes=code.encode().ljust(16, b"\0"))


def code_at(place: UUID | None) -> str:
    """The code whose place this is, empty for the beginning; raises BadCursor."""
    if place is None:
        return ""
    code = place.bytes.rstrip(b"\0")
    if not CODE.fullmatch(code.decode("latin-1")):
        raise BadCursor
    return code.decode()
