"""The product as a stranger starts it: real processes, and people who use it from outside.

These walks know the command line, `local.json` and HTTP; nothing of our code but the command.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pyotp

from local.postgres import free_port
from tests.city import Someone

ROOT = Path(__file__).parent.parent.parent
READY_SECONDS, STOP_SECONDS = 90, 40
EMBEDDED, RABBITMQ = "embedded", "rabbitmq"
BROKERS = (EMBEDDED, RABBITMQ)

T = TypeVar("T")


class Product:
    """One product that runs: where it answers, and who its sample people are."""

    def __init__(self, document: dict[str, Any], data: Path) -> None:
        self.document, self.data = document, data
        self.base_url: str = document["base_url"]

    def entry(self, login: str) -> dict[str, Any]:
        """A sample person of `local.json`."""
        return dict(next(each for each in self.document["people"] if each["login"] == login))

    def machine(self, key: str) -> dict[str, Any]:
        """A sample client of `local.json`."""
        return dict(next(each for each in self.document["clients"] if each["key"] == key))

    @contextlib.asynccontextmanager
    async def town(self) -> AsyncIterator["Town"]:
        """Its people, over one HTTP client."""
        async with httpx.AsyncClient(base_url=self.base_url, timeout=30) as http:
            yield Town(self, http)


class Town:
    """Everybody who has to do with one product, signed in when they are first asked for."""

    def __init__(self, product: Product, http: httpx.AsyncClient) -> None:
        self.product, self.http = product, http
        self._known: dict[str, Someone] = {}

    async def person(self, login: str) -> Someone:
        """Somebody of the sample people."""
        if login not in self._known:
            entry = self.product.entry(login)
            body = {"login": login, "password": entry["password"]}
            if secret := entry.get("totp_secret"):
                body["otp"] = pyotp.TOTP(secret).at(datetime.now(UTC))
            token = _given(await self.http.post("/v1/sessions", json=body))["access_token"]
            self.http.cookies.clear()
            self._known[login] = Someone(self.http, token, entry)
        return self._known[login]

    async def machine(self, key: str) -> Someone:
        """A partner's machine."""
        if key not in self._known:
            entry = self.product.machine(key)
            answer = await self.http.post(
                "/oauth/token",
                data={"grant_type": "client_credentials"},
                auth=(entry["client_id"], entry["client_secret"]),
            )
            self._known[key] = Someone(self.http, _given(answer)["access_token"], entry)
        return self._known[key]


def _given(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


async def until(ask: Callable[[], Awaitable[T | None]], seconds: float = 15) -> T:
    """The first answer that is one; other processes are at work, so there is nothing to await."""
    deadline = time.monotonic() + seconds
    while (found := await ask()) is None:
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        await asyncio.sleep(0.05)
    return found


@contextlib.contextmanager
def running(data: Path, broker_url: str = "", *, simulator: bool = False) -> Iterator[Product]:
    """`python -m local run` on a free port, until it is ready; stopped as Ctrl-C does."""
    own = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}
    if broker_url:
        own["BROKER_URL"] = broker_url
    command = [
        sys.executable, "-m", "local", "run", "--data", str(data), "--port", str(free_port()),
        *([] if simulator else ["--no-simulator"]),
    ]  # fmt: skip
    with (data.parent / f"{data.name}.output").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=output, stderr=output)
    try:
        yield Product(_ready(process, data), data)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        shutil.rmtree(data / "pg", ignore_errors=True)
    assert code == 0
    assert not (data / "local.json").exists()


def _ready(process: "subprocess.Popen[bytes]", data: Path) -> dict[str, Any]:
    """`local.json` appears when everything is up (api.md 7.2)."""
    deadline = time.monotonic() + READY_SECONDS
    said = data.parent / f"{data.name}.output"
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            return dict(json.loads((data / "local.json").read_text()))
        time.sleep(0.05)
    raise AssertionError(said.read_text(errors="replace"))
