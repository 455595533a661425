"""Taking note: whoever was told of a rung says so, and their side is not reminded again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_requests import DeadlineAcknowledged
from service.auth.callers import Caller
from service.channels import planning
from service.escalation.models import Escalation
from service.escalation.repeating import key_of
from service.problems import NotFound
from service.requests.models import Request
from service.satisfaction import promises
from service.satisfaction.audiences import ROLE_OF
from service.satisfaction.models import Notice
from service.satisfaction.sentences import Audience


class EscalationView(msgspec.Struct, frozen=True, kw_only=True):
    """A rung that the caller was told of. `repeats_at`: when they are reminded of it again."""

    id: UUID
    request_id: UUID
    leg: str
    rung: str
    text: str
    told: int
    told_at: datetime
    repeats_at: datetime | None
    acknowledged_at: datetime | None


def view(row: Escalation) -> EscalationView:
    """An escalation as its recipient sees it."""
    return EscalationView(
        id=row.id, request_id=row.request_id, leg=row.leg, rung=row.rung, text=row.text,
        told=row.told, told_at=promises.local(row.told_at),
        repeats_at=promises.local_or_none(row.next_at),
        acknowledged_at=promises.local_or_none(row.acknowledged_at),
    )  # fmt: skip


async def of_account(
    session: AsyncSession,
    account_id: UUID | None,
    *,
    open_only: bool,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[Escalation]:
    """Up to `limit` + 1 escalations of one account, oldest first.

    Open is what repeats until somebody takes note.
    """
    query = select(Escalation).where(Escalation.account_id == account_id)
    if open_only:
        query = query.where(Escalation.next_at.is_not(None))
    if after is not None:
        query = query.where(Escalation.id > after)
    return (await session.scalars(query.order_by(Escalation.id).limit(limit + 1))).all()


async def acknowledge(
    session: AsyncSession, escalation_id: UUID, by: Caller, now: datetime
) -> Escalation:
    """Take note of a rung, for the caller's side of it; a second time changes nothing.

    The side's earlier rungs of that clock are taken note of with it; a later rung speaks anew.
    Raises NotFound where the caller was not told of it.
    """
    mine = await session.get(Escalation, escalation_id)
    if mine is None or mine.account_id != by.account_id or by.account_id is None:
        raise NotFound
    # The request first, as everybody locks it: its row orders its story.
    offering, region = await _lock(session, mine.request_id)
    side = await _side(session, mine)
    await session.refresh(mine)
    if mine.acknowledged_at is not None:
        return mine
    for row in side:
        row.acknowledged_at, row.acknowledged_by, row.next_at = now, by.account_id, None
    await session.flush()
    await _settle_own(session, [row for row in side if row.account_id == by.account_id], now)
    event = DeadlineAcknowledged(
        request_id=mine.request_id, offering=offering, clock_id=mine.clock_id, leg=mine.leg,
        generation=mine.generation, rung=mine.rung, audience=mine.audience,
    )  # fmt: skip
    author = by.author(ROLE_OF[Audience(mine.audience)])
    await log.append(session, event, by=author, region=region, now=now)
    return mine


async def _lock(session: AsyncSession, request_id: UUID) -> tuple[str, str]:
    query = select(Request.offering, Request.region).where(Request.id == request_id)
    row = (await session.execute(query.with_for_update())).one()
    return row.offering, row.region


async def _side(session: AsyncSession, mine: Escalation) -> Sequence[Escalation]:
    """What the same side was told of the same clock up to this rung, and has not taken note of."""
    query = select(Escalation).where(
        Escalation.clock_id == mine.clock_id,
        Escalation.audience == mine.audience,
        Escalation.sequence <= mine.sequence,
        Escalation.acknowledged_at.is_(None),
    )
    return (await session.scalars(query.order_by(Escalation.id).with_for_update())).all()


async def _settle_own(session: AsyncSession, own: Sequence[Escalation], now: datetime) -> None:
    """Their own notices are read, and what has not gone out to them yet need not."""
    for row in own:
        keys = [key_of(row, told) for told in range(1, row.told + 1)]
        await planning.withdraw(session, [row.account_id], keys)
        told = (
            (Notice.account_id == row.account_id)
            & (Notice.subject == f"requests/{row.request_id}")
            & (Notice.sequence == row.sequence)
        )
        change = update(Notice).where(told, Notice.read_at.is_(None)).values(read_at=now)
        await session.execute(change, execution_options={"synchronize_session": False})
