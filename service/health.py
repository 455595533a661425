"""Whether the service lives and can work (api.md 1.9)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from events import dead

RELAY_LAG_LIMIT = 60.0
BROKER_SECONDS = 3
AMQP_GREETING = b"AMQP\x00\x00\x09\x01"
AMQP_METHOD = b"\x01"
LAG = Gauge("hck_relay_lag_seconds", "Age of the oldest event that is not published yet")
DEAD = Gauge("hck_dead_letters", "Events that a consumer cannot take")
OVERDUE = Gauge("hck_clocks_overdue", "Open deadlines of requests that are past", ["leg"])
CASES = Gauge("hck_bad_ratings_overdue", "Steps of bad ratings that should have been taken")
FAILING = Gauge("hck_webhooks_failing", "Webhooks whose deliveries fail, or that were disabled")
OPEN = Gauge("hck_sendings_open", "Outward messages that gather or wait", ["channel"])
FAILED = Gauge("hck_sendings_failed", "Outward messages that are not tried any more", ["channel"])
COUNTS = """
SELECT channel, count(*) FILTER (WHERE next_at IS NOT NULL) AS open,
       count(*) FILTER (WHERE state = 'failed') AS failed
FROM sendings WHERE next_at IS NOT NULL OR state = 'failed' GROUP BY channel
"""
LATE = """
SELECT c.leg, count(*) AS late FROM clocks c
WHERE c.stopped_at IS NULL AND NOT c.past AND c.due_at <= $1 GROUP BY c.leg
"""
LEGS = ("acceptance", "first_review", "handling", "promise", "correction")
LATE_CASES = "SELECT count(*) FROM bad_ratings WHERE state <> 'closed' AND step_due_at <= $1"
BROKEN = "SELECT count(*) FROM webhooks WHERE failing_since IS NOT NULL OR state = 'disabled'"
BEHIND = "SELECT EXISTS (SELECT 1 FROM sendings WHERE channel = $1 AND next_at < $2)"
BEHIND_AFTER = timedelta(minutes=5)
OLDEST = "SELECT min(at) FROM events WHERE published_at IS NULL"


class Health(msgspec.Struct, frozen=True):
    """`status` is ok or not-ready; each part says ok or what is wrong.

    `channels` say off, ok or behind; a mail server that is away makes nobody unready.
    """

    status: str
    parts: dict[str, str]
    channels: dict[str, str] = {}


@get("/livez", opt={"open": True})
async def livez() -> Health:
    """进程在运行。"""
    return Health("ok", {})


async def relay_lag(state: State, now: datetime) -> float:
    """Seconds that the oldest unpublished event has waited."""
    oldest = await state.pool.fetchval(OLDEST)
    lag = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    LAG.set(lag)
    return lag


async def check_broker(broker_url: str) -> None:
    """Raises OSError, EOFError or TimeoutError where RabbitMQ does not speak AMQP with us.

    The embedded queue lies in the database, which is looked at anyway.
    """
    parts = urlsplit(broker_url)
    if not parts.scheme.startswith("amqp"):
        return
    secure = parts.scheme == "amqps"
    async with asyncio.timeout(BROKER_SECONDS):
        port = parts.port or (5671 if secure else 5672)
        reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure or None)
        try:
            writer.write(AMQP_GREETING)
            if await reader.readexactly(1) != AMQP_METHOD:
                raise ConnectionError("not AMQP 0-9-1")
        finally:
            writer.close()


@get("/readyz", opt={"open": True})
async def readyz(state: State, now: NamedDependency[datetime]) -> Response[Health]:
    """可以接受业务:数据库、消息队列、转发延迟均正常;否则 503。"""
    parts = {"database": "ok", "broker": "ok", "relay": "ok"}
    try:
        lag = await relay_lag(state, now)
        if lag > RELAY_LAG_LIMIT:
            parts["relay"] = f"lag {lag:.0f}s"
    except Exception as lost:
        parts["database"] = type(lost).__name__
    try:
        await state.broker_check()
    except Exception as lost:
        parts["broker"] = type(lost).__name__
    ready = set(parts.values()) == {"ok"}
    channels = await channels_now(state, now) if parts["database"] == "ok" else {}
    told = Health("ok" if ready else "not-ready", parts, channels)
    return Response(told, status_code=200 if ready else 503)


async def channels_now(state: State, now: datetime) -> dict[str, str]:
    """Each channel: off, ok, or behind where something has been due for minutes."""
    found = {}
    for channel, is_on in state.settings.channels.items():
        late = is_on and await state.pool.fetchval(BEHIND, channel, now - BEHIND_AFTER)
        found[channel] = "behind" if late else "ok" if is_on else "off"
    return found


@get("/metrics", opt={"open": True}, media_type="text/plain")
async def metrics(state: State, now: NamedDependency[datetime]) -> Response[bytes]:
    """Prometheus 指标。"""
    await relay_lag(state, now)
    DEAD.set(await state.pool.fetchval(dead.COUNT))
    late = {row["leg"]: row["late"] for row in await state.pool.fetch(LATE, now)}
    for leg in LEGS:
        OVERDUE.labels(leg).set(late.get(leg, 0))
    CASES.set(await state.pool.fetchval(LATE_CASES, now))
    FAILING.set(await state.pool.fetchval(BROKEN))
    for row in await state.pool.fetch(COUNTS):
        OPEN.labels(row["channel"]).set(row["open"])
        FAILED.labels(row["channel"]).set(row["failed"])
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


ROUTES: list[Any] = [livez, readyz, metrics]
