"""How many requests of somebody are under way, for the page of their unit."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests.models import Request
from service.requests.states import OPEN
from service.talents.applications import unit_day


async def under_way(session: AsyncSession, people: Collection[UUID]) -> Mapping[UUID, int]:
    """Requests under way by person; those without any are left out."""
    query = (
        select(Request.person_id, func.count())
        .where(Request.person_id.in_(people), Request.state.in_(OPEN))
        .group_by(Request.person_id)
    )
    return {person_id: number for person_id, number in await session.execute(query)}


unit_day.counts_requests(under_way)
