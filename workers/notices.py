"""Tells people: events become lines in the inboxes of those concerned."""

from datetime import datetime
from typing import Any

import dramatiq
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, inbox, of_requests
from events.base import Event
from service import ids
from service.partners.models import Partner
from service.satisfaction import audiences, names, sentences
from service.satisfaction.models import Notice
from workers import effects, runtime
from workers.broker import broker

TOLD: tuple[type[Event], ...] = (*sentences.LINES, of_requests.MessageSent)


@dramatiq.actor(broker=broker, queue_name="notices", max_retries=8)
async def tell(subject: str) -> None:
    """Tell everybody concerned what is new at `subject`. Safe to receive twice or late."""
    now = runtime.clock()
    await effects.take("notices.tell", subject, lambda s: write_notices(s, subject, now=now))


async def write_notices(session: AsyncSession, subject: str, now: datetime) -> int:
    """Write the notices of each unread event once; returns how many."""
    written = 0
    for row in await inbox.unread_rows(session, "notices.tell", subject):
        for notice in await _notices(session, row, now):
            session.add(notice)
            written += 1
    await session.flush()
    return written


async def _notices(session: AsyncSession, row: Any, now: datetime) -> list[Notice]:
    event = catalogue.read(row.type, row.data)
    lines = sentences.lines_of(event, row.role)
    if not lines:
        return []
    about = await audiences.concerned(session, event)
    offering = (await names.offerings(session)).get(about.offering, about.offering)
    partner = await session.scalar(select(Partner.name).where(Partner.id == about.partner_id))
    found = []
    for line in lines:
        text = sentences.sentence(line, event, offering, partner or "")
        for audience in line.to:
            for account_id in await audiences.accounts(session, audience, about, row.region):
                found.append(
                    Notice(
                        id=ids.new_id(),
                        account_id=account_id,
                        subject=row.subject,
                        sequence=row.sequence,
                        kind=sentences.kind_of(event),
                        text=text,
                        written_at=now,
                    )
                )
    return found
