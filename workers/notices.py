"""Tells people: events become lines in the inboxes of those concerned, and outward messages."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import dramatiq
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, inbox, of_requests
from events.base import Event
from events.of_requests import OfClock
from service import ids
from service.channels import planning
from service.channels.planning import Fact
from service.escalation import telling
from service.escalation.telling import Saying
from service.partners.models import Partner
from service.satisfaction import audiences, names, sentences
from service.satisfaction.audiences import ROLE_OF, Concerned
from service.satisfaction.models import Notice
from workers import effects, runtime
from workers.broker import broker

RUNGS: tuple[type[Event], ...] = (of_requests.DeadlineWarned, of_requests.DeadlineBreached)
TOLD: tuple[type[Event], ...] = (*sentences.LINES, *RUNGS, of_requests.MessageSent)


@dramatiq.actor(broker=broker, queue_name="notices", max_retries=8)
async def tell(*subjects: str) -> None:
    """Tell everybody concerned what is new at `subjects`. Safe to receive twice or late."""
    now = runtime.clock()
    write = partial(write_notices, now=now)
    await effects.take_all("notices.tell", subjects, lambda s, some: write(s, *some))


async def write_notices(session: AsyncSession, *subjects: str, now: datetime) -> int:
    """Write the notices of each unread event once, and plan what goes out; returns how many."""
    facts: list[Fact] = []
    for row in await inbox.unread_rows(session, "notices.tell", *subjects):
        event = catalogue.read(row.type, row.data)
        kind = sentences.kind_of(event)
        for saying in await _sayings(session, event, row, now):
            session.add(
                Notice(
                    id=ids.new_id(),
                    account_id=saying.account_id,
                    subject=row.subject,
                    sequence=row.sequence,
                    kind=kind,
                    text=saying.text,
                    written_at=now,
                )
            )
            facts.append(
                Fact(
                    account_id=saying.account_id,
                    key=f"{row.subject}#{row.sequence}",
                    kind=kind,
                    text=saying.text,
                    region=row.region,
                    role=ROLE_OF[saying.audience],
                )
            )
    await session.flush()
    await planning.plan(session, facts, now)
    return len(facts)


async def _sayings(
    session: AsyncSession, event: Event, row: Any, now: datetime
) -> Sequence[Saying]:
    """Who is told of an event, as whom, in which words."""
    is_rung = isinstance(event, RUNGS)
    lines = sentences.lines_of(event, row.role)
    if not lines and not is_rung:
        return []
    about = await audiences.concerned(session, event)
    offering = (await names.offerings(session)).get(about.offering, about.offering)
    if is_rung and isinstance(event, OfClock):
        return await telling.of_rung(session, event, about, offering, row, now)
    partner = await session.scalar(select(Partner.name).where(Partner.id == about.partner_id))
    return [
        Saying(account_id, audience, sentences.sentence(line, event, offering, partner or ""))
        for line in lines
        for audience, account_id in await _accounts(session, line, about, row.region)
    ]


async def _accounts(
    session: AsyncSession, line: sentences.Line, about: Concerned, region: str
) -> Sequence[tuple[sentences.Audience, UUID]]:
    return [
        (audience, account_id)
        for audience in line.to
        for account_id in await audiences.accounts(session, audience, about, region)
    ]
