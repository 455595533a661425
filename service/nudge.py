"""A hint that something was committed, for those who wait (docs/adr/0005).

Never in the business transaction and at most one for a batch: `NOTIFY` in every transaction would
cap the database. A hint that is lost costs one poll, never an event.
"""

import asyncio
import contextlib
from typing import Any

import asyncpg
import structlog

CHANNEL = "hck_events"
GAP_SECONDS = 0.002
"""The first hint goes out at once; what comes within this time after it shares the next."""
log = structlog.get_logger("service.nudge")


class Nudge:
    """One process's hints: those it gives, and those it hears from every process."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._given = asyncio.Event()
        self._heard = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen and to pass hints on."""
        self._tasks = [asyncio.create_task(self._run())]

    async def stop(self) -> None:
        """End, dropping what was not passed on yet."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def wake(self) -> None:
        """Something was committed."""
        self._given.set()
        self._tell()

    def _tell(self) -> None:
        heard, self._heard = self._heard, asyncio.Event()
        heard.set()

    def mark(self) -> asyncio.Event:
        """Taken before looking: a hint that comes while one looks is then not missed."""
        return self._heard

    async def changed(
        self,
        timeout: float,  # noqa: ASYNC109 - a poll's length
        since: asyncio.Event | None = None,
    ) -> bool:
        """Wait for a hint since the mark, or the next, for `timeout` seconds; whether one came."""
        try:
            await asyncio.wait_for((since or self._heard).wait(), timeout)
        except TimeoutError:
            return False
        return True

    async def _run(self) -> None:
        while True:
            try:
                await self._pass_on()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as lost:
                # The database is away; whoever waits polls meanwhile.
                log.warning("nudge lost its connection", kind=type(lost).__name__)
                await asyncio.sleep(1)

    async def _pass_on(self) -> None:
        # A hint need not survive a crash; waiting for the disk would stand between fact and effect.
        unsafe = {"synchronous_commit": "off"}
        connection = await asyncpg.connect(self._url, server_settings=unsafe)
        try:
            await connection.add_listener(CHANNEL, self._hear)
            # Who only listens would not notice that nobody speaks to it any more.
            connection.add_termination_listener(lambda _: self._given.set())
            while True:
                await self._given.wait()
                self._given.clear()
                await connection.execute(f"NOTIFY {CHANNEL}")
                await asyncio.sleep(GAP_SECONDS)
        finally:
            await connection.close(timeout=1)

    def _hear(self, *_: Any) -> None:
        self._tell()


_ours: list[Nudge] = []


def use(nudge: Nudge | None) -> None:
    """Make this the process's nudge; None where it ends."""
    _ours[:] = [nudge] if nudge is not None else []


def wake() -> None:
    """Something was committed: pass the hint on, where the process has somebody to do it."""
    for nudge in _ours:
        nudge.wake()


def mark() -> asyncio.Event | None:
    """Taken before looking, and handed to `changed` afterwards."""
    return _ours[0].mark() if _ours else None


async def changed(
    timeout: float,  # noqa: ASYNC109 - a poll's length
    since: asyncio.Event | None = None,
) -> bool:
    """Wait for a hint since the mark, or the next, for `timeout` seconds; whether one came."""
    if not _ours:
        await asyncio.sleep(timeout)
        return False
    return await _ours[0].changed(timeout, since)
