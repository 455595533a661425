"""Reads of a partner's webhooks."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.partners.webhooks.models import ENDED, Delivery, Webhook
from service.problems import NotFound


async def listed(
    session: AsyncSession, by: Caller, *, after: UUID | None, limit: int
) -> Sequence[Webhook]:
    """The agency's webhooks that are not over, one row more than `limit`."""
    query = sa.select(Webhook).where(Webhook.partner_id == by.partner_id, Webhook.state != ENDED)
    if after is not None:
        query = query.where(Webhook.id > after)
    return (await session.scalars(query.order_by(Webhook.id).limit(limit + 1))).all()


async def visible(session: AsyncSession, by: Caller, webhook_id: UUID) -> Webhook:
    """One of the agency's webhooks, ended ones too; raises NotFound."""
    query = sa.select(Webhook).where(Webhook.id == webhook_id, Webhook.partner_id == by.partner_id)
    found: Webhook | None = await session.scalar(query)
    if found is None:
        raise NotFound
    return found


async def deliveries(
    session: AsyncSession,
    webhook: Webhook,
    *,
    after: UUID | None,
    limit: int,
    state: str | None = None,
) -> Sequence[Delivery]:
    """What was sent or waits, oldest first, one row more than `limit`."""
    query = sa.select(Delivery).where(Delivery.webhook_id == webhook.id)
    if state is not None:
        query = query.where(Delivery.state == state)
    if after is not None:
        query = query.where(Delivery.id > after)
    return (await session.scalars(query.order_by(Delivery.id).limit(limit + 1))).all()


async def newest(session: AsyncSession, webhook: Webhook, limit: int) -> Sequence[Delivery]:
    """The last deliveries, the newest first."""
    query = sa.select(Delivery).where(Delivery.webhook_id == webhook.id)
    return (await session.scalars(query.order_by(Delivery.id.desc()).limit(limit))).all()
