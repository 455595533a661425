"""Reminding holders before the last day: 90, 30 and 7 days, each once (guide.md 2.4).

A rung that was missed while nothing ran is not made up for: the nearest one speaks for it.
"""

from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, and_, case, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_matters import CardReminded
from service.talents.cards.card import LIVE, Card
from service.talents.matters.models import CardReminder
from service.worktime.hours import SHANGHAI

RUNGS = (90, 30, 7)
FROM = time(9)
"""Nobody is woken by the end of a card: not before this hour in Shanghai."""


def rung_of(left: int) -> int | None:
    """The reminder that speaks of so many days left: the smallest that is not passed."""
    return min((rung for rung in RUNGS if left <= rung), default=None) if left >= 0 else None


async def remind_due(session: AsyncSession, now: datetime, limit: int = 100) -> int:
    """Remind the holders of up to `limit` cards; returns how many."""
    local = now.astimezone(SHANGHAI)
    if local.time() < FROM:
        return 0
    due = list(await session.scalars(_due(local.date(), limit)))
    for card in due:
        left = (card.valid_until - local.date()).days
        kept = insert(CardReminder).values(
            card_id=card.id, valid_until=card.valid_until, days=rung_of(left), reminded_at=now
        )
        await session.execute(kept)
        event = CardReminded(card_id=card.id, days=left, valid_until=card.valid_until)
        await log.append(session, event, by=log.SYSTEM, region=card.region, now=now)
    return len(due)


def _due(today: date, limit: int) -> Select[Card]:
    """Cards near their last day whose present rung has not spoken; each locked."""
    ends = [(Card.valid_until <= today + timedelta(days=r), r) for r in sorted(RUNGS)]
    told = exists().where(
        and_(
            CardReminder.card_id == Card.id,
            CardReminder.valid_until == Card.valid_until,
            CardReminder.days == case(*ends, else_=0),
        )
    )
    return (
        select(Card)
        .where(
            Card.state.in_(LIVE),
            Card.valid_until >= today,
            Card.valid_until <= today + timedelta(days=max(RUNGS)),
            ~told,
        )
        .order_by(Card.valid_until, Card.id)
        .limit(limit)
        .with_for_update(of=Card, skip_locked=True)
    )
