"""`python -m workers actors|relay|timers|webhooks|queue`: one process of the workers' side."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

import dramatiq

from service import nudge
from service.logs import configure_logs
from service.settings import Settings, SettingsError, read
from workers import relay, runtime, timers, webhooks
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


Loop = Callable[[asyncio.Event], Awaitable[None]]


def until_stopped(settings: Settings, loop: Loop) -> None:
    """Run a loop of ours with hints given and heard, until SIGINT or SIGTERM."""

    async def main() -> None:
        runtime.boot(settings)
        hints = nudge.Nudge(settings.database_url)
        nudge.use(hints)
        hints.start()
        stop = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        try:
            await loop(stop)
        finally:
            await hints.stop()
            await runtime.close()

    asyncio.run(main())


async def relaying(stop: asyncio.Event) -> None:
    """The relay's loop."""
    await relay.run(runtime.sessions, runtime.clock, stop)


async def timing(stop: asyncio.Event) -> None:
    """The timers' loop."""
    await timers.run(runtime.sessions, runtime.clock, stop)


def pushing(settings: Settings) -> Loop:
    """The webhooks' loop."""

    async def loop(stop: asyncio.Event) -> None:
        caller = webhooks.Caller(settings)
        await webhooks.run(runtime.sessions, runtime.clock, stop, caller)

    return loop


def main(arguments: list[str]) -> int:
    """Do what the one argument names; returns the exit status."""
    configure_logs()
    try:
        settings = read()
    except SettingsError as wrong:
        print(f"✗ {wrong}", file=sys.stderr)
        return 1
    match arguments:
        case ["actors"]:
            actors(settings)
        case ["relay"]:
            until_stopped(settings, relaying)
            broker.close()
        case ["timers"]:
            until_stopped(settings, timing)
        case ["webhooks"]:
            until_stopped(settings, pushing(settings))
        case ["queue"]:
            prepare(settings.database_owner_url, role_of(settings.database_url))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
