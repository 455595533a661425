"""Claiming what is due and recording how it went: two short transactions around each call.

Nothing is called here (workers/webhooks.py does); a process that dies between the two leaves the
delivery due again when its lease is over.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from events import feed, log
from events.log import events
from service import ids
from service.partners.webhooks.actions import PROVINCE, drop_open
from service.partners.webhooks.models import ACTIVE, Delivery, DeliveryTry, Webhook

WAITS = tuple(
    timedelta(seconds=each)
    for each in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""After the first try nine more over about 75 hours (events.md 4.4)."""
TRIES = len(WAITS) + 1
JITTER_PERCENT = 10
LONGEST_RETRY_AFTER = timedelta(hours=24)
LEASE = timedelta(seconds=60)
"""A call takes 10 s at most; what is not recorded by then died with its process."""
MINUTE = timedelta(minutes=1)
AT_ONCE = 8
"""Calls under way to one address from one process."""


class Call(msgspec.Struct, frozen=True):
    """One delivery to make, with all that the call needs."""

    delivery_id: UUID
    webhook_id: UUID
    event_id: UUID
    number: int
    url: str
    confirmed: bool
    secrets: tuple[str, ...]
    signing_key: str | None
    body: bytes


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call went. `error` is a code of ours where there was no proper answer.

    `allowed_rate` in calls a minute, and `confirmed` where the receiver has just consented (4.2).
    """

    status: int | None = None
    error: str | None = None
    answer: bytes = b""
    took_ms: int = 0
    retry_after_seconds: int | None = None
    confirmed: bool = False
    allowed_rate: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.error is None and self.status is not None and 200 <= self.status < 300


async def claim(
    session: AsyncSession,
    now: datetime,
    *,
    base_url: str,
    busy: Mapping[UUID, int],
    limit: int = 50,
) -> list[Call]:
    """Take what is due, a few for each address; `busy` counts the calls under way here.

    An address that another process is at is stepped over, and so is one whose room is full: its
    deliveries wait for themselves alone.
    """
    full = [webhook_id for webhook_id, count in busy.items() if count >= AT_ONCE]
    proven = Webhook.confirmed_at.is_not(None) & Webhook.failing_since.is_(None)
    query = (
        sa.select(Webhook)
        .where(Webhook.state == ACTIVE, Webhook.next_at <= now, Webhook.id.not_in(full))
        .where(proven | Webhook.id.not_in(list(busy)))
        .order_by(Webhook.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = []
    for webhook in await session.scalars(query):
        room = _room(webhook, busy.get(webhook.id, 0), now)
        found += await _claim_of(session, webhook, room, base_url, now)
    return found


def _room(webhook: Webhook, busy: int, now: datetime) -> int:
    """How many calls may begin now, of those that `busy` leaves free.

    One until the receiver has consented, and one while it fails: many that hang must not take all
    the places that a process has. Then its own rate (4.2).
    """
    proven = webhook.confirmed_at is not None and webhook.failing_since is None
    free = (AT_ONCE if proven else 1) - busy
    if webhook.allowed_rate is None:
        return free
    return min(free, webhook.allowed_rate - _used(webhook, now))


def _used(webhook: Webhook, now: datetime) -> int:
    """The calls of the minute under way."""
    begun = webhook.rate_minute
    return 0 if begun is None or now - begun >= MINUTE else webhook.rate_used


async def _claim_of(
    session: AsyncSession, webhook: Webhook, room: int, base_url: str, now: datetime
) -> list[Call]:
    due = sa.select(Delivery).where(Delivery.webhook_id == webhook.id, Delivery.next_at <= now)
    query = due.order_by(Delivery.next_at, Delivery.id).limit(max(room, 0))
    taken = list(await session.scalars(query.with_for_update()))
    bodies = await _bodies(session, taken, base_url)
    for delivery in taken:
        delivery.tries, delivery.next_at = delivery.tries + 1, now + LEASE
    await session.flush()
    used = _used(webhook, now)
    begun = webhook.rate_minute if used else now
    await _keep(session, webhook, rate_minute=begun, rate_used=used + len(taken))
    await _set_next(session, webhook, now)
    return [_call(webhook, delivery, bodies[delivery.id], now) for delivery in taken]


async def _set_next(session: AsyncSession, webhook: Webhook, now: datetime) -> None:
    """The nearest due time of its open deliveries; not before its minute of calls is over."""
    nearest = sa.select(sa.func.min(Delivery.next_at)).where(
        Delivery.webhook_id == webhook.id, Delivery.next_at.is_not(None)
    )
    found = await session.scalar(nearest)
    used_up = webhook.allowed_rate is not None and webhook.rate_used >= webhook.allowed_rate
    if found is not None and used_up and webhook.rate_minute is not None:
        found = max(found, webhook.rate_minute + MINUTE)
    await _keep(session, webhook, next_at=found)


async def _keep(session: AsyncSession, webhook: Webhook, **values: Any) -> None:
    """Write what the deliveries need without a new revision: its partner changed nothing."""
    await session.execute(
        sa.update(Webhook).where(Webhook.id == webhook.id).values(**values),
        execution_options={"synchronize_session": False},
    )
    for name, value in values.items():
        set_committed_value(webhook, name, value)


async def _bodies(
    session: AsyncSession, taken: Sequence[Delivery], base_url: str
) -> dict[UUID, bytes]:
    """What is sent, the same octets at every try."""
    query = sa.select(events).where(events.c.id.in_({each.event_id for each in taken}))
    rows = {row.id: row for row in await session.execute(query)}
    return {
        each.id: msgspec.json.encode(
            feed.test_event(each.payload, base_url)
            if each.payload
            else feed.cloud_event(rows[each.event_id], base_url),
            order="sorted",
        )
        for each in taken
    }


def _call(webhook: Webhook, delivery: Delivery, body: bytes, now: datetime) -> Call:
    return Call(
        delivery.id, webhook.id, delivery.event_id, delivery.tries, webhook.url,
        webhook.confirmed_at is not None, tuple(webhook.secrets_at(now)), webhook.signing_key, body,
    )  # fmt: skip


async def record(session: AsyncSession, call: Call, outcome: Outcome, now: datetime) -> None:
    """Keep how a call went and when the next is due. Twice, or too late, it changes nothing."""
    query = sa.select(Webhook).where(Webhook.id == call.webhook_id).with_for_update()
    webhook = (await session.scalars(query)).one()
    delivery = await session.get_one(Delivery, call.delivery_id, with_for_update=True)
    if delivery.tries != call.number or delivery.next_at is None:
        return
    session.add(
        DeliveryTry(
            delivery_id=delivery.id, number=call.number, at=now, took_ms=outcome.took_ms,
            status=outcome.status, error=outcome.error, answer=outcome.answer or None,
        )
    )  # fmt: skip
    if outcome.confirmed and webhook.url == call.url:
        await _keep(session, webhook, confirmed_at=now, allowed_rate=outcome.allowed_rate)
    if outcome.delivered:
        delivery.state, delivery.next_at, delivery.ended_at = "delivered", None, now
        webhook.failing_since = None
    else:
        await _failed(session, webhook, delivery, outcome, now)
    await session.flush()
    if webhook.state == ACTIVE:
        await _set_next(session, webhook, now)


async def _failed(
    session: AsyncSession, webhook: Webhook, delivery: Delivery, outcome: Outcome, now: datetime
) -> None:
    delivery.next_at = next_try(delivery.tries, outcome.retry_after_seconds, now)
    if delivery.next_at is None:
        delivery.state, delivery.ended_at = "failed", now
    if webhook.state != ACTIVE:
        return
    event = webhook.end("gone") if outcome.status == 410 else webhook.failed(now)
    if event is None:
        return
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=PROVINCE, now=now)
    if outcome.status == 410:
        await drop_open(session, webhook.id, now)


def next_try(tries: int, retry_after_seconds: int | None, now: datetime) -> datetime | None:
    """When to try again after so many tries, jittered; None after the last one.

    What the receiver asks for in `Retry-After` is kept, within a day.
    """
    if tries >= TRIES:
        return None
    wait = WAITS[tries - 1]
    wait += wait * ids.random_below(2 * JITTER_PERCENT + 1) / 100 - wait * JITTER_PERCENT / 100
    if retry_after_seconds is not None:
        wait = max(wait, min(timedelta(seconds=retry_after_seconds), LONGEST_RETRY_AFTER))
    return now + wait


def shown_answer(answer: bytes | None) -> str:
    """The kept beginning of an answer, as text; base64 where it is none."""
    try:
        return (answer or b"").decode()
    except UnicodeDecodeError:
        return base64.b64encode(answer or b"").decode()
