"""Webhooks and deliveries as their partner's engineers see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import feed
from events.log import events
from service.etag import etag
from service.pages.show import SHANGHAI
from service.partners.webhooks.delivering import shown_answer
from service.partners.webhooks.models import Delivery, DeliveryTry, Webhook


class WebhookView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A webhook. `secret` stands only in the answer that made it; `public_key` where Ed25519 signs.

    `confirmed_at`: when the receiver consented to our calls; `allowed_rate` in calls a minute.
    """

    id: UUID
    url: str
    types: list[str]
    state: str
    created_at: datetime
    confirmed_at: datetime | None
    allowed_rate: int | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    public_key: str | None
    secret: str | None = None
    etag: str


class TryView(msgspec.Struct, frozen=True):
    """One call: `status` of the answer or `error` where there was none; `answer` its beginning."""

    number: int
    at: datetime
    took_ms: int
    status: int | None
    error: str | None
    answer: str


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way: `waiting`, `delivered` or `failed`; `cause` why it was sent."""

    id: UUID
    event_id: UUID
    type: str
    cause: str
    state: str
    tries: int
    next_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    request: dict[str, Any]
    answers: list[TryView]


def local(moment: datetime | None) -> datetime | None:
    """In Shanghai's time."""
    return moment.astimezone(SHANGHAI) if moment else None


def view(webhook: Webhook, *, secret: str | None = None) -> WebhookView:
    """The webhook; with its secret in the answer that made it, and never again."""
    return WebhookView(
        id=webhook.id,
        url=webhook.url,
        types=webhook.types,
        state=webhook.state,
        created_at=webhook.created_at.astimezone(SHANGHAI),
        confirmed_at=local(webhook.confirmed_at),
        allowed_rate=webhook.allowed_rate,
        failing_since=local(webhook.failing_since),
        old_secret_until=local(webhook.old_secret_until),
        public_key=webhook.public_key,
        secret=secret,
        etag=etag(webhook.revision),
    )


async def deliveries(
    session: AsyncSession, rows: Sequence[Delivery], base_url: str
) -> list[DeliveryView]:
    """Deliveries with what is sent and every answer."""
    ids = [each.id for each in rows]
    query = sa.select(DeliveryTry).where(DeliveryTry.delivery_id.in_(ids))
    tries: dict[UUID, list[TryView]] = {each: [] for each in ids}
    for each in await session.scalars(query.order_by(DeliveryTry.number)):
        tries[each.delivery_id].append(_try(each))
    about = sa.select(events).where(events.c.id.in_({each.event_id for each in rows}))
    logged = {row.id: feed.cloud_event(row, base_url) for row in await session.execute(about)}
    return [_delivery(each, _sent(each, logged, base_url), tries[each.id]) for each in rows]


def _sent(each: Delivery, logged: Mapping[UUID, dict[str, Any]], base_url: str) -> dict[str, Any]:
    if each.payload:
        return feed.test_event(each.payload, base_url)
    return logged.get(each.event_id, {})


def _try(each: DeliveryTry) -> TryView:
    at = each.at.astimezone(SHANGHAI)
    answer = shown_answer(each.answer)
    return TryView(each.number, at, each.took_ms, each.status, each.error, answer)


def _delivery(each: Delivery, request: dict[str, Any], answers: list[TryView]) -> DeliveryView:
    return DeliveryView(
        id=each.id,
        event_id=each.event_id,
        type=each.event_type,
        cause=each.cause,
        state=each.state,
        tries=each.tries,
        next_at=local(each.next_at),
        ended_at=local(each.ended_at),
        created_at=each.created_at.astimezone(SHANGHAI),
        request=request,
        answers=answers,
    )
