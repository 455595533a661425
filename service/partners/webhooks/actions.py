"""What a partner does with its webhooks (events.md 4.1). Nothing here calls anybody."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import feed, log
from events.base import Event
from events.catalogue import EVENTS
from service import ids
from service.auth.callers import Caller, Role
from service.etag import check_revision
from service.partners.webhooks import addresses, planning, signatures
from service.partners.webhooks.addresses import Network
from service.partners.webhooks.models import ACTIVE, Delivery, Webhook
from service.problems import FieldError, InvalidBody, NotFound, Problem

MOST = 20
TEST_TYPE = feed.TEST_TYPE

Types = Annotated[list[str], msgspec.Meta(max_length=100, description="事件类型;空为全部")]
Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to, which events, and whether Ed25519 signs beside the shared secret (4.3)."""

    url: Url
    types: Types = []
    signatures: Annotated[list[Literal["v1", "v1a"]], msgspec.Meta(max_length=2)] = msgspec.field(
        default_factory=lambda: ["v1"]
    )


class WebhookPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changes; any change turns a disabled webhook on again."""

    url: Url | msgspec.UnsetType = msgspec.UNSET
    types: Types | msgspec.UnsetType = msgspec.UNSET


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Send again everything from this instant on."""

    since: datetime = msgspec.field(name="from")


class TooManyWebhooks(Problem):
    """A partner has a bounded number of open webhooks."""

    code = "too-many-webhooks"
    status = 409
    title = "接收地址已达上限"
    advice = f"每个单位最多 {MOST} 个接收地址,请先删除不用的。"


async def make(
    session: AsyncSession, by: Caller, new: NewWebhook, allowed: Sequence[Network], now: datetime
) -> Webhook:
    """A webhook of the caller's agency. Raises InvalidBody, TooManyWebhooks."""
    check_types(new.types)
    await addresses.check_given(new.url, allowed)
    mine = sa.select(sa.func.count()).where(
        Webhook.partner_id == by.partner_id, Webhook.state != "ended"
    )
    # Two at once could both see room for the last: the partner's row says who is first.
    await session.execute(
        sa.text("SELECT 1 FROM partners WHERE id = :id FOR UPDATE"), {"id": by.partner_id}
    )
    if (await session.scalar(mine) or 0) >= MOST:
        raise TooManyWebhooks
    asymmetric = "v1a" in new.signatures
    private, public = signatures.new_signing_key() if asymmetric else (None, None)
    seen_xact, seen_event = await planning.here(session)
    webhook = Webhook(
        id=ids.new_id(),
        partner_id=by.partner_id,
        url=new.url,
        types=sorted(set(new.types)),
        state=ACTIVE,
        secret=signatures.new_secret(),
        old_secret=None,
        old_secret_until=None,
        signing_key=private,
        public_key=public,
        confirmed_at=None,
        allowed_rate=None,
        rate_minute=None,
        rate_used=0,
        failing_since=None,
        next_at=None,
        seen_xact=seen_xact,
        seen_event=seen_event,
        created_at=now,
    )
    session.add(webhook)
    await _tell(session, webhook.made(), by, now)
    return webhook


def check_types(types: Sequence[str]) -> None:
    """Raises InvalidBody for a type that no event has."""
    wrong = [n for n, each in enumerate(types) if each not in EVENTS]
    if wrong:
        advice = "没有这种事件,可用的类型见 /schema/asyncapi.json。"
        raise InvalidBody(*(FieldError(f"/types/{n}", "unknown", advice) for n in wrong))


async def got(session: AsyncSession, webhook_id: UUID, by: Caller) -> Webhook:
    """A webhook of the caller's agency, locked; raises NotFound."""
    query = sa.select(Webhook).where(Webhook.id == webhook_id, Webhook.partner_id == by.partner_id)
    query = query.with_for_update().execution_options(populate_existing=True)
    found: Webhook | None = await session.scalar(query)
    if found is None:
        raise NotFound
    return found


async def change(
    session: AsyncSession,
    webhook_id: UUID,
    by: Caller,
    revision: int,
    patch: WebhookPatch,
    allowed: Sequence[Network],
    now: datetime,
) -> Webhook:
    """Another address or other types. Raises NotFound, Stale, WrongState, InvalidBody."""
    webhook = await got(session, webhook_id, by)
    check_revision(webhook.revision, revision)
    url = None if patch.url is msgspec.UNSET else patch.url
    types = None if patch.types is msgspec.UNSET else patch.types
    check_types(types or [])
    if url is not None:
        await addresses.check_given(url, allowed)
    event = webhook.change(url, None if types is None else sorted(set(types)))
    if await _is_open(session, webhook.id):
        webhook.next_at = now
    await _tell(session, event, by, now)
    return webhook


async def rotate(
    session: AsyncSession, webhook_id: UUID, by: Caller, revision: int, now: datetime
) -> Webhook:
    """A new secret, shown once. Raises NotFound, Stale, WrongState."""
    webhook = await got(session, webhook_id, by)
    check_revision(webhook.revision, revision)
    await _tell(session, webhook.rotate(signatures.new_secret(), now), by, now)
    return webhook


async def end(
    session: AsyncSession, webhook_id: UUID, by: Caller, revision: int, now: datetime
) -> None:
    """Delete it: what is on its way is not tried again. Raises NotFound, Stale, WrongState."""
    webhook = await got(session, webhook_id, by)
    check_revision(webhook.revision, revision)
    await _tell(session, webhook.end("deleted"), by, now)
    await drop_open(session, webhook.id, now)


async def drop_open(session: AsyncSession, webhook_id: UUID, now: datetime) -> None:
    """End the deliveries that would still be tried."""
    mine = sa.update(Delivery).where(
        Delivery.webhook_id == webhook_id, Delivery.next_at.is_not(None)
    )
    await session.execute(mine.values(state="failed", next_at=None, ended_at=now))


async def test(session: AsyncSession, webhook_id: UUID, by: Caller, now: datetime) -> Delivery:
    """Send an event that means nothing. Raises NotFound, WrongState."""
    webhook = await got(session, webhook_id, by)
    webhook.check_open()
    event_id = ids.new_id()
    payload: dict[str, Any] = {
        "specversion": "1.0", "id": str(event_id), "source": "/hck/370000", "type": TEST_TYPE,
        "subject": f"webhooks/{webhook.id}", "time": now.astimezone(feed.SHANGHAI).isoformat(),
        "datacontenttype": "application/json", "sequence": 1,
        "data": {"webhook_id": str(webhook.id)},
    }  # fmt: skip
    return await _send(session, webhook, event_id, TEST_TYPE, "test", now, payload)


async def redeliver(
    session: AsyncSession, webhook_id: UUID, delivery_id: UUID, by: Caller, now: datetime
) -> Delivery:
    """Send one event again, as a delivery of its own. Raises NotFound, WrongState."""
    webhook = await got(session, webhook_id, by)
    webhook.check_open()
    old = await session.get(Delivery, delivery_id)
    if old is None or old.webhook_id != webhook.id:
        raise NotFound
    return await _send(
        session, webhook, old.event_id, old.event_type, "redelivery", now, old.payload
    )


CONCERNED = sa.text("""
SELECT e.id, e.type FROM events e
WHERE e.partner_id = :partner_id AND e.at >= :since AND e.xact <= :xact
    AND (cardinality(CAST(:types AS text[])) = 0 OR e.type = ANY(CAST(:types AS text[])))
ORDER BY e.xact, e.id""")
AGAIN = sa.text("""
INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, cause, state, tries, next_at,
    created_at)
SELECT r.id, :webhook_id, r.event_id, r.type, 'replay', 'waiting', 0, :now, :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:event_ids AS uuid[]), CAST(:event_types AS text[]))
    AS r (id, event_id, type)""")


async def replay(
    session: AsyncSession, webhook_id: UUID, by: Caller, since: datetime, now: datetime
) -> int:
    """Send everything since then again; returns how many events. A disabled one runs again.

    Raises NotFound, WrongState, InvalidBody where that is in the future or longer ago than kept.
    """
    webhook = await got(session, webhook_id, by)
    if since.tzinfo is None or since > now or since < now - feed.KEPT:
        advice = f"请给出 {feed.KEPT // timedelta(days=1)} 天内、带时区的时刻。"
        raise InvalidBody(FieldError("/from", "out-of-range", advice))
    event = webhook.change(None, None)
    webhook.seen_xact, webhook.seen_event = await planning.here(session)
    about = {
        "partner_id": webhook.partner_id,
        "types": webhook.types,
        "since": since,
        "xact": webhook.seen_xact,
    }
    found = (await session.execute(CONCERNED, about)).all()
    again = {
        "webhook_id": webhook.id,
        "now": now,
        "ids": [ids.new_id() for _ in found],
        "event_ids": [row.id for row in found],
        "event_types": [row.type for row in found],
    }
    if found:
        await session.execute(AGAIN, again)
        webhook.next_at = now
    await _tell(session, event, by, now)
    return len(found)


async def _send(
    session: AsyncSession,
    webhook: Webhook,
    event_id: UUID,
    event_type: str,
    cause: str,
    now: datetime,
    payload: dict[str, Any] | None,
) -> Delivery:
    delivery = Delivery(
        id=ids.new_id(), webhook_id=webhook.id, event_id=event_id, event_type=event_type,
        cause=cause, payload=payload, state="waiting", tries=0, next_at=now, ended_at=None,
        created_at=now,
    )  # fmt: skip
    session.add(delivery)
    await session.flush()
    await session.execute(planning.DUE, {"webhook_id": webhook.id, "now": now})
    return delivery


async def _is_open(session: AsyncSession, webhook_id: UUID) -> bool:
    query = sa.select(sa.true()).where(
        Delivery.webhook_id == webhook_id, Delivery.next_at.is_not(None)
    )
    return await session.scalar(query.limit(1)) is not None


async def _tell(session: AsyncSession, event: Event, by: Caller, now: datetime) -> None:
    await session.flush()
    author = by.author(Role.PARTNER_CLERK)
    await log.append(session, event, by=author, region=PROVINCE, now=now)


PROVINCE = "370000"
"""A partner's machines belong to no city; their events stand with the province."""
