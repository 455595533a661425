"""Offerings read: which version is in force when, and the search."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings.models import OfferingVersion


def versions_on(on: date) -> Select[OfferingVersion]:
    """Each offering's version in force on a day, by code."""
    return (
        select(OfferingVersion)
        .where(OfferingVersion.valid_from <= on)
        .distinct(OfferingVersion.code)
        .order_by(OfferingVersion.code, OfferingVersion.version.desc())
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
