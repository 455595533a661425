"""Who gets a request next: hears what leaves one without a partner (api.md 5.6)."""

from datetime import datetime

import dramatiq
from sqlalchemy.ext.asyncio import AsyncSession

from events import inbox
from events.of_requests import (
    OfferWithdrawn,
    RequestBounced,
    RequestChosen,
    RequestDeclined,
    RequestSubmitted,
)
from service.requests.actions.routing import dispatch
from workers import effects, runtime
from workers.broker import broker

UNPLACED = (RequestSubmitted, RequestChosen, RequestBounced, RequestDeclined, OfferWithdrawn)


@dramatiq.actor(broker=broker, queue_name="routing", max_retries=8)
async def route(subject: str) -> None:
    """Offer the request at `subject` to its next partner. Safe to receive twice or late."""
    now = runtime.clock()
    await effects.take("routing.route", subject, lambda s: route_on(s, subject, now=now))


async def route_on(session: AsyncSession, subject: str, now: datetime) -> bool:
    """Dispatch where an unread event left the request unplaced; returns whether it was offered.

    Several unread events ask for one dispatch: it looks at the request as it is now.
    """
    for event in await inbox.unread(session, "routing.route", subject):
        if isinstance(event, UNPLACED):
            return await dispatch(session, event.request_id, now) is not None
    return False
