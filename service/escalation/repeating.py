"""Reminding again of rungs that nobody has acknowledged; a due column and a sweep (time.md 5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.channels import planning
from service.channels.planning import Fact
from service.escalation import wording
from service.escalation.models import Escalation
from service.requests.models import Clock, Request
from service.satisfaction import audiences
from service.satisfaction.audiences import ROLE_OF, Concerned
from service.satisfaction.models import Notice
from service.satisfaction.sentences import Audience


async def repeat_due(session: AsyncSession, now: datetime, limit: int = 100) -> int:
    """Remind of up to `limit` escalations; returns how many were looked at.

    Notice, outward message and the next due time are one transaction, under the row's lock.
    """
    due = (
        select(Escalation)
        .where(Escalation.next_at <= now)
        .order_by(Escalation.next_at, Escalation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.scalars(due)).all()
    facts = [fact for row in rows if (fact := await _again(session, row, now))]
    await session.flush()
    await planning.plan(session, facts, now)
    return len(rows)


async def _again(session: AsyncSession, row: Escalation, now: datetime) -> Fact | None:
    """Tell one recipient once more; None where there is nothing to remind of now."""
    clock = await session.get(Clock, row.clock_id)
    if clock is None or clock.stopped_at is not None or clock.generation != row.generation:
        row.next_at = None
        return None
    if clock.due_at is None:  # a clock that stands still reminds of nothing (time.md P4)
        row.next_at = now + timedelta(hours=row.repeat_hours)
        return None
    if row.account_id not in await _still(session, row):
        row.next_at = None
        return None
    row.told, row.left, row.told_at = row.told + 1, row.left - 1, now
    row.next_at = now + timedelta(hours=row.repeat_hours) if row.left else None
    text = row.text + wording.AGAIN.format(number=row.told)
    session.add(
        Notice(
            id=ids.new_id(), account_id=row.account_id, subject=f"requests/{row.request_id}",
            sequence=row.sequence, kind=kind_of(row), text=text, written_at=now, read_at=None,
        )
    )  # fmt: skip
    return Fact(
        account_id=row.account_id,
        key=key_of(row, row.told),
        kind=kind_of(row),
        text=text,
        region=row.region,
        role=ROLE_OF[Audience(row.audience)],
    )


async def _still(session: AsyncSession, row: Escalation) -> Sequence[UUID]:
    """Whoever is of that side today: a clerk who left is not reminded."""
    query = select(Request.person_id, Request.partner_id, Request.offering)
    about = (await session.execute(query.where(Request.id == row.request_id))).one()
    concerned = Concerned(about.person_id, about.partner_id, about.offering)
    return await audiences.accounts(session, Audience(row.audience), concerned, row.region)


def kind_of(row: Escalation) -> str:
    """The kind of its notices."""
    return "deadline.breached" if row.rung == "breach" else "deadline.warned"


def key_of(row: Escalation, told: int) -> str:
    """The key under which a telling goes out: the event's own at first, then the escalation's."""
    if told == 1:
        return f"requests/{row.request_id}#{row.sequence}"
    return f"escalations/{row.id}#{told}"
