"""Outward messages on their way: claimed, called, recorded; never a call inside a transaction.

The key of a message is its own id, the same at every try: an e-mail's Message-ID, the gateway's
idempotency key. Whoever was killed between call and record is tried again under that key.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_accounts import ChannelBounced, SendingFailed
from service import ids
from service.auth.models import Account
from service.channels import composing, quiet, wishes
from service.channels.composing import Told, Words
from service.channels.models import (
    DROPPED,
    FAILED,
    SENT,
    WAITING,
    Address,
    Sending,
    SendingLine,
)
from service.reference.tables import PROVINCE

WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720))
"""After the first try seven more within a day."""
TRIES = len(WAITS) + 1
CODE_WAITS = (timedelta(seconds=20), timedelta(minutes=1), timedelta(minutes=3))
"""A code is worth nothing once it has run out."""
JITTER_PERCENT = 10
LEASE = timedelta(seconds=120)
"""A call takes less; what is not recorded by then died with its process."""
LONGEST_RETRY_AFTER = timedelta(hours=12)


class Parcel(msgspec.Struct, frozen=True):
    """One message to hand over, with all that the call needs; printed without its address."""

    sending_id: UUID
    number: int
    to: str
    words: Words

    def __repr__(self) -> str:
        return f"Parcel({self.sending_id}, {self.number})"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call went. `error` is a code of ours; `final`: no use in trying again.

    `bounced`: the address itself is no good.
    """

    error: str | None = None
    final: bool = False
    bounced: bool = False
    retry_after_seconds: int | None = None


async def claim(
    session: AsyncSession, channel: str, now: datetime, base_url: str, limit: int = 20
) -> list[Parcel]:
    """Take up to `limit` messages of a channel that are due and not in their quiet hours."""
    due = (
        select(Sending)
        .where(Sending.channel == channel, Sending.next_at <= now)
        .order_by(Sending.next_at, Sending.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.scalars(due)).all()
    if not rows:
        return []
    hours = await quiet.hours(session, {row.region for row in rows})
    reach = await _reach(session, channel, rows)
    lines = await _lines(session, rows)
    found = []
    for row in rows:
        opens = now if row.secret else hours.next_open(row.region, row.role, now)
        if opens > now:
            row.next_at = opens
        elif parcel := _parcel(row, reach.get(row.account_id), lines.get(row.id, []), base_url):
            row.state, row.tries, row.next_at = WAITING, row.tries + 1, now + LEASE
            found.append(msgspec.structs.replace(parcel, number=row.tries))
        else:
            _end(row, DROPPED, now)
    await session.flush()
    return found


async def _reach(
    session: AsyncSession, channel: str, rows: Sequence[Sending]
) -> Mapping[UUID, Address]:
    """The addresses of accounts that are in use."""
    query = (
        select(Address)
        .join(Account, Account.id == Address.account_id)
        .where(
            Address.channel == channel,
            Address.account_id.in_({row.account_id for row in rows}),
            Account.disabled_at.is_(None),
        )
    )
    return {row.account_id: row for row in await session.scalars(query)}


async def _lines(
    session: AsyncSession, rows: Sequence[Sending]
) -> Mapping[UUID, list[SendingLine]]:
    """The facts of each message that are still wanted, in the order in which they were told."""
    query = select(SendingLine).where(SendingLine.sending_id.in_([row.id for row in rows]))
    found: dict[UUID, list[SendingLine]] = {}
    wished = await wishes.of(session, {row.account_id for row in rows})
    for line in await session.scalars(query.order_by(SendingLine.written_at, SendingLine.key)):
        if wishes.wants(wished, line.account_id, line.kind, line.channel):
            found.setdefault(line.sending_id, []).append(line)
    return found


def _parcel(
    row: Sending, reach: Address | None, lines: Sequence[SendingLine], base_url: str
) -> Parcel | None:
    """What to hand over; None where there is nothing to say, or nobody to say it to."""
    if reach is None:
        return None
    if row.secret:
        words = composing.code_words(row.channel, row.secret)
        return Parcel(row.id, 0, reach.wanted, words) if reach.wanted else None
    if not reach.usable or not lines:
        return None
    told = [Told(line.kind, line.text, line.written_at) for line in lines]
    return Parcel(row.id, 0, reach.usable, composing.compose(row.channel, told, base_url))


def _end(row: Sending, state: str, now: datetime) -> None:
    row.state, row.next_at, row.ended_at, row.secret = state, None, now, None


async def record(session: AsyncSession, parcel: Parcel, outcome: Outcome, now: datetime) -> None:
    """Keep how a call went and when the next is due. Twice, or too late, it changes nothing."""
    row = await session.get_one(Sending, parcel.sending_id, with_for_update=True)
    if row.tries != parcel.number or row.next_at is None:
        return
    row.error = outcome.error
    if outcome.error is None:
        _end(row, SENT, now)
        return
    row.next_at = None if outcome.final else next_try(row, outcome.retry_after_seconds, now)
    if row.next_at is None:
        was_code = row.secret is not None
        _end(row, FAILED, now)
        event = SendingFailed(sending_id=row.id, channel=row.channel, error=outcome.error)
        await log.append(session, event, by=log.SYSTEM, region=PROVINCE, now=now)
        if outcome.bounced and not was_code:
            await bounce(session, row.account_id, row.channel, now)


def next_try(row: Sending, retry_after_seconds: int | None, now: datetime) -> datetime | None:
    """When to try again, jittered; None after the last try. `Retry-After` is kept."""
    waits = CODE_WAITS if row.secret else WAITS
    if row.tries > len(waits):
        return None
    wait = waits[row.tries - 1]
    wait += wait * (ids.random_below(2 * JITTER_PERCENT + 1) - JITTER_PERCENT) / 100
    if retry_after_seconds is not None:
        wait = max(wait, min(timedelta(seconds=retry_after_seconds), LONGEST_RETRY_AFTER))
    return now + wait


async def bounce(session: AsyncSession, account_id: UUID, channel: str, now: datetime) -> bool:
    """An address is no good: nothing goes there until it is confirmed anew; whether it was good."""
    await session.get_one(Account, account_id, with_for_update=True)
    row = await session.get(Address, (account_id, channel))
    if row is None or not row.usable:
        return False
    row.bounced_at = now
    event = ChannelBounced(account_id=account_id, channel=channel)
    await log.append(session, event, by=log.SYSTEM, region=PROVINCE, now=now)
    return True
