"""Children are started again when they die, and what they started dies with them."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from local.children import Child, bound_log, stop_all

GRANDCHILD = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(p.pid, flush=True); time.sleep(600)"
)
DEADLINE_SECONDS = 20


@pytest.fixture
def child(tmp_path: Path) -> Child:
    return Child("一个", [sys.executable, "-c", GRANDCHILD], {}, tmp_path / "log")


def started(child: Child) -> psutil.Process:
    """The newest grandchild, once the child has told its number."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    seen = len(child.log.read_text().split()) if child.log.exists() else 0
    child.start()
    while time.monotonic() < deadline:
        numbers = child.log.read_text().split()
        if len(numbers) > seen:
            return psutil.Process(int(numbers[-1]))
    raise AssertionError("the child told nothing")


def watched(child: Child) -> str:
    """What the watch says when it starts the child again."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if told := child.watch():
            return told
    raise AssertionError("the child was not started again")


def is_gone(process: psutil.Process) -> bool:
    gone, _ = psutil.wait_procs([process], DEADLINE_SECONDS)
    return bool(gone)


def test_a_killed_child_is_started_again_and_leaves_nothing_behind(child: Child) -> None:
    grandchild = started(child)
    assert child.process is not None
    child.process.kill()
    assert "重新启动" in watched(child)
    assert child.is_running()
    assert is_gone(grandchild)
    stop_all([child])
    assert not child.is_running()


def test_stopping_takes_what_the_child_started(child: Child) -> None:
    grandchild = started(child)
    stop_all([child])
    assert not child.is_running()
    assert is_gone(grandchild)


def test_a_log_past_its_bound_is_set_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"first\n" * 10)
        bound_log(log, octets=100)
        assert log.stat().st_size == 60, "within its bound it is left alone"
        bound_log(log, octets=59)
        writer.write(b"second\n")
    assert log.read_bytes() == b"second\n"
    assert (tmp_path / "api.log.1").read_bytes() == b"first\n" * 10


def test_a_log_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    bound_log(tmp_path / "gone.log")
    assert not list(tmp_path.iterdir())
