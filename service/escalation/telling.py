"""Telling those concerned of a rung that fell; keeping who was told, until they take note."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from events.of_requests import OfClock
from service import ids
from service.escalation import rules, wording
from service.escalation.models import Escalation
from service.satisfaction import audiences
from service.satisfaction.audiences import Concerned
from service.satisfaction.sentences import Audience


class Saying(msgspec.Struct, frozen=True):
    """One sentence for one account, told as one of an audience."""

    account_id: UUID
    audience: Audience
    text: str


async def of_rung(
    session: AsyncSession, event: OfClock, about: Concerned, offering: str, row: Any, now: datetime
) -> Sequence[Saying]:
    """Who is told of a rung and in which words, each account once; kept as escalations.

    `row` is the event's own in the log: its region says which 专家中心 hears of it.
    """
    found: dict[UUID, Saying] = {}
    for rule in await rules.at(session, event.leg, event.rung):
        text = wording.sentence(rule.to, event, offering)
        for account_id in await audiences.accounts(session, rule.to, about, row.region):
            if account_id in found:
                continue
            found[account_id] = Saying(account_id, rule.to, text)
            session.add(_kept(event, rule, found[account_id], row, now))
    await _supersede(session, event, list(found))
    await session.flush()
    return list(found.values())


def _kept(event: OfClock, rule: rules.Rule, saying: Saying, row: Any, now: datetime) -> Escalation:
    return Escalation(
        id=ids.new_id(), account_id=saying.account_id, request_id=event.request_id,
        clock_id=event.clock_id, generation=event.generation, rung=event.rung, leg=event.leg,
        audience=rule.to, region=row.region, sequence=row.sequence, text=saying.text, told=1,
        left=rule.repeats, repeat_hours=rule.repeat_hours, told_at=now,
        next_at=now + timedelta(hours=rule.repeat_hours) if rule.repeats else None,
        acknowledged_at=None, acknowledged_by=None,
    )  # fmt: skip


async def _supersede(session: AsyncSession, event: OfClock, accounts: Sequence[UUID]) -> None:
    """A later rung speaks for the ones before it: those are not repeated to the same people."""
    earlier = (
        (Escalation.clock_id == event.clock_id)
        & (Escalation.account_id.in_(accounts))
        & ~((Escalation.generation == event.generation) & (Escalation.rung == event.rung))
    )
    change = update(Escalation).where(earlier, Escalation.next_at.is_not(None))
    await session.execute(
        change.values(next_at=None), execution_options={"synchronize_session": False}
    )
