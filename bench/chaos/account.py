"""After the storm everything is accounted for: what is lost, doubled or wrong, by name."""

import asyncio
import contextlib
import time
from datetime import datetime, timedelta
from typing import Any, Protocol

import asyncpg
import sqlalchemy as sa

from bench.chaos.clients import Ledger
from bench.chaos.product import Product
from events import dead
from events.feed import SHANGHAI
from service.audit import commands, days
from workers.subscriptions import HEARD

SETTLE_SECONDS = 180.0
SINGLE = {
    "一个事物的事件序号断开或重复": """
        SELECT count(*) FROM (SELECT 1 FROM events GROUP BY subject
            HAVING max(sequence) <> count(*) OR min(sequence) <> 1) t""",
    "未转发的事件": "SELECT count(*) FROM events WHERE published_at IS NULL",
    "没有或不止一条“已提交”的申请": """
        SELECT count(*) FROM (SELECT r.id FROM requests r LEFT JOIN events e
            ON e.subject = 'requests/' || r.id AND e.type = 'hck.request.submitted.v1'
            GROUP BY r.id HAVING count(e.id) <> 1) t""",
    "没有去处的申请": "SELECT count(*) FROM requests WHERE state IN ('submitted', 'routing')",
    "同时派给两家的申请": """
        SELECT count(*) FROM (SELECT request_id FROM dispatches WHERE ended_at IS NULL
            GROUP BY request_id HAVING count(*) > 1) t""",
    "用量与核销笔数不符的卡": """
        SELECT count(*) FROM quota_uses q WHERE used <> (SELECT count(*) FROM redemptions r
            WHERE r.card_id = q.card_id AND r.offering = q.offering)""",
    "死信": dead.COUNT,
    "订阅了而没有推送记录的事件": """
        SELECT count(*) FROM webhooks w JOIN events e ON e.partner_id = w.partner_id
            AND e.at > w.created_at AND (cardinality(w.types) = 0 OR e.type = ANY(w.types))
        WHERE NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id
            AND d.event_id = e.id AND d.cause = 'event')""",
    "既未送达也不再投的推送": """
        SELECT count(*) FROM webhook_deliveries
        WHERE state <> 'delivered' AND next_at IS NULL""",
}
"""What must be none, each with the query that counts it."""
DELIVERED = """
SELECT event_id::text AS id FROM webhook_deliveries WHERE state = 'delivered'"""

UNSEALED = """
SELECT (SELECT count(*) FROM events WHERE (at AT TIME ZONE 'Asia/Shanghai')::date < :day
        AND xact < (SELECT coalesce(max(up_to), 9223372036854775807) FROM audit_days))
    - (SELECT coalesce(sum(count), 0) FROM audit_regions)"""
"""The simulated partners work on meanwhile: what commits after a seal is the next one's
(docs/adr/0018)."""


async def settled(product: Product) -> float:
    """Wait until everything is worked off; returns how many seconds it took."""
    begun = time.monotonic()
    while time.monotonic() - begun < SETTLE_SECONDS:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            owner = await product.owner()
            try:
                left = [await owner.fetchval(query) for query in SINGLE.values()]
                if not any(left) and not await unread(owner):
                    return time.monotonic() - begun
            finally:
                await owner.close()
        await asyncio.sleep(2)
    return time.monotonic() - begun


class Owner(Protocol):
    """Whoever may read everything."""

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """One value."""


async def unread(owner: Owner) -> int:
    """Events that a consumer listens to and has not read."""
    count = 0
    for consumer, (_, kinds) in HEARD.items():
        names = [str(kind.__struct_config__.tag) for kind in kinds]
        count += await owner.fetchval(
            "SELECT count(*) FROM events e WHERE e.type = ANY($2) AND NOT EXISTS (SELECT FROM inbox"
            " i WHERE i.consumer = $1 AND i.subject = e.subject AND i.sequence >= e.sequence)",
            consumer,
            names,
        )
    return count


async def account(product: Product, ledger: Ledger) -> dict[str, int]:
    """What is wrong, by name; all none where nothing was lost or doubled."""
    owner = await product.owner()
    try:
        found = {name: int(await owner.fetchval(query)) for name, query in SINGLE.items()}
        found["消费者没有读到的事件"] = await unread(owner)
        found["答复过而不在的申请"] = await _lacking(owner, "requests", ledger.requests)
        found["答复过而不在的核销"] = await _lacking(owner, "redemptions", ledger.redemptions)
        there = await owner.fetchval("SELECT count(*) FROM requests")
        found["没有人要过的申请"] = int(there) - len(ledger.requests)
        given = await owner.fetchval("SELECT count(*) FROM redemptions")
        found["没有人要过的核销"] = int(given) - len(ledger.redemptions)
        delivered = {row["id"] for row in await owner.fetch(DELIVERED)}
        found["记为送达而接收端没有的事件"] = len(delivered - ledger.received)
    finally:
        await owner.close()
    found["答错的核验"] = len(ledger.misjudged)
    found["始终没有答复的请求"] = len(ledger.unanswered)
    return found


async def _lacking(owner: asyncpg.Connection, table: str, told: dict[str, str]) -> int:
    query = f"SELECT id::text FROM {table}"  # noqa: S608 - our own tables
    there = {row["id"] for row in await owner.fetch(query)}
    return len(set(told.values()) - there)


async def seals(sessions: Any, night: datetime) -> dict[str, int]:
    """The log chained and sealed at `night` as the timers do it, then held against its seals as
    `dev.py audit check` does: every event of the days before is in one seal, and matches it."""
    async with sessions.begin() as session:
        await days.seal_due(session, night)
    async with sessions() as session:
        left = await session.scalar(sa.text(UNSEALED), {"day": night.date()})
    checked = await commands.run(sessions, ["check"])
    assert checked is not None
    said, holds = checked
    return {"不在任何一日封存里的事件": int(left), "与封存对不上的日志": 0 if holds else len(said)}


def tomorrow_night(now: datetime) -> datetime:
    """When today is sealed."""
    day = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    return days.begin_of(day) + days.GRACE + timedelta(seconds=1)
