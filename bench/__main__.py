"""`python -m bench [--seconds N] [--rounds N] [--only WHAT] [--keep DIR]`: how fast it is.

Everything is started here and ended here: an embedded PostgreSQL with its ordinary settings (each
commit waits for the disk), the API under granian, a client in a process of its own. Each door is
measured against pgbench running the statements that PostgreSQL logged for one call of that door.
"""

import argparse
import asyncio
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import (
    agency,
    away,
    cards,
    chaos,
    effects,
    fanout,
    imports,
    rates,
    recompute,
    rivals,
    statuslists,
    sweeps,
)
from bench.doors import Desk, desk_of
from bench.stage import Stage


def machine() -> str:
    """The machine's shape."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Python {platform.python_version()}"


DOORS = ("verify", "redeem", "submit")
Bench = Callable[[Stage, argparse.Namespace], Awaitable[str]]
DeskBench = Callable[[Stage, Desk, argparse.Namespace], Awaitable[str]]


async def _agency(stage: Stage, desk: Desk, given: argparse.Namespace) -> str:
    race, feed = await agency.measure(stage, desk, given.seconds, given.rounds)
    return f"{race.shown()}\n\n{rates.shown([feed])}"


async def _away(stage: Stage, desk: Desk, given: argparse.Namespace) -> str:
    return (await away.measure(stage, desk, given.minutes)).shown()


async def _fanout(stage: Stage, _: argparse.Namespace) -> str:
    return (await fanout.measure(stage)).shown()


ALONE: dict[str, Bench] = {
    "statuslists": lambda stage, given: statuslists.measure(stage, given.cards),
    "imports": lambda stage, _: imports.measure(stage),
    "recompute": lambda stage, given: recompute.measure(stage, given.clocks),
    "rivals": lambda stage, _: rivals.measure(stage),
    "backlog": lambda stage, _: rivals.backlog(stage),
    "fanout": _fanout,
}
"""What is measured without the API."""
AT_DESK: dict[str, DeskBench] = {
    "away": _away,
    "agency": _agency,
    "sweep": lambda stage, desk, given: sweeps.measure(stage, desk, given.clocks),
}
"""What is measured over the API, and only when it is asked for."""
OTHERS = ("paced", "effects", "cards", *ALONE, *AT_DESK)


async def measure(stage: Stage, arguments: argparse.Namespace) -> None:
    """Measure what was asked for and print it."""
    if arguments.only in ALONE:
        print(await ALONE[arguments.only](stage, arguments))
        return
    await stage.start_api("--workers", str(arguments.workers))
    desk = await desk_of(stage)
    if arguments.only in AT_DESK:
        print(await AT_DESK[arguments.only](stage, desk, arguments))
        return
    found = []
    for door in desk.doors:
        if arguments.only in (None, door.name):
            found.append(await rates.rate_of(stage, door, arguments.seconds, arguments.rounds))
            print(f"· {door.name}: {found[-1].ratio:.2f}", flush=True)
    print()
    print(rates.shown(found))
    if arguments.only in (None, "paced"):
        print("\n" + await rates.paced(stage, desk.doors[0]))
    if arguments.only in (None, "effects"):
        with chaos.queue_of(arguments.broker, stage.folder.path / "rabbit") as queue:
            url = queue.url if queue else arguments.broker
            print("\n" + (await effects.measure(stage, desk, url)).shown())


def main() -> None:
    """Build the stage, measure, take it down."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", choices=(*DOORS, *OTHERS, "chaos"))
    parser.add_argument("--cards", type=int, default=1_000_000, help="statuslists 的卡数")
    parser.add_argument("--clocks", type=int, default=1_000_000, help="recompute、sweep 的时限数")
    parser.add_argument("--minutes", type=float, default=2.0, help="chaos 的时长,away 的不在时长")
    parser.add_argument("--seed", type=int, default=7, help="chaos 的种子")
    parser.add_argument(
        "--broker", default="", help="rabbitmq(自己起一个)或 amqp:// 地址,默认内置队列"
    )
    parser.add_argument("--keep", type=Path, help="保留数据目录")
    arguments = parser.parse_args()
    print(f"· {machine()}; 负载 {os.getloadavg()[0]:.1f}")
    if arguments.only in (None, "cards"):
        print(cards.measure() + "\n", flush=True)
    if arguments.only == "cards":
        return
    path = arguments.keep or Path(tempfile.mkdtemp(prefix="hck-bench-"))
    if arguments.only == "chaos":
        sys.exit(
            1 if chaos.run(path / "var", arguments.minutes, arguments.seed, arguments.broker) else 0
        )
    stage = Stage(path)
    try:
        stage.build()
        asyncio.run(measure(stage, arguments))
    finally:
        stage.end()
        if not arguments.keep:
            shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main()
