"""Bad ratings as each side may see them: 专家中心 by region, an agency its own (api.md 1.7, G7)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.problems import NotFound
from service.reference import regions
from service.satisfaction import promises
from service.satisfaction.models import BadRating, CallBack, Rating, Verdict

BATCH = 3
"""An agency sees a rating the next day, or at once where so many came that day (G7)."""


async def scope_of(session: AsyncSession, caller: Caller) -> frozenset[str]:
    """The regions that the caller's 专家中心 grants cover, children included (api.md 2.3)."""
    places = await regions.of(session)
    found: frozenset[str] = frozenset()
    for region in caller.regions(Role.CENTRE):
        found |= places.children(region)
    return found


async def visible(
    session: AsyncSession, caller: Caller, now: datetime
) -> Select[BadRating, Rating]:
    """The cases that the caller may see, each with its rating."""
    query = select(BadRating, Rating).join(Rating, Rating.id == BadRating.rating_id)
    if caller.has(Role.CENTRE):
        return query.where(Rating.region.in_(await scope_of(session, caller)))
    query = query.where(
        Rating.partner_id == caller.partner_id,
        # Before the call-back, and where it found nothing, the agency is not concerned.
        BadRating.verdict == Verdict.SUBSTANTIATED,
    )
    today = promises.begin_of(promises.day_of(now))
    if await _rated_since(session, caller.partner_id, today) >= BATCH:
        return query
    return query.where(Rating.rated_at < today)


async def _rated_since(session: AsyncSession, partner_id: UUID | None, begin: datetime) -> int:
    query = select(func.count()).where(
        Rating.partner_id == partner_id, Rating.rated_at >= begin, Rating.origin == "active"
    )
    return await session.scalar(query) or 0


async def one(
    session: AsyncSession, case_id: UUID, caller: Caller, now: datetime, *, lock: bool = False
) -> tuple[BadRating, Rating]:
    """One case that the caller may see. Raises NotFound."""
    query = (await visible(session, caller, now)).where(BadRating.id == case_id)
    if lock:
        query = query.with_for_update(of=BadRating)
    found = (await session.execute(query)).first()
    if found is None:
        raise NotFound
    return found[0], found[1]


async def page(
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    *,
    state: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[tuple[BadRating, Rating]]:
    """Up to `limit` + 1 cases in the order in which they were opened (api.md 1.6)."""
    query = await visible(session, caller, now)
    if state is not None:
        query = query.where(BadRating.state == state)
    if after is not None:
        query = query.where(BadRating.id > after)
    rows = await session.execute(query.order_by(BadRating.id).limit(limit + 1))
    return [(case, rating) for case, rating in rows]


async def tries(session: AsyncSession, case: BadRating) -> Sequence[CallBack]:
    """Every try to reach the rater, oldest first."""
    query = select(CallBack).where(CallBack.bad_rating_id == case.id)
    return (await session.scalars(query.order_by(CallBack.tried_at, CallBack.id))).all()
