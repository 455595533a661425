"""Child processes that are started again when they die, and that die with us."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 15
STEADY_SECONDS = 30
LONGEST_WAIT = 10.0
LOG_OCTETS = 20 * 2**20
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """In the child, before it becomes the program: SIGTERM when the parent is gone."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process of the product."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name, self.command, self.log = name, command, log
        self.environment = dict(environment)
        self.process: subprocess.Popen[bytes] | None = None
        self.falls = 0
        self._started_at = self._again_at = 0.0

    def start(self) -> None:
        """Start it; its output goes to its log."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=_die_with_parent,
                start_new_session=True,
            )
        self._started_at, self._again_at = time.monotonic(), 0.0

    def is_running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.poll() is None

    def watch(self) -> str | None:
        """Start it again where it died, later and later where it keeps dying; says what it did."""
        bound_log(self.log)
        if self.is_running():
            return None
        now = time.monotonic()
        if not self._again_at:
            steady = now - self._started_at > STEADY_SECONDS
            self.falls = 1 if steady else self.falls + 1
            self._again_at = now + min(0.1 * 2**self.falls, LONGEST_WAIT)
        if now < self._again_at:
            return None
        code = self.process.returncode if self.process else None
        self._clear()
        self.start()
        return f"{self.name} 已退出(状态 {code}),重新启动。"

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_stopped(self, until: float) -> None:
        """Wait for its end; after `until` (monotonic) it is killed with all it started."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._clear()

    def _clear(self) -> None:
        """Kill what it had started and left behind: a killed HTTP server leaves its workers."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def bound_log(log: Path, octets: int = LOG_OCTETS) -> None:
    """Set a log that has grown past `octets` aside as `name.log.1`, over the one before.

    Emptied where it is, as its writer appends; what is written meanwhile may be lost.
    """
    try:
        if log.stat().st_size > octets:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
    except OSError:  # a full disk or a log that is gone is no reason to stop the product
        return


def stop_all(children: Sequence[Child]) -> None:
    """Stop every child, all at once."""
    for child in children:
        child.ask_to_stop()
    until = time.monotonic() + STOP_SECONDS
    for child in children:
        child.wait_stopped(until)
