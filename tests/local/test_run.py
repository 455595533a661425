"""`run` as a process: ready, killed in every part, started again, ended without a trace."""

import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import pytest

from tests.local.runs import ROOT, Run, until
from tests.service.requests.ask import body
from workers.broker import role_of


@pytest.fixture(scope="module")
def alive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("run") / "var", "--no-simulator")
    yield run
    run.end()


@pytest.fixture
def run(alive: Run) -> Run:
    """A run that is ready, whatever the test before did to it."""
    if alive.process is None or alive.process.poll() is not None:
        alive.start()
    return alive


@pytest.fixture
def stopped(alive: Run) -> Run:
    """Its folder with everything made, and nothing running on it."""
    if not alive.data.exists():
        alive.start()
    alive.end()
    return alive


def document(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run.local_json.read_text())
    return found


def signed_in(run: Run) -> dict[str, str]:
    """The headers of a talent with a card."""
    who = next(each for each in document(run)["people"] if each["login"] == "talent1")
    words = {"login": who["login"], "password": who["password"]}
    answer = run.ask("POST", "/v1/sessions", json=words)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def served(run: Run) -> str:
    """Ask for something and wait until workers have offered it to a partner; returns its path."""
    talent = signed_in(run)
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    made = run.ask("POST", "/v1/requests", json=body(), headers=talent | key)
    assert made.status_code == 201, made.text
    path = f"/v1/requests/{made.json()['id']}"
    until(lambda: run.ask("GET", path, headers=talent).json()["state"] == "offered")
    return path


def test_it_tells_who_the_sample_people_are_to_its_owner_only(run: Run) -> None:
    """api.md 7.2."""
    told = document(run)
    assert run.local_json.stat().st_mode & 0o777 == 0o600
    assert told["base_url"] == f"http://127.0.0.1:{run.port}"
    roles = Counter(each["role"] for each in told["people"])
    wanted = {
        "talent": 4, "unit_manager": 1, "unit_specialist": 1, "reviewer": 3, "office": 1,
        "steward": 1, "centre": 2, "system_admin": 1, "security_admin": 1, "auditor": 1,
    }  # fmt: skip
    assert roles >= Counter(wanted)
    for each in told["people"]:
        assert each["login"]
        assert each["password"]
        assert each["name"]
    for each in told["clients"]:
        assert {"partner", "scopes", "client_id", "client_secret"} <= each.keys()
    assert len(told["clients"]) >= 8
    logs = [path.read_text(errors="replace") for path in run.data.glob("*.log")]
    assert not any(told["people"][0]["password"] in log for log in [*logs, run.said.read_text()])


def test_without_the_simulator_none_runs(run: Run) -> None:
    assert run.child("local.simulator") is None


def test_only_who_migrates_knows_the_owner_s_password(run: Run) -> None:
    for each in run.processes():
        assert "DATABASE_OWNER_URL" not in each.environ()
        assert role_of(each.environ().get("DATABASE_URL", "")) in ("", "hck_service")


def test_passwords_stand_in_no_command_line_and_the_service_is_no_superuser(run: Run) -> None:
    secrets = json.loads((run.data / "secrets.json").read_text())
    assert run.process is not None
    for each in psutil.Process(run.process.pid).children(recursive=True):
        assert not set(secrets.values()) & set(" ".join(each.cmdline()).split())
    with psycopg.connect(json.loads((run.data / "running.json").read_text())["owner"]) as link:
        asked = link.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'hck_service'")
        assert asked.fetchone() == (False,)


@pytest.mark.parametrize("words", [["granian"], ["workers", "actors"], ["relay"], ["timers"]])
def test_a_part_that_is_killed_is_started_again(run: Run, words: list[str]) -> None:
    before = run.child(*words)
    assert before is not None
    before.kill()
    until(lambda: (found := run.child(*words)) and found.pid != before.pid)
    until(run.ready)


def test_a_killed_database_comes_back_with_everything_and_work_goes_on(run: Run) -> None:
    path = served(run)
    os.kill(before := run.postmaster(), signal.SIGKILL)
    until(lambda: (run.data / "pg" / "postmaster.pid").exists() and run.postmaster() != before)
    until(run.ready)
    assert run.ask("GET", path, headers=signed_in(run)).json()["state"] == "offered"
    served(run)


def test_killed_with_its_database_all_ends_and_the_next_start_has_everything(run: Run) -> None:
    path, told = served(run), document(run)
    os.kill(run.postmaster(), signal.SIGKILL)
    run.send(signal.SIGKILL)
    until(lambda: not run.processes())
    run.start()
    assert document(run) == told
    assert run.ask("GET", path, headers=signed_in(run)).json()["state"] == "offered"
    served(run)


def test_a_killed_run_can_be_started_again_at_once_on_the_same_port(run: Run) -> None:
    run.send(signal.SIGKILL)
    run.start()
    assert run.ready()


def test_a_second_run_is_refused_and_tidies_up_nothing_of_the_first(run: Run) -> None:
    other = Run(run.data)
    assert "正被另一个进程使用" in other.refused()
    other.port = run.port
    assert "已被占用" in other.refused()
    assert run.local_json.exists()


def loaded(run: Run) -> str:
    table = ROOT / "service" / "reference" / "data" / "rating_tags.tsv"
    return run.told("load", "rating_tags", str(table), "--data", str(run.data))


def test_officials_load_a_table_while_it_runs(run: Run) -> None:
    assert "rating_tags 现行版本" in loaded(run)
    assert run.ready()


def test_keys_are_rotated_while_it_runs(run: Run) -> None:
    before = run.ask("GET", "/v1/me", headers=signed_in(run))
    assert "已启用密钥" in run.told("rotate-keys", "--data", str(run.data))
    after = run.ask("GET", "/v1/me", headers=signed_in(run))  # sealed by a key it has not read yet
    assert (after.status_code, after.json()) == (200, before.json())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_it_ends_without_a_trace(run: Run, how: int) -> None:
    assert run.process is not None
    run.process.send_signal(how)
    run.process.send_signal(signal.SIGINT)  # somebody in a hurry
    assert run.process.wait(60) == 0
    until(lambda: not run.processes())  # what was killed last may need a moment to be gone
    assert not run.local_json.exists()
    assert "Traceback" not in run.said.read_text()


def test_commands_work_on_what_does_not_run_and_leave_nothing_running(stopped: Run) -> None:
    assert "rating_tags 现行版本" in loaded(stopped)
    told = stopped.told("rotate-keys", "--data", str(stopped.data))
    assert re.search(r"已启用密钥 \d+,重封 [1-9]\d* 个值", told)
    assert stopped.processes() == []


def test_a_table_that_is_not_there_is_refused_in_one_sentence(stopped: Run) -> None:
    words = [sys.executable, "-m", "local", "load", "rating_tags", "/nowhere", "--data"]
    done = stopped.do([*words, str(stopped.data)])
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert stopped.processes() == []


def test_a_lost_password_of_the_database_is_told_in_one_sentence(stopped: Run) -> None:
    secrets = stopped.data / "secrets.json"
    kept = secrets.read_text()
    secrets.write_text(json.dumps({"owner": "wrong", "service": "wrong"}))
    assert "数据库不可用" in stopped.refused()
    assert stopped.processes() == []
    secrets.write_text(kept)
