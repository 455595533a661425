"""`python -m local run` as a process, and what can be seen of it from outside."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil

from local.postgres import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class Run:
    """One data folder, and whatever runs on it."""

    def __init__(self, data: Path, *words: str, environment: Mapping[str, str] = {}) -> None:
        self.data, self.words, self.port = data, words, free_port()
        self.environment = {**plain(), **environment}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def local_json(self) -> Path:
        return self.data / "local.json"

    @property
    def said(self) -> Path:
        """What it prints."""
        return self.data.parent / "run.log"

    def command(self) -> list[str]:
        own = ["--port", str(self.port), "--data", str(self.data)]
        return [sys.executable, "-m", "local", "run", *own, *self.words]

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.local_json.unlink(missing_ok=True)  # one that a kill left says nothing
        with self.said.open("ab") as output:
            self.process = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.environment, stdout=output, stderr=output
            )
        until(self.local_json.exists, self.process)

    def refused(self) -> str:
        """The one sentence of a start that must not succeed; nothing is left of it."""
        done = self.do(self.command())
        assert done.returncode == 1, done.stdout
        said = done.stderr.strip().splitlines()
        assert len(said) == 1, done.stderr
        return said[0]

    def told(self, *words: str) -> str:
        """What another command on the same folder answers."""
        done = self.do([sys.executable, "-m", "local", *words])
        assert done.returncode == 0, done.stderr
        return done.stdout

    def do(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the API."""
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.request(method, url, timeout=PATIENCE, trust_env=False, **options)

    def ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def processes(self) -> list[psutil.Process]:
        """Processes of this folder that live: told apart by their environment or place."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("HCK_DATA") == str(self.data)
                ours = ours or process.cwd() == str(self.data / "pg")
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def child(self, *words: str) -> psutil.Process | None:
        """The child whose command line has these words in this order."""
        assert self.process is not None
        for each in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):  # gone while we look
                if " ".join(words) in " ".join(each.cmdline()):
                    return each
        return None

    def postmaster(self) -> int:
        return int((self.data / "pg" / "postmaster.pid").read_text().splitlines()[0])

    def send(self, how: int = signal.SIGTERM) -> int:
        """Send a signal and wait for its end; returns the exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        """Nothing is left, whatever the test did."""
        if self.process is not None and self.process.poll() is None:
            assert self.send() == 0


def plain() -> dict[str, str]:
    """An environment without a database or a queue of somebody else's."""
    return {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}


def until(condition: Callable[[], Any], process: "subprocess.Popen[bytes] | None" = None) -> Any:
    """Wait until `condition` answers something true, and give it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert process is None or process.poll() is None, "ended before it was ready"
        assert time.monotonic() < deadline, "never came"
        time.sleep(0.05)
    return found
