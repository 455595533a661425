"""`run` as a process: ready, killed, started again, ended; and every refusal is one sentence."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local.folder import FORMAT
from local.postgres import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class Run:
    """One data folder, and whatever runs on it."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.process: subprocess.Popen[str] | None = None

    def command(self, *words: str) -> list[str]:
        return [
            sys.executable, "-m", "local", "run", "--port", str(self.port),
            "--data", str(self.data), "--empty", *words,
        ]  # fmt: skip

    def start(self) -> None:
        (self.data / "local.json").unlink(missing_ok=True)  # one that a kill left says nothing
        with (self.data.parent / "run.log").open("ab") as output:
            self.process = subprocess.Popen(
                self.command(), cwd=ROOT, env=plain(), stdout=output, stderr=output, text=True
            )
        until(lambda: (self.data / "local.json").exists(), self.process)

    def refused(self) -> str:
        """What a start that must not succeed says."""
        done = subprocess.run(
            self.command(), cwd=ROOT, env=plain(), capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 1, done.stdout
        said = done.stderr.strip().splitlines()
        assert len(said) == 1, done.stderr
        return said[0]

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/readyz", timeout=2
            ) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def left(self) -> list[str]:
        """Processes of this folder that live: told apart by their environment or place."""
        found = []
        for process in psutil.process_iter(["pid", "name"]):
            try:
                ours = process.environ().get("HCK_DATA") == str(self.data)
                ours = ours or process.cwd() == str(self.data / "pg")
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"{process.pid} {process.name()}")
            except psutil.Error:
                continue
        return found

    def postmaster(self) -> int:
        return int((self.data / "pg" / "postmaster.pid").read_text().splitlines()[0])

    def stop(self, how: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def plain() -> dict[str, str]:
    """An environment without a database or a queue of somebody else's."""
    return {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}


def until(condition: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process is None or process.poll() is None, "ended before it was ready"
        assert time.monotonic() < deadline, "never came"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    made = Run(tmp_path_factory.mktemp("run") / "var")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


def test_it_survives_every_kill_and_leaves_nothing(run: Run) -> None:
    run.start()
    assert run.ready()
    assert (run.data / "local.json").stat().st_mode & 0o777 == 0o600
    assert "正被另一个进程使用" in Run(run.data).refused()
    taken = Run(run.data)
    taken.port = run.port
    assert "已被占用" in taken.refused()
    assert (run.data / "local.json").exists(), "whoever was refused tidied up somebody else's run"

    os.kill(before := run.postmaster(), signal.SIGKILL)
    until(lambda: (run.data / "pg" / "postmaster.pid").exists() and run.postmaster() != before)
    until(run.ready)

    run.stop(signal.SIGKILL)
    until(lambda: not run.left())
    run.start()
    assert json.loads((run.data / "local.json").read_text())["base_url"].endswith(str(run.port))

    assert run.stop(signal.SIGINT) == 0
    assert run.left() == []
    assert not (run.data / "local.json").exists()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    run = Run(tmp_path / "var")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", run.port))
        taken.listen()
        assert f"端口 {run.port} 已被占用" in run.refused()


@pytest.mark.parametrize("form", ["0", str(int(FORMAT) + 1), ""])
def test_a_data_folder_of_another_version(tmp_path: Path, form: str) -> None:
    run = Run(tmp_path)
    (tmp_path / "format").write_text(form)
    assert "来自别的版本" in run.refused()


def test_a_database_without_a_mark_of_its_version(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    assert "没有版本标记" in Run(tmp_path).refused()


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    assert "不可用" in Run(tmp_path / "var").refused()


def test_a_data_folder_that_cannot_be_written() -> None:
    assert Run(Path("/proc/hck")).refused().startswith("✗ 数据目录 /proc/hck")
