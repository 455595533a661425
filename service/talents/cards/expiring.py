"""Cards past their last day (guide.md 2.4): each ends once, whoever looks how often."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service.pages.show import SHANGHAI
from service.talents.cards.card import LIVE, Card


async def expire_due(session: AsyncSession, now: datetime, limit: int = 100) -> int:
    """End up to `limit` cards whose last day has passed in Shanghai; returns how many."""
    today = now.astimezone(SHANGHAI).date()
    query = select(Card).where(Card.state.in_(LIVE), Card.valid_until < today)
    query = query.order_by(Card.valid_until, Card.id).limit(limit)
    due = list(await session.scalars(query.with_for_update(skip_locked=True)))
    for card in due:
        event = card.expire()
        await session.flush()
        await log.append(session, event, by=log.SYSTEM, region=card.region, now=now)
    return len(due)
