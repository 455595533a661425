"""The timers: an idle sweep over few and many clocks, rungs that are due at once, and how late they
fire while the API is busy (time.md 5)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench.doors import Desk
from bench.rates import load
from bench.stage import Stage
from service import db, sealing
from service.requests import falling
from workers import timers

Sessions = async_sessionmaker[AsyncSession]

FEW = 10_000
PER_REQUEST = 10
IDLE_SWEEPS = 400
DUE_CLOCKS = 300
SPREAD, SPREAD_SECONDS = 400, 20.0
DONE = "SELECT count(*) FROM clocks WHERE next_at <= now()"

REQUESTS = """
INSERT INTO requests SELECT (jsonb_populate_record(NULL::requests, to_jsonb(r) ||
    jsonb_build_object('id', gen_random_uuid(), 'number', 'BENCH' || g))).*
FROM (SELECT * FROM requests ORDER BY id LIMIT 1) r, generate_series($1::int, $2::int) g
"""
CLOCKS = """
INSERT INTO clocks (id, request_id, leg, budget, region, calendar_version, generation, started_at,
    due_at, provisional, next_at, next_rung)
SELECT gen_random_uuid(), r.id, 'promise', c.budget, c.region, c.calendar_version, 1,
    now() - interval '60 days', now() + interval '30 days', false, now() + interval '30 days', '0.5'
FROM requests r, generate_series(1, $3::int),
    (SELECT * FROM clocks WHERE leg = 'promise' ORDER BY id LIMIT 1) c
WHERE r.number IN (SELECT 'BENCH' || g FROM generate_series($1::int, $2::int) g)
"""
ONE_EACH = """
UPDATE clocks SET next_at = now() - interval '1 second' WHERE id IN (
    SELECT DISTINCT ON (request_id) id FROM clocks WHERE next_at > now() AND request_id IN (
        SELECT id FROM requests WHERE number LIKE 'BENCH%' ORDER BY number LIMIT $1))
"""
PLANNED = """
WITH chosen AS (
    SELECT DISTINCT ON (request_id) id, random() * $2::float8 * interval '1 second' + now() AS at
    FROM clocks WHERE next_at > now() + interval '1 day' AND request_id IN (
        SELECT id FROM requests WHERE number LIKE 'BENCH%' ORDER BY number DESC LIMIT $1)
), kept AS (INSERT INTO bench_planned SELECT id, at FROM chosen)
UPDATE clocks SET next_at = chosen.at FROM chosen WHERE clocks.id = chosen.id
"""
LAG = """
SELECT count(*)::int AS fired, percentile_cont(0.5) WITHIN GROUP (ORDER BY lag) AS p50,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY lag) AS p99, max(lag) AS most
FROM (SELECT extract(epoch FROM min(r.fired_at) - p.at)::float8 AS lag
    FROM bench_planned p JOIN rungs r ON r.clock_id = p.id AND r.rung <> 'floor'
    GROUP BY p.id, p.at) AS lags
"""
FLOOR = """
WITH told AS (
    INSERT INTO events (id, subject, sequence, type, region, at, actor, role, origin, trace, data)
    SELECT uuidv7(), 'benches/' || gen_random_uuid(), 1, 'hck.deadline.warned.v1', '370100', now(),
        'bench', 'system', 'bench', '', (SELECT data FROM events
            WHERE type LIKE 'hck.deadline.%' LIMIT 1)
    FROM generate_series(1, $1::int) RETURNING 1
), moved AS (
    UPDATE clocks SET next_rung = '0.8' WHERE id IN (
        SELECT id FROM clocks WHERE next_at > now() LIMIT $1::int) RETURNING id
)
INSERT INTO rungs SELECT id, 99, 'floor', now(), now() FROM moved
"""


class Idle(msgspec.Struct, frozen=True):
    """Milliseconds of a sweep that finds nothing, over so many clocks."""

    clocks: int
    due_p50: float
    due_p99: float
    whole_p50: float
    whole_p99: float
    floor_p99: float


async def measure(stage: Stage, desk: Desk, many: int) -> str:
    """All of it; told as it comes but for the last line."""
    sealing.use(stage.ring())
    await load(stage, desk.doors[2], [desk.submit(0)], 5)
    engine = db.make_engine(stage.settings)
    try:
        sessions = db.make_sessions(engine)
        _tell(HEAD)
        for clocks in (FEW, many):
            _tell(_idle_line(await _idle(stage, sessions, clocks)))
    finally:
        await engine.dispose()
    one, two = [await _rate(stage, processes) for processes in (1, 2)]
    floor = await _floor(stage)
    _tell(
        f"\n到期的提醒: 1 个定时器每秒 {one:.0f} 级,2 个 {two:.0f} 级;"
        f"底(同样的行一句写入)每秒 {floor:.0f} 级,比值 {max(one, two) / floor:.3f}"
    )
    lag = await _lag(stage, desk)
    return (
        f"API 每秒答 {lag['calls']:.0f} 次核验时,{lag['fired']:.0f} 个时钟的提醒迟"
        f" p50 {lag['p50']:.2f} s,p99 {lag['p99']:.2f} s,最多 {lag['most']:.2f} s"
    )


def _tell(line: str) -> None:
    print(line, flush=True)


HEAD = """| 时钟 | 查到期 p50 | p99 | 整轮 p50 | p99 | 底(空事务)p99 |
|---:|---:|---:|---:|---:|---:|"""


def _idle_line(each: Idle) -> str:
    times = (each.due_p50, each.due_p99, each.whole_p50, each.whole_p99, each.floor_p99)
    return f"| {each.clocks:,} | " + " | ".join(f"{ms:.2f} ms" for ms in times) + " |"


async def _fill(stage: Stage, clocks: int) -> None:
    have = (await stage.sql("SELECT count(*) FROM requests WHERE number LIKE 'BENCH%'"))[0][0]
    want = clocks // PER_REQUEST
    await stage.sql(REQUESTS, have + 1, want)
    await stage.sql(CLOCKS, have + 1, want, PER_REQUEST)
    await stage.sql("VACUUM ANALYZE clocks")
    await stage.sql("VACUUM ANALYZE requests")


async def _idle(stage: Stage, sessions: Sessions, clocks: int) -> Idle:
    await _fill(stage, clocks)

    async def due() -> None:
        async with sessions.begin() as session:
            assert not await falling.fire_due(session, _now(), timers.BATCH, timers.ACTS)

    async def whole() -> None:
        await timers.sweep(sessions, _now())

    async def floor() -> None:
        async with sessions.begin() as session:
            await session.execute(text("SELECT 1"))

    (a, b), (c, d), (_, e) = [await _percentiles(each) for each in (due, whole, floor)]
    return Idle(clocks, a, b, c, d, e)


def _now() -> datetime:
    return datetime.now(UTC)


async def _percentiles(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """p50 and p99 in ms."""
    taken = []
    for _ in range(IDLE_SWEEPS):
        begun = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.99)]


async def _rate(stage: Stage, processes: int) -> float:
    """Rungs a second with so many sweepers."""
    names = [f"timers{n}" for n in range(processes)]
    for name in names:
        stage.start(name, "workers", "timers")
    await asyncio.sleep(5)  # until each has begun and has had its housekeeping
    before = (await stage.sql("SELECT count(*) FROM rungs"))[0][0]
    await stage.sql(ONE_EACH, DUE_CLOCKS)
    begun = time.perf_counter()
    while (await stage.sql(DONE))[0][0]:  # noqa: ASYNC110 - another process works
        await asyncio.sleep(0.05)
    seconds = time.perf_counter() - begun
    fired: int = (await stage.sql("SELECT count(*) FROM rungs"))[0][0] - before
    stage.stop(*names)
    return fired / seconds


async def _floor(stage: Stage) -> float:
    """The same rows (a rung, an event, a clock moved on) by one statement: rungs a second."""
    begun = time.perf_counter()
    await stage.sql(FLOOR, FEW)
    return FEW / (time.perf_counter() - begun)


async def _lag(stage: Stage, desk: Desk) -> dict[str, float]:
    """How late rungs fire while a door is pressed as hard as it goes."""
    await stage.sql("CREATE TABLE bench_planned (id uuid, at timestamptz)")
    stage.start("timers", "workers", "timers")
    await asyncio.sleep(5)
    door = desk.doors[0]
    calls = [door.make(at) for at in range(int(SPREAD_SECONDS * 2_000))]
    await stage.sql(PLANNED, SPREAD, SPREAD_SECONDS)
    outcome = await load(stage, door, calls, SPREAD_SECONDS + 5)
    await asyncio.sleep(5)
    stage.stop("timers")
    return dict((await stage.sql(LAG))[0]) | {"calls": outcome.done / outcome.seconds}
