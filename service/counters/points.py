"""服务网点 of a caller's own (card-token.md 10.1)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.counters.views import PointView
from service.partners.models import ServicePoint


async def points_of(
    session: AsyncSession, partner_id: UUID | None, *, after: UUID | None = None, limit: int = 200
) -> Sequence[PointView]:
    """The partner's counters in order of their ids, one more than `limit` to see if more follow."""
    query = select(ServicePoint).where(ServicePoint.partner_id == partner_id)
    if after is not None:
        query = query.where(ServicePoint.id > after)
    rows = await session.scalars(query.order_by(ServicePoint.id).limit(limit + 1))
    return [PointView(row.id, row.name, row.region) for row in rows]
