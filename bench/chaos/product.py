"""The product that is to be killed: the local set-up in a folder, over either queue."""

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from local.postgres import free_port
from local.rabbit import RabbitError, Server
from service import db, sealing, settings

READY_SECONDS = 120.0
KINDS = {
    "service.app": "api", "workers actors": "actors", "workers relay": "relay",
    "workers timers": "timers", "postgres": "database",
}  # fmt: skip
"""How a process is known by its command line."""
BROKER, STARTS = "broker", 5
WAIT, AWAY = (1.5, 4.0), (1.0, 5.0)
"""Seconds between two kills; how long RabbitMQ stays away before it is started again."""


class Product:
    """The local set-up as its own process, and the RabbitMQ that it uses, if any."""

    def __init__(self, folder: Path, queue: Server | None = None) -> None:
        self.folder, self.port, self.queue = folder, free_port(), queue
        self.returning: asyncio.Task[None] | None = None
        command = ["-m", "local", "run", "--data", str(folder), "--port", str(self.port)]
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.log = (folder.parent / "chaos.log").open("wb")
        more = {"BROKER_URL": queue.url} if queue else {}
        self.process = subprocess.Popen(
            [sys.executable, *command], stdout=self.log, stderr=self.log, env={**os.environ, **more}
        )

    @property
    def base_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> dict[str, Any]:
        """Until it is ready; returns its sample people."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError, httpx.HTTPError):
                if httpx.get(f"{self.base_url}/readyz", timeout=2).status_code == 200:
                    found: dict[str, Any] = json.loads((self.folder / "local.json").read_text())
                    return found
            time.sleep(0.3)
        raise SystemExit(f"产品未能启动,详见 {self.log.name}")

    def victims(self) -> dict[str, list[psutil.Process]]:
        """Its processes by kind; of the database the postmaster."""
        found: dict[str, list[psutil.Process]] = {}
        for each in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                line = " ".join(each.cmdline())
                kind = next((kind for mark, kind in KINDS.items() if mark in line), None)
                if kind and (kind != "database" or " -D" in line):
                    found.setdefault(kind, []).append(each)
        return found

    async def strike(self, kind: str, away_seconds: float) -> bool:
        """End one process of a kind by SIGKILL; whether there was one."""
        if kind == BROKER:
            return self._strike_queue(away_seconds)
        for each in self.victims().get(kind, [])[:1]:
            with contextlib.suppress(psutil.Error):
                each.kill()
                return True
        return False

    def _strike_queue(self, away_seconds: float) -> bool:
        """The local set-up restarts its own processes; RabbitMQ is not one of them."""
        if self.queue is None or (self.returning and not self.returning.done()):
            return False
        self.queue.kill()
        self.returning = asyncio.create_task(self._return(self.queue, away_seconds))
        return True

    async def _return(self, queue: Server, away_seconds: float) -> None:
        await asyncio.sleep(away_seconds)
        for left in reversed(range(STARTS)):
            try:
                return await asyncio.to_thread(queue.start)
            except RabbitError:  # a client's own port may lie on its port for a moment
                if not left:
                    raise
                await asyncio.to_thread(queue.kill)
                await asyncio.sleep(1)
        return None

    def _addresses(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / "running.json").read_text())
        return found

    async def owner(self) -> asyncpg.Connection:
        """A connection of whoever may read everything."""
        return await asyncpg.connect(self._addresses()["owner"])

    @contextlib.asynccontextmanager
    async def sessions(self) -> Any:
        """Sessions as the service has them, with its keys."""
        own = {
            "DATABASE_URL": self._addresses()["service"], "HCK_LOCAL": "1",
            "HCK_DATA": str(self.folder),
        }  # fmt: skip
        known = settings.read({**os.environ, **own})
        sealing.use(sealing.load_ring(known))
        engine = db.make_engine(known)
        made: async_sessionmaker[AsyncSession] = db.make_sessions(engine)
        yield made
        await engine.dispose()

    def end(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        self.process.kill()
        self.log.close()


async def kill(product: Product, seed: int, until: float) -> Counter[str]:
    """End one process after another, drawn by the seed; returns how many of which kind."""
    draw, killed = random.Random(seed), Counter[str]()  # noqa: S311 - a run to be repeated
    kinds = sorted({*KINDS.values(), *([BROKER] if product.queue else [])})
    while time.monotonic() < until:
        await asyncio.sleep(draw.uniform(*WAIT))
        kind = draw.choice(kinds)
        if await product.strike(kind, draw.uniform(*AWAY)):
            killed[kind] += 1
    if product.returning:
        await product.returning
    return killed
