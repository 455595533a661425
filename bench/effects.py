"""From the commit of an event to the commit of what an actor made of it; and the relay's rate."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
from dramatiq.message import Message

from bench.doors import Desk
from bench.rates import load
from bench.stage import Stage
from events.of_cards import BenefitRedeemed
from workers.broker import make_broker
from workers.confirmed import Confirmed
from workers.subscriptions import SUBSCRIBERS

SAMPLES = 300
PAUSE_SECONDS = 0.03
EVENTS, BARE = 10_000, 4_000
PROCESSES = ("relay", "actors")

UNPUBLISHED = "SELECT count(*) FROM events WHERE published_at IS NULL"
LATENCY = """
WITH pair AS (SELECT b.at AS begun,
    pg_xact_commit_timestamp((a.xact % 4294967296)::text::xid) AS told,
    pg_xact_commit_timestamp((b.xact % 4294967296)::text::xid) AS done
    FROM events a JOIN events b ON b.subject = a.subject AND b.type = 'hck.request.offered.v1'
    WHERE a.type = 'hck.request.submitted.v1' AND a.at > $1),
ms AS (SELECT 1000 * extract(epoch FROM begun - told)::float8 AS reached,
    1000 * extract(epoch FROM done - told)::float8 AS done FROM pair)
SELECT count(*)::int AS samples,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY reached) AS reached_p50,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY done) AS done_p50,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY done) AS done_p99 FROM ms
"""
"""By PostgreSQL's own commit times: a submitted request, and the offer that routing made of it."""

MANY_EVENTS = """
INSERT INTO events (id, subject, sequence, type, region, at, actor, role, origin, trace, data)
SELECT uuidv7(), 'redemptions/' || gen_random_uuid(), 1, 'hck.benefit.redeemed.v1', '370100', now(),
    'bench', 'system', 'bench', '', '{}' FROM generate_series(1, $1)
"""


class Effects(msgspec.Struct, frozen=True):
    """Milliseconds from an event's commit to the actor's begin and to its effect's commit; events
    a second through the relay."""

    samples: int
    reached_p50: float
    done_p50: float
    done_p99: float
    relayed_per_second: float
    bare_per_second: float = 0.0

    def shown(self) -> str:
        """For people."""
        return (
            f"提交到消费者开始: p50 {self.reached_p50:.1f} ms\n"
            f"提交到效果可见(派单): p50 {self.done_p50:.1f} ms,p99 {self.done_p99:.1f} ms"
            f"({self.samples} 次)\n转发: {self.relayed_per_second:.0f} 事件/秒" + self._floor()
        )

    def _floor(self) -> str:
        if not self.bare_per_second:
            return ""
        ratio = self.relayed_per_second / self.bare_per_second
        return f";不经数据库、一件一条直接发 {self.bare_per_second:.0f} 事件/秒,比值 {ratio:.2f}"


async def measure(stage: Stage, desk: Desk, broker_url: str = "") -> Effects:
    """Latency with every process of the product running; then the relay alone, with a backlog.

    `broker_url` is RabbitMQ's; without one the embedded queue is measured.
    """
    more = {"BROKER_URL": broker_url} if broker_url else {}
    await stage.sql("UPDATE events SET published_at = now() WHERE published_at IS NULL")
    for name in PROCESSES:
        stage.start(name, "workers", name, more=more)
    await asyncio.sleep(3)
    found = await _latencies(stage, desk)
    stage.stop(*PROCESSES)
    if not found["samples"]:
        raise SystemExit("没有测到任何效果,详见 relay 和 actors 的日志。")
    relayed = await _relay_rate(stage, more)
    bare = await _bare_rate(broker_url) if broker_url else 0.0
    return Effects(**found, relayed_per_second=relayed, bare_per_second=bare)


async def _bare_rate(broker_url: str) -> float:
    """The same events' messages sent from here, each its own, without the log."""
    broker = make_broker(broker_url, "")
    broker.declare_queue("bare")
    queue = Confirmed(broker_url, broker)
    heard = len(SUBSCRIBERS[BenefitRedeemed])
    made = [
        Message[None]("bare", "bare", (f"redemptions/{uuid4()}",), {}, {})
        for _ in range(BARE * heard)
    ]
    await queue.send(made[:1])
    begun = time.perf_counter()
    for at in range(0, len(made), 2000):
        await queue.send(made[at : at + 2000])
    rate = BARE / (time.perf_counter() - begun)
    await queue.close()
    return rate


async def _latencies(stage: Stage, desk: Desk) -> dict[str, Any]:
    door = desk.doors[2]
    await load(stage, door, [desk.submit(at) for at in range(20)], 5)
    await asyncio.sleep(2)
    since = (await stage.sql("SELECT now()"))[0][0]
    # One call after another with a pause between: what is measured is the way, not a queue.
    calls = [desk.submit(at) for at in range(SAMPLES)]
    await load(stage, door, calls, 60, connections=1, pause=PAUSE_SECONDS)
    await asyncio.sleep(2)
    return dict((await stage.sql(LATENCY, since))[0])


async def _relay_rate(stage: Stage, more: dict[str, str]) -> float:
    await stage.sql(MANY_EVENTS, EVENTS)
    stage.start("relay", "workers", "relay", more=more)
    before = await _until(stage, lambda count: count < EVENTS)
    begun = time.perf_counter()
    await _until(stage, lambda count: count == 0)
    rate = before / (time.perf_counter() - begun)
    stage.stop("relay")
    return rate


async def _until(stage: Stage, enough: Callable[[int], bool]) -> int:
    """Wait until so few events are left to publish; returns how many."""
    while True:
        left: int = (await stage.sql(UNPUBLISHED))[0][0]
        if enough(left):
            return left
        await asyncio.sleep(0.02)
