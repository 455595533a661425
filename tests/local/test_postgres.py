"""PostgreSQL from the wheel: comes back after any end, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from local import postgres
from local.postgres import Cluster, ClusterError

FAST = {"fsync": "off"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("own") / "pg")
    made.init("word: of an owner/@", owner="hck_owner")
    yield made
    made.stop()


def ask(cluster: Cluster, query: str, password: str = "word: of an owner/@") -> object:
    with psycopg.connect(cluster.url("hck_owner", password, "postgres"), autocommit=True) as link:
        cursor = link.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "never came"
        time.sleep(0.02)


def of_folder(folder: Path) -> list[psutil.Process]:
    """The postmasters and servers that work in a data folder."""
    found = []
    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["name"] == "postgres" and process.info["cwd"] == str(folder):
            found.append(process)
    return found


def test_it_asks_for_the_password_and_listens_on_loopback_alone(cluster: Cluster) -> None:
    cluster.start(FAST)
    assert ask(cluster, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(cluster, "SHOW unix_socket_directories") == ""
    with pytest.raises(psycopg.OperationalError):
        ask(cluster, "SELECT 1", password="wrong")
    cluster.stop()


def test_a_killed_postmaster_starts_again_with_what_was_committed(cluster: Cluster) -> None:
    cluster.start(FAST)
    ask(cluster, "CREATE TABLE kept AS SELECT 37 AS n")
    port = cluster.port
    assert cluster.process is not None
    cluster.process.kill()
    cluster.process.wait()
    assert not cluster.is_running()
    cluster.start(FAST)
    assert (ask(cluster, "SELECT n FROM kept"), cluster.port) == (37, port)
    cluster.stop()
    until(lambda: not of_folder(cluster.folder))


def test_a_server_that_outlived_its_postmaster_is_ended_before_a_new_one(cluster: Cluster) -> None:
    cluster.start(FAST)
    assert cluster.process is not None
    with psycopg.connect(
        cluster.url("hck_owner", "word: of an owner/@", "postgres"), autocommit=True
    ) as link:
        stuck = psutil.Process(link.info.backend_pid)
        stuck.suspend()  # so it does not notice
        cluster.process.kill()
        cluster.process.wait()
        until(lambda: of_folder(cluster.folder) == [stuck])
        cluster.start(FAST)
        assert not stuck.is_running()
    assert ask(cluster, "SELECT 1") == 1
    cluster.stop()


def test_it_ends_with_a_parent_that_is_killed(cluster: Cluster) -> None:
    script = (
        "import sys, time; from pathlib import Path; from local.postgres import Cluster;"
        "c = Cluster(Path(sys.argv[1])); c.start({'fsync': 'off'}); print('up', flush=True);"
        "time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(cluster.folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    assert of_folder(cluster.folder)
    parent.kill()
    parent.wait()
    until(lambda: not of_folder(cluster.folder))


def test_a_postmaster_that_outlived_its_parent_is_stopped_before_a_new_one(
    cluster: Cluster,
) -> None:
    cluster.start(FAST)
    other = Cluster(cluster.folder)
    other.start(FAST)
    assert cluster.process is not None
    cluster.process.wait(10)
    assert ask(other, "SELECT 1") == 1
    other.stop()
    cluster.stop()


def test_a_stale_pid_of_somebody_else_is_forgotten_and_they_are_left_alone(
    cluster: Cluster,
) -> None:
    (cluster.folder / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.folder}\n")
    before = signal.getsignal(signal.SIGINT)
    cluster.start(FAST)
    assert ask(cluster, "SELECT 1") == 1
    assert signal.getsignal(signal.SIGINT) is before
    cluster.stop()


def test_a_folder_half_made_is_made_anew(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "pg")
    cluster.folder.mkdir()
    (cluster.folder / "PG_VERSION").write_text("18\n")
    (tmp_path / ".pg.half-made").touch()
    assert not cluster.exists
    cluster.init("word")
    assert cluster.exists


def test_a_folder_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir(mode=0o700)
    with pytest.raises(ClusterError, match="数据库未能启动"):
        Cluster(tmp_path / "pg").start(FAST)


def test_a_closed_folder_on_the_way_is_noticed(tmp_path: Path) -> None:
    inner = tmp_path / "closed" / "bin"
    inner.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    assert not postgres._open_to_all(inner)
    assert postgres._open_to_all(Path("/usr/bin"))


def test_the_copy_within_reach_runs_and_is_made_once() -> None:
    copied = postgres._within_reach(postgres.binaries())
    told = subprocess.run([copied / "postgres", "-V"], capture_output=True, text=True, check=True)
    assert "PostgreSQL" in told.stdout
    made = copied.parent.stat().st_ino
    assert postgres._within_reach(postgres.binaries()).parent.stat().st_ino == made
    shutil.rmtree(copied.parents[2], ignore_errors=True)
