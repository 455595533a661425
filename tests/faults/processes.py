"""Processes to be killed, gates that hold them at the worst moment, and waiting on conditions."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from local.postgres import free_port
from service.settings import Settings
from tests import template
from tests.workers import rabbit
from workers import broker
from workers.subscriptions import CONSUMERS, HEARD

PATIENCE = 40.0
GATE = 4_711
QUEUES = sorted({actor.queue_name for actor, _ in HEARD.values()})


async def until(condition: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Wait until `condition` answers something true; fails after a while."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := await condition():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"never came: {what}")


class Product:
    """API and workers over one database and one queue, each a process of its own."""

    def __init__(self, settings: Settings, broker_url: str, folder: Path) -> None:
        self.settings, self.broker_url, self.folder = settings, broker_url, folder
        self.port = free_port()
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start `python -m words…`."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.settings.database_url,
            "BROKER_URL": self.broker_url,
            "HCK_KEYRING": template.RING,
            "HCK_BASE_URL": f"http://127.0.0.1:{self.port}",
            "HCK_LOCAL": "1",
            "HCK_DATA": str(self.folder),
        }
        with (self.folder / "processes.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env=environment, cwd=template.ROOT, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        return process

    async def api(self) -> tuple["subprocess.Popen[bytes]", httpx.AsyncClient]:
        """Start the API; returns it and a client, once it answers.

        Not once it is ready: the relay is another process, and what it has not done counts.
        """
        process = self.start("service", "serve", "--port", str(self.port))
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE)

        async def ready() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return (await client.get("/livez")).status_code == 200
            return False

        await until(ready, "the API")
        return process, client

    def send_again(self, subject: str) -> None:
        """Put the subject into every consumer's queue, as a relay does that lost its mark."""
        queue = broker.make_broker(self.broker_url, self.settings.database_url)
        for actor in CONSUMERS.values():
            queue.declare_queue(actor.queue_name)
            queue.enqueue(actor.message(subject))
        queue.close()

    async def finish(self) -> None:
        """Wait until every message is worked off, then end the workers; nothing may have failed."""
        await until(self._is_idle, "an empty queue")
        for process in self.running:
            process.terminate()
        for process in self.running:
            await asyncio.to_thread(process.wait, PATIENCE)
        told = (self.folder / "processes.log").read_text()
        assert "Failed to process" not in told, told

    async def _is_idle(self) -> bool:
        if self.broker_url:
            return await asyncio.to_thread(rabbit.is_empty, self.broker_url, QUEUES)
        async with self.admin() as admin:
            left = "SELECT count(*) FROM dramatiq.queue WHERE state IN ('queued', 'consumed')"
            return bool(await admin.fetchval(left) == 0)

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """`kill -9`, with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def close(self) -> None:
        """Nothing is left."""
        for process in list(self.running):
            self.kill(process)

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the owner."""
        connection = await asyncpg.connect(self.settings.database_owner_url)
        try:
            yield connection
        finally:
            await connection.close()


@contextlib.asynccontextmanager
async def gate(product: Product, when: str) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Whoever does `when` (as in CREATE TRIGGER) waits here; gives who waits, as a condition."""
    async with product.admin() as admin:
        await admin.execute(f"""
            CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
            CREATE TRIGGER gate AFTER {when} FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate()
        """)
        await admin.execute(f"SELECT pg_advisory_lock({GATE})")

        async def waiting() -> Any:
            return await admin.fetchval(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND objid = $1 AND database = (SELECT oid FROM pg_database"
                " WHERE datname = current_database())",
                GATE,
            )

        yield waiting
        await admin.execute(f"SELECT pg_advisory_unlock({GATE})")
