"""What a draft stands on: the newest version of an offering, or the opening of a wholly new one."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.editing.content import Line
from service.editing.models import PUBLISHED, OfferingDraft
from service.offerings import details
from service.offerings.entitlement import MUNICIPAL
from service.offerings.models import OfferingVersion
from service.problems import NotFound

PUBLISHED_BASIS = "P"
"""What officials put into the catalogue themselves is not assumed (guide.md)."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What a new offering is for good: handled or redeemed, beside a city's card or not, and what
    people call it, for the search."""

    mode: Literal["case", "benefit"]
    municipal: bool = False
    keywords: Annotated[list[Line], msgspec.Meta(max_length=20)] = []


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What the next version of an offering takes over; `version` is 0 where there is none yet."""

    code: str
    version: int
    mode: str
    exclusive_with: str | None
    basis: str
    keywords: list[str]
    newest: OfferingVersion | None = None

    @property
    def valid_from(self) -> date:
        """From when the newest version holds."""
        return self.newest.valid_from if self.newest else date.min

    @property
    def stopped_on(self) -> date | None:
        """When it stops as things stand."""
        return self.newest.stopped_on if self.newest else None


async def lock(session: AsyncSession, table: str) -> None:
    """Nobody else changes what the table is about: the lock under which it is loaded too."""
    statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 1))")
    await session.execute(statement, {"name": f"table {table}"})


async def newest_of(session: AsyncSession, code: str) -> OfferingVersion | None:
    """The newest version of an offering."""
    query = select(OfferingVersion).where(OfferingVersion.code == code)
    found: OfferingVersion | None = await session.scalar(
        query.order_by(OfferingVersion.version.desc()).limit(1)
    )
    return found


async def locked(session: AsyncSession, code: str, opening: dict[str, Any] | None = None) -> Ground:
    """What the next version of it stands on, locked; raises NotFound where it is neither there nor
    being opened."""
    await lock(session, "catalogue")
    newest = await newest_of(session, code)
    if newest is None and opening is None:
        raise NotFound("没有这个事项。")
    if newest is not None:
        return Ground(
            code=code, version=newest.version, mode=newest.mode, basis=newest.basis,
            exclusive_with=newest.exclusive_with, keywords=await _keywords(session, code),
            newest=newest,
        )  # fmt: skip
    opened = msgspec.convert(opening, Opening)
    return Ground(
        code=code, version=0, mode=opened.mode, basis=PUBLISHED_BASIS,
        exclusive_with=MUNICIPAL if opened.municipal else None, keywords=opened.keywords,
    )  # fmt: skip


async def _keywords(session: AsyncSession, code: str) -> list[str]:
    """What people call it: shipped beside the catalogue, or said when it was opened."""
    if words := details.policies().get(code):
        return words.keywords
    query = select(OfferingDraft.opening).where(
        OfferingDraft.code == code,
        OfferingDraft.opening.is_not(None),
        OfferingDraft.state == PUBLISHED,
    )
    opening = await session.scalar(query)
    return msgspec.convert(opening, Opening).keywords if opening else []
