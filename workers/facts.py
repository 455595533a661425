"""Keeps the counts that figures are made of: hears every fact that they count (api.md 6.5)."""

import dramatiq
from sqlalchemy.ext.asyncio import AsyncSession

from events import inbox
from events.of_cards import BenefitRedeemed
from events.of_deadlines import BreachVoided
from events.of_ratings import (
    CaseBreached,
    RatingCalledBack,
    RatingFollowedUp,
    RatingGiven,
    RatingRuled,
)
from events.of_requests import DeadlineBreached, RequestCompleted
from service.satisfaction import counting
from service.satisfaction.counting import Cell
from service.satisfaction.figures import Counts
from workers import effects
from workers.broker import broker

COUNTED = (
    RatingGiven, RatingCalledBack, RatingRuled, RatingFollowedUp, CaseBreached,
    RequestCompleted, BenefitRedeemed, DeadlineBreached, BreachVoided,
)  # fmt: skip


@dramatiq.actor(broker=broker, queue_name="facts", max_retries=8)
async def count(*subjects: str) -> None:
    """Count what is new at `subjects`. Safe to receive twice, late or out of order."""
    await effects.take_all("facts.count", subjects, lambda s, some: count_facts(s, *some))


async def count_facts(session: AsyncSession, *subjects: str) -> int:
    """Count each unread event once; returns how many cells have changed."""
    changes: dict[Cell, Counts] = {}
    unread = await inbox.unread(session, "facts.count", *subjects)
    for cell, counts in await counting.changes_of(session, unread):
        changes[cell] = changes.get(cell, Counts()) + counts
    moved = {cell: counts for cell, counts in changes.items() if counts != Counts()}
    await counting.apply(session, moved)
    return len(moved)
