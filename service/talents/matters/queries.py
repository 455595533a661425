"""Reads of 卡务: whose they are, who may see them, what waits for a window (api.md 1.7, 2.3)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.problems import NotFound
from service.reference import regions
from service.talents import queries
from service.talents.cards.card import Card
from service.talents.matters.kinds import UNTOLD, KindName, StateName
from service.talents.matters.models import OPEN, Matter


async def seen_by(session: AsyncSession, caller: Caller) -> ColumnElement[bool]:
    """Those of the cards that the caller may see, and those that come to the caller's window.

    The holder does not read of a kind that is not told to them.
    """
    of_card = Matter.card_id.in_(select(Card.id).where(await queries.card_seen_by(session, caller)))
    only_own = caller.has(Role.TALENT) and len(caller.roles) == 1
    theirs = [and_(of_card, Matter.kind.not_in(UNTOLD)) if only_own else of_card]
    theirs.append(await waiting_for(session, caller))
    return or_(*theirs)


async def waiting_for(session: AsyncSession, caller: Caller) -> ColumnElement[bool]:
    """Those whose window is the caller's, or lies in the caller's place."""
    known = await regions.of(session)
    places = [known.children(place) for place in caller.regions(Role.REVIEWER)]
    return Matter.place.in_(frozenset().union(*places)) if places else false()


async def visible(session: AsyncSession, caller: Caller, matter_id: UUID) -> Matter:
    """One matter where the caller may see it; raises NotFound."""
    query = select(Matter).where(Matter.id == matter_id, await seen_by(session, caller))
    found: Matter | None = await session.scalar(query)
    if found is None:
        raise NotFound
    return found


async def listed(
    session: AsyncSession,
    caller: Caller,
    *,
    after: UUID | None,
    limit: int,
    state: StateName | None = None,
    kind: KindName | None = None,
    card_id: UUID | None = None,
) -> Sequence[Matter]:
    """The caller's list, one row more than `limit`."""
    query = select(Matter).where(await seen_by(session, caller))
    if state is not None:
        query = query.where(Matter.state == state)
    if kind is not None:
        query = query.where(Matter.kind == kind)
    if card_id is not None:
        query = query.where(Matter.card_id == card_id)
    if after is not None:
        query = query.where(Matter.id > after)
    return (await session.scalars(query.order_by(Matter.id).limit(limit + 1))).all()


async def of_card(session: AsyncSession, caller: Caller, card_id: UUID) -> Sequence[Matter]:
    """What there is and was about one card, the newest first."""
    query = select(Matter).where(Matter.card_id == card_id, await seen_by(session, caller))
    return (await session.scalars(query.order_by(Matter.id.desc()).limit(100))).all()


async def queue_of(
    session: AsyncSession, caller: Caller, *, mine: bool, kind: str | None, limit: int
) -> Sequence[Matter]:
    """What is open, by what runs out first; `mine`: only what the caller's window decides."""
    scope = await waiting_for(session, caller) if mine else await seen_by(session, caller)
    query = select(Matter).where(Matter.state == OPEN, scope)
    if kind is not None:
        query = query.where(Matter.kind == kind)
    query = query.order_by(Matter.due_at.nulls_last(), Matter.id).limit(limit)
    return (await session.scalars(query)).all()
