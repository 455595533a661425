"""RabbitMQ away: people hand in requests all the same; how long until all is worked off again."""

import asyncio
import time
from pathlib import Path

import msgspec

from bench.chaos.account import unread
from bench.doors import Desk
from bench.effects import PROCESSES, UNPUBLISHED
from bench.rates import load
from bench.stage import Stage
from local import rabbit
from local.rabbit import Server

SUBMITS = 600
"""Ten minutes' requests at one a second: some 30,000 in a working day."""
CONNECTIONS, CALL_SECONDS = 8, 0.03
PATIENCE = 300.0
UNPLACED = "SELECT count(*) FROM requests WHERE state IN ('submitted', 'routing')"


class Away(msgspec.Struct, frozen=True):
    """How long it was away, what people noticed, how long it took to work all off."""

    minutes: float
    sent: int
    failed: int
    p95_ms: float
    behind: int
    drained_seconds: float

    def shown(self) -> str:
        """For people."""
        return (
            f"队列不在 {self.minutes:.1f} 分钟,其间申请 {self.sent} 件(相当于十分钟的量),"
            f"失败 {self.failed} 件,p95 {self.p95_ms:.0f} ms;积下 {self.behind} 个事件,"
            f"队列回来后 {self.drained_seconds:.1f} 秒全部办清(要求 120 秒)。"
        )


async def measure(stage: Stage, desk: Desk, minutes: float) -> Away:
    """Take it away for so long, with ten minutes' requests meanwhile, and wait afterwards."""
    folder = Path(stage.folder.path) / "rabbit"
    folder.mkdir()
    await stage.sql("UPDATE events SET published_at = now() WHERE published_at IS NULL")
    with rabbit.running(folder) as server:
        for name in PROCESSES:
            stage.start(name, "workers", name, more={"BROKER_URL": server.url})
        await load(stage, desk.doors[2], [desk.submit(at) for at in range(20)], 30)
        await _drained(stage)
        return await _away(stage, desk, server, minutes)


async def _away(stage: Stage, desk: Desk, server: Server, minutes: float) -> Away:
    server.kill()
    begun = time.perf_counter()
    calls = [desk.submit(20 + at) for at in range(SUBMITS)]
    pause = max(0.0, minutes * 60 * CONNECTIONS / SUBMITS - CALL_SECONDS)
    most = minutes * 60 + PATIENCE
    told = await load(stage, desk.doors[2], calls, most, connections=CONNECTIONS, pause=pause)
    await asyncio.sleep(max(0.0, minutes * 60 - (time.perf_counter() - begun)))
    behind: int = (await stage.sql(UNPUBLISHED))[0][0]
    gone = (time.perf_counter() - begun) / 60
    await asyncio.to_thread(server.start)
    seconds = await _drained(stage)
    failed = SUBMITS - told.done
    return Away(gone, SUBMITS, failed, told.p95_ms, behind, seconds)


async def _drained(stage: Stage) -> float:
    """Until every event is sent and read and every request has a place; returns the seconds."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < PATIENCE:
        left = [(await stage.sql(query))[0][0] for query in (UNPUBLISHED, UNPLACED)]
        if not any(left) and not await unread(stage):
            return time.perf_counter() - begun
        await asyncio.sleep(0.2)
    raise SystemExit("没有办清,详见 relay 和 actors 的日志。")
