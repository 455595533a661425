"""The same job by this backbone, by Celery on RabbitMQ and by Procrastinate in PostgreSQL.

`python3 dev.py bench --only rivals`. Two ways of asking, each on the same machine in the same run:
`stream`, the workers stand ready and what counts is the last effect; `backlog`, everything is
changed while no worker runs, then they come. Neither library is part of the product.
"""

import asyncio
import importlib
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from bench.rates import pgbench
from bench.rivals.job import TABLES
from bench.stage import ROOT, Stage
from local import rabbit
from workers import broker

CHANGES = 1_000
WARM = 50
PATIENCE = 240.0
DONE = "SELECT count(*) FROM bench_effects"
FORGET = "DELETE FROM bench_changes"
STREAMED = """
SELECT extract(epoch FROM (SELECT max(at) FROM bench_effects) - min(at))::float8
FROM bench_changes"""
DRAINED = "SELECT extract(epoch FROM max(at) - min(at))::float8 FROM bench_effects"
"""Seconds by the database's clock, so that no process's start is in them."""


class Way(msgspec.Struct, frozen=True):
    """A way to do the job: its module, and the words of each of its processes that work."""

    name: str
    module: str
    on_rabbit: bool
    works: tuple[tuple[str, ...], ...]


OWN = (("relay",), ("actors",))
RELAYED = """
SELECT count(*) FROM events e JOIN bench_changes c ON e.subject = 'requests/' || c.thing
WHERE e.published_at IS NOT NULL"""
BACKLOG = 12_000
WAYS = (
    Way("本产品,RabbitMQ", "bench.rivals.ours", on_rabbit=True, works=OWN),
    Way("Celery,RabbitMQ", "bench.rivals.on_celery", on_rabbit=True, works=(("work",),)),
    Way("本产品,内置队列", "bench.rivals.ours", on_rabbit=False, works=OWN),
    Way("Procrastinate", "bench.rivals.on_procrastinate", on_rabbit=False, works=(("work",),)),
)


class Rates(msgspec.Struct, frozen=True):
    """Jobs a second: streamed end to end, changes alone, a backlog worked off."""

    stream: float
    change: float
    drain: float


class Trial:
    """One way on the stage."""

    def __init__(self, stage: Stage, way: Way, broker_url: str) -> None:
        self.stage, self.way = stage, way
        self.more = {"BROKER_URL": broker_url} if way.on_rabbit else {}

    async def rates(self) -> Rates:
        """Streamed, then as a backlog."""
        await self._fresh()
        self._work()
        await self._produce(WARM)
        await self._until(WARM)
        await self.stage.sql(FORGET)
        await self._produce(CHANGES)
        await self._until(WARM + CHANGES)
        stream = CHANGES / (await self.stage.sql(STREAMED))[0][0]
        self._rest()
        await self._fresh()
        change = CHANGES / await self._produce(CHANGES)
        self._work()
        await self._until(CHANGES)
        drain = CHANGES / (await self.stage.sql(DRAINED))[0][0]
        self._rest()
        return Rates(stream, change, drain)

    async def _fresh(self) -> None:
        await self.stage.sql("UPDATE events SET published_at = now() WHERE published_at IS NULL")
        await self.stage.script(TABLES)

    def _work(self) -> None:
        for name, words in self._named():
            self.stage.start(name, self.way.module, *words, more=self.more)

    async def queued(self, count: int, consumers: int) -> float:
        """Effects a second of so many consumers, with `count` of them waiting in the queue."""
        await self._fresh()
        await self._produce(count)
        self.stage.start("relay", self.way.module, "relay", more=self.more)
        await self._until(count, RELAYED)
        self.stage.stop("relay")
        names = [f"actors-{n}" for n in range(consumers)]
        for name in names:
            self.stage.start(name, self.way.module, "actors", more=self.more)
        await self._until(count)
        self.stage.stop(*names)
        return float(count / (await self.stage.sql(DRAINED))[0][0])

    def _rest(self) -> None:
        self.stage.stop(*(name for name, _ in self._named()))

    def _named(self) -> list[tuple[str, tuple[str, ...]]]:
        """The processes that work, each by a name of its own."""
        return [(f"{words[0]}-{n}", words) for n, words in enumerate(self.way.works)]

    async def _produce(self, count: int) -> float:
        """Make changes from a process of its own; returns its seconds."""
        command = [sys.executable, "-m", self.way.module, "produce", str(count)]
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env={**self.stage.environment, **self.more},
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{self.way.name}: {done.stderr[-800:]}")
        return float(done.stdout.split()[-1])

    async def _until(self, count: int, what: str = DONE) -> int:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found: int = (await self.stage.sql(what))[0][0]
            if found >= count:
                return found
            await asyncio.sleep(0.02)
        raise SystemExit(f"{self.way.name}: {PATIENCE:.0f} 秒内没有办完,详见各进程的日志。")


async def measure(stage: Stage) -> str:
    """All ways one after another, as a table; the ratio is ours to theirs on the same queue."""
    broker.prepare(stage.owner_url, broker.role_of(stage.settings.database_url))
    schema: str = importlib.import_module("procrastinate.schema").SchemaManager.get_schema()
    await stage.script(schema + GRANTS)
    folder = Path(stage.folder.path) / "rabbit"
    folder.mkdir()
    found: list[Rates] = []
    with rabbit.running(folder) as server:
        for way in WAYS:
            found.append(await Trial(stage, way, server.url).rates())
            print(f"· {way.name}: {found[-1].stream:.0f}/秒", flush=True)
    floor = await pgbench(stage, FLOOR, 4)
    lines = ["| 做法 | 边来边办 次/秒 | 只改状态 次/秒 | 积压清空 次/秒 |", "|---|---:|---:|---:|"]
    for way, each in zip(WAYS, found, strict=True):
        lines.append(f"| {way.name} | {each.stream:.0f} | {each.change:.0f} | {each.drain:.0f} |")
    lines.append(f"| 底: pgbench,同样的语句,一件一个事务,16 个连接 | – | – | {floor:.0f} |")
    for at, rival in ((0, "Celery"), (2, "Procrastinate")):
        own, theirs = found[at], found[at + 1]
        ratios = (own.stream / theirs.stream, own.change / theirs.change, own.drain / theirs.drain)
        told = " | ".join(f"**{each:.2f}**" for each in ratios)
        lines.append(f"| 本产品 ÷ {rival} | {told} |")
    return "\n".join(lines)


async def backlog(stage: Stage) -> str:
    """Effects a second of one consumer and of two, everything waiting in RabbitMQ, over pgbench."""
    broker.prepare(stage.owner_url, broker.role_of(stage.settings.database_url))
    folder = Path(stage.folder.path) / "rabbit"
    folder.mkdir()
    with rabbit.running(folder) as server:
        trial = Trial(stage, WAYS[0], server.url)
        found = {n: await trial.queued(BACKLOG, n) for n in (1, 2)}
    floor = await pgbench(stage, FLOOR, 4)
    told = [f"{n} 个消费者 {rate:.0f} 个/秒,比值 {rate / floor:.2f}" for n, rate in found.items()]
    return f"{BACKLOG} 个效果在 RabbitMQ 里等着: {';'.join(told)};底 pgbench 逐件 {floor:.0f} 个/秒"


FLOOR = """
\\set k random(1, 999999999999)
BEGIN;
INSERT INTO inbox VALUES ('bench.floor', 'requests/' || :k, 0)
    ON CONFLICT (consumer, subject) DO UPDATE SET sequence = inbox.sequence RETURNING sequence;
SELECT * FROM events WHERE subject = 'requests/' || :k AND sequence > 0 ORDER BY sequence;
INSERT INTO bench_effects (thing) VALUES (gen_random_uuid());
UPDATE inbox SET sequence = 1 WHERE consumer = 'bench.floor' AND subject = 'requests/' || :k;
COMMIT;
"""
"""What one effect asks of the database."""
GRANTS = """
;GRANT ALL ON procrastinate_jobs, procrastinate_events, procrastinate_workers,
    procrastinate_periodic_defers TO hck_service;
GRANT USAGE ON procrastinate_jobs_id_seq, procrastinate_events_id_seq TO hck_service"""
