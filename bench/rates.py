"""Calls a second of a door, and of pgbench running the very same statements."""

import asyncio
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import msgspec

from bench.doors import Call, Door
from bench.load import Outcome, Plan
from bench.stage import HOLDERS, ROOT, Stage
from bench.statements import Ran, Script, read_log
from local.database import SERVICE
from local.postgres import binaries

CONNECTIONS = 16
WARM_CALLS = 200
MOST_PER_SECOND = 3_000


class Round(msgspec.Struct, frozen=True):
    """The API for a while, then pgbench for a while, in calls and transactions a second."""

    api: Outcome
    cpu_seconds: float
    floor: float

    @property
    def per_second(self) -> float:
        """Calls a second."""
        return self.api.done / self.api.seconds

    @property
    def ratio(self) -> float:
        """The part of pgbench's rate that the API reaches."""
        return self.per_second / self.floor


class Rate(msgspec.Struct, frozen=True):
    """One door against its floor, over several rounds: what else the machine does spoils a round,
    not the median."""

    door: str
    aim: float
    statements: int
    rounds: list[Round]

    def middle(self, of: Callable[[Round], float]) -> float:
        """The median over the rounds."""
        return statistics.median(of(each) for each in self.rounds)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return self.middle(lambda each: each.ratio)


async def rate_of(stage: Stage, door: Door, seconds: float, rounds: int) -> Rate:
    """Measure one door: its statements once, then API and pgbench in turns, on one database."""
    await load(stage, door, [door.make(at) for at in range(WARM_CALLS)], seconds)
    script = await script_of(stage, door)
    done = [await _round(stage, door, script, seconds) for _ in range(rounds)]
    return Rate(door.name, door.aim, len(script.body), done)


async def _round(stage: Stage, door: Door, script: Script, seconds: float) -> Round:
    calls = [door.make(at) for at in range(int(seconds * MOST_PER_SECOND))]
    before = stage.api_cpu_seconds()
    outcome = await load(stage, door, calls, seconds)
    spent = stage.api_cpu_seconds() - before
    if outcome.failed:
        raise SystemExit(f"{door.name}: {outcome.failed} 次失败,例如 {outcome.sample}")
    return Round(outcome, spent, await pgbench(stage, script.text(HOLDERS), seconds))


async def load(
    stage: Stage,
    door: Door,
    calls: list[Call],
    seconds: float,
    *,
    connections: int = CONNECTIONS,
    pause: float = 0.0,
) -> Outcome:
    """Send calls from a process of its own."""
    octets = [call.octets for call in calls]
    plan = Plan("127.0.0.1", stage.port, connections, seconds, door.status, octets, pause)
    file = stage.folder.path / "plan"
    file.write_bytes(msgspec.msgpack.encode(plan))
    command = [sys.executable, "-m", "bench.load", str(file)]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, check=True
    )
    return msgspec.json.decode(done.stdout, type=Outcome)


A_SECOND = 100
PACED_SECONDS = 20.0
CALL_SECONDS = 0.004


async def paced(stage: Stage, door: Door) -> str:
    """A door asked about a hundred times a second, as a city's counters do: how long one waits."""
    pause = CONNECTIONS / A_SECOND - CALL_SECONDS
    calls = [door.make(10**7 + at) for at in range(int(A_SECOND * PACED_SECONDS * 2))]
    outcome = await load(stage, door, calls, PACED_SECONDS, pause=pause)
    rate = outcome.done / outcome.seconds
    waited = f"p50 {outcome.p50_ms:.1f} ms,p95 {outcome.p95_ms:.1f} ms,p99 {outcome.p99_ms:.1f} ms"
    return f"每秒 {rate:.0f} 次 {door.name}: {waited};失败 {outcome.failed}"


async def script_of(stage: Stage, door: Door) -> Script:
    """The statements of one call, as PostgreSQL itself logged them."""
    log = stage.folder.cluster / "log" / "bench.json"
    await _log_statements(stage, "all")
    before = log.stat().st_size
    since_ms = int(time.time() * 1000)
    call = door.make(7)
    outcome = await load(stage, door, [call], 5)
    if not outcome.done:
        raise SystemExit(f"{door.name}: {outcome.sample}")
    await _log_statements(stage, "none")
    part = stage.folder.path / "statements.json"
    part.write_bytes(log.read_bytes()[before:])
    return Script(_of_the_call(read_log(part, SERVICE)), call.varied, since_ms)


def _of_the_call(ran: list[Ran]) -> list[Ran]:
    """Without the settings, hints and leases that belong to no single call."""
    return [
        each
        for each in ran
        if not re.match(r"(NOTIFY|LISTEN|SET |SHOW |INSERT INTO rate_)", each.sql)
    ]


async def _log_statements(stage: Stage, level: str) -> None:
    await stage.sql(f"ALTER SYSTEM SET log_statement = '{level}'")
    await stage.sql("SELECT pg_reload_conf()")
    await asyncio.sleep(0.5)


async def pgbench(stage: Stage, text: str, seconds: float) -> float:
    """Transactions a second of a script."""
    file = stage.folder.path / "script.sql"
    file.write_text(text, encoding="utf-8")
    command = [
        str(binaries() / "pgbench"), "--no-vacuum", "-M", "prepared", "-c", str(CONNECTIONS),
        "-j", "2", "-T", str(max(1, int(seconds))), "-f", str(file), stage.settings.database_url,
    ]  # fmt: skip
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: ([1-9]\d*)", done.stdout)
    if done.returncode or not found or failed:
        raise SystemExit(f"pgbench: {done.stderr[-600:]}")
    return float(found[1])


def shown(rates: list[Rate]) -> str:
    """The table for people."""
    lines = [
        "| 门 | 语句 | API 次/秒 | p50 ms | p99 ms | µs/次 | pgbench | 比值 | 目标 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in rates:
        numbers = (
            each.middle(lambda one: one.per_second),
            each.middle(lambda one: one.api.p50_ms),
            each.middle(lambda one: one.api.p99_ms),
            each.middle(lambda one: one.cpu_seconds / one.api.done * 1e6),
            each.middle(lambda one: one.floor),
        )
        speed = " | ".join(f"{number:.0f}" for number in numbers)
        worst, best = min(one.ratio for one in each.rounds), max(one.ratio for one in each.rounds)
        ratio = f"**{each.ratio:.2f}** ({worst:.2f}–{best:.2f})"
        lines.append(f"| {each.door} | {each.statements} | {speed} | {ratio} | {each.aim:.2f} |")
    return "\n".join(lines)
