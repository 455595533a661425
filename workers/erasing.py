"""Forgets family members that were removed while a request still needed them (guide.md 7.1)."""

from uuid import UUID

import dramatiq
from sqlalchemy.ext.asyncio import AsyncSession

from events import inbox
from events.of_requests import (
    OfRequest,
    RequestCompleted,
    RequestExpired,
    RequestRuled,
    RequestWithdrawn,
)
from service.requests import members
from workers import effects, runtime
from workers.broker import broker

ENDS = (RequestCompleted, RequestExpired, RequestRuled, RequestWithdrawn)


@dramatiq.actor(broker=broker, queue_name="facts", max_retries=8)
async def erase(subject: str) -> None:
    """Erase what nobody needs any more after `subject`. Safe to receive twice or late."""
    await effects.take("erasing.erase", subject, lambda session: erase_after(session, subject))


async def erase_after(session: AsyncSession, subject: str) -> int:
    """Whoever was removed and was still needed by this request alone; returns how many."""
    ended: set[UUID] = {
        event.request_id
        for event in await inbox.unread(session, "erasing.erase", subject)
        if isinstance(event, OfRequest) and isinstance(event, ENDS)
    }
    return sum([await members.let_go(session, each, runtime.clock()) for each in ended])
