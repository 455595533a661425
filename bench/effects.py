"""From the commit of an event to the commit of what an actor made of it; and the relay's rate."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from bench.doors import Desk
from bench.rates import load
from bench.stage import Stage

SAMPLES = 300
PAUSE_SECONDS = 0.03
EVENTS = 10_000
PROCESSES = ("relay", "actors")

UNPUBLISHED = "SELECT count(*) FROM events WHERE published_at IS NULL"
LATENCY = """
SELECT 1000 * extract(epoch FROM pg_xact_commit_timestamp((b.xact % 4294967296)::text::xid)
    - pg_xact_commit_timestamp((a.xact % 4294967296)::text::xid))::float8 AS ms
FROM events a JOIN events b ON b.subject = a.subject AND b.type = 'hck.request.offered.v1'
WHERE a.type = 'hck.request.submitted.v1' AND a.at > $1
"""

MANY_EVENTS = """
INSERT INTO events (id, subject, sequence, type, region, at, actor, role, origin, trace, data)
SELECT uuidv7(), 'redemptions/' || gen_random_uuid(), 1, 'hck.benefit.redeemed.v1', '370100', now(),
    'bench', 'system', 'bench', '', '{}' FROM generate_series(1, $1)
"""


class Effects(msgspec.Struct, frozen=True):
    """Milliseconds from commit to effect, and events a second through the relay."""

    samples: int
    p50_ms: float
    p99_ms: float
    relayed_per_second: float


async def measure(stage: Stage, desk: Desk) -> Effects:
    """Latency with every process of the product running; then the relay alone, with a backlog."""
    await stage.sql("UPDATE events SET published_at = now() WHERE published_at IS NULL")
    for name in PROCESSES:
        stage.start(name, "workers", name)
    await asyncio.sleep(3)
    latencies = await _latencies(stage, desk)
    stage.stop(*PROCESSES)
    if not latencies:
        raise SystemExit("没有测到任何效果,详见 relay 和 actors 的日志。")
    return Effects(
        len(latencies),
        latencies[len(latencies) // 2],
        latencies[int(len(latencies) * 0.99)],
        await _relay_rate(stage),
    )


async def _latencies(stage: Stage, desk: Desk) -> list[float]:
    door = desk.doors[2]
    await load(stage, door, [desk.submit(at) for at in range(20)], 5)
    since = (await stage.sql("SELECT now()"))[0][0]
    # One call after another with a pause between: what is measured is the way, not a queue.
    calls = [desk.submit(at) for at in range(SAMPLES)]
    await load(stage, door, calls, 60, connections=1, pause=PAUSE_SECONDS)
    await asyncio.sleep(2)
    return sorted(row["ms"] for row in await stage.sql(LATENCY, since))


async def _relay_rate(stage: Stage) -> float:
    await stage.sql(MANY_EVENTS, EVENTS)
    stage.start("relay", "workers", "relay")
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
