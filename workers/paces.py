"""Keeps what the forecast rests on: how far each clock had got when it ended or breached."""

from uuid import UUID

import dramatiq
from sqlalchemy.ext.asyncio import AsyncSession

from events import inbox, of_requests
from service.requests.forecasting import noting
from workers import effects
from workers.broker import broker

ENDS = (
    of_requests.RequestAccepted,
    of_requests.RequestBounced,
    of_requests.OfferWithdrawn,
    of_requests.FirstReviewed,
    of_requests.RequestDeclined,
    of_requests.RequestCompleted,
    of_requests.RequestWithdrawn,
    of_requests.RequestExpired,
    of_requests.DeadlineBreached,
)
"""With each of these a partner's clock has ended, or has breached."""


@dramatiq.actor(broker=broker, queue_name="facts", max_retries=8)
async def note(subject: str) -> None:
    """Note the clocks of `subject` that have ended. Safe to receive twice, late, out of order."""
    await effects.take("paces.note", subject, lambda session: note_ended(session, subject))


async def note_ended(session: AsyncSession, subject: str) -> int:
    """Note what is new; returns how many clocks."""
    if not await inbox.unread(session, "paces.note", subject):
        return 0
    return await noting.note(session, UUID(subject.partition("/")[2]))
