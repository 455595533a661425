"""`run` with other settings: without sample data, or with a database and a queue that are given."""

import json
import signal
from pathlib import Path

from service.settings import Settings
from tests import template
from tests.local.runs import Run


def test_an_empty_run_has_nobody_in_it_and_nobody_simulated(tmp_path: Path) -> None:
    run = Run(tmp_path / "var", "--empty")
    try:
        run.start()
        told = json.loads(run.local_json.read_text())
        assert (told["people"], told["clients"]) == ([], [])
        assert run.child("local.simulator") is None
        assert not (run.data / "samples.json").exists()
        assert len(run.ask("GET", "/v1/offerings").json()["items"]) > 0
    finally:
        run.end()


def test_where_a_database_and_a_queue_are_given_nothing_is_embedded(
    database: Settings, rabbitmq: str, tmp_path: Path
) -> None:
    """api.md 7.4."""
    given = {
        "DATABASE_URL": database.database_url,
        "DATABASE_OWNER_URL": database.database_owner_url,
        "BROKER_URL": rabbitmq,
        "HCK_KEYRING": template.RING,
    }
    run = Run(tmp_path / "var", environment=given)
    try:
        run.start()
        assert not (run.data / "pg").exists()
        assert json.loads(run.local_json.read_text())["people"] == []
        assert run.ask("GET", "/readyz").json()["parts"]["broker"] == "ok"
        actors = run.child("workers", "actors")
        assert actors is not None
        assert any(
            str(each.raddr[1]) in rabbitmq for each in actors.net_connections() if each.raddr
        )
        assert run.send(signal.SIGTERM) == 0
    finally:
        run.end()
