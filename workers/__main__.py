"""`python -m workers actors|relay|timers|webhooks|channels|queue`: one process of the workers.

Relay, timers, webhooks and channels are loops: one process may run several of them
(`workers timers webhooks`).
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence

import dramatiq

from service import nudge
from service.logs import configure_logs
from service.settings import Settings, SettingsError, read
from workers import outward, relay, runtime, timers, webhooks
from workers.broker import broker, prepare, role_of

THREADS = 8
END_SECONDS = 10


def actors(settings: Settings) -> None:
    """Take messages off the queue until told to stop; what is under way is finished first."""
    from workers import subscriptions  # noqa: F401 - registers every actor

    runtime.boot(settings)
    stopping = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopping.set())
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=500)
    worker.start()
    stopping.wait()
    # A queue that is away is waited for in vain; what is not finished is delivered again.
    last = threading.Timer(END_SECONDS, os._exit, [1])
    last.daemon = True
    last.start()
    worker.stop(timeout=END_SECONDS * 1000)
    broker.close()
    last.cancel()


Loop = Callable[[Settings, asyncio.Event], Awaitable[None]]


def until_stopped(settings: Settings, loops: Sequence[Loop]) -> None:
    """Run loops of ours with hints given and heard, until SIGINT or SIGTERM."""

    async def main() -> None:
        runtime.boot(settings)
        hints = nudge.Nudge(settings.database_url)
        nudge.use(hints)
        hints.start()
        stop = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        try:
            await asyncio.gather(*(loop(settings, stop) for loop in loops))
        finally:
            await hints.stop()
            await runtime.close()

    asyncio.run(main())


async def relaying(_: Settings, stop: asyncio.Event) -> None:
    """The relay's loop."""
    await relay.run(runtime.sessions, runtime.clock, stop)


async def timing(_: Settings, stop: asyncio.Event) -> None:
    """The timers' loop."""
    await timers.run(runtime.sessions, runtime.clock, stop)


async def pushing(settings: Settings, stop: asyncio.Event) -> None:
    """The webhooks' loop."""
    await webhooks.run(runtime.sessions, runtime.clock, stop, webhooks.Caller(settings))


async def sending(settings: Settings, stop: asyncio.Event) -> None:
    """The channels' loops."""
    await outward.run(runtime.sessions, runtime.clock, stop, settings)


LOOPS: dict[str, Loop] = {
    "relay": relaying, "timers": timing, "webhooks": pushing, "channels": sending,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Do what the arguments name; returns the exit status."""
    configure_logs()
    try:
        settings = read()
    except SettingsError as wrong:
        print(f"✗ {wrong}", file=sys.stderr)
        return 1
    match arguments:
        case ["actors"]:
            actors(settings)
        case ["queue"]:
            prepare(settings.database_owner_url, role_of(settings.database_url))
        case [_, *_] if set(arguments) <= LOOPS.keys():
            until_stopped(settings, [LOOPS[name] for name in arguments])
            broker.close()
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
