"""compose.yaml: no container engine is here, so its structure and commands are what we try."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from service import settings

ROOT = Path(__file__).parent.parent
OURS = ("migrate", "api", "actors", "relay", "timers", "webhooks", "channels")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return read


def filled(compose: dict[str, Any], service: str) -> dict[str, str]:
    """The environment of a service, with `${NAME:?…}` replaced as an operator's .env would."""
    given: dict[str, str] = compose["services"][service]["environment"]
    base = {"HCK_BASE_URL": "https://hck.example"}

    def fill(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        return base.get(name, "word" if kind == "?" else default)

    return {k: re.sub(r"\$\{(\w+):([?-])([^}]*)\}", fill, v) for k, v in given.items()}


@pytest.mark.parametrize("service", OURS)
def test_each_process_reads_its_settings(compose: dict[str, Any], service: str) -> None:
    read = settings.read(filled(compose, service))
    assert read.broker_is_rabbitmq
    assert not read.local
    assert read.keyring_file == Path("/run/secrets/keyring")


def test_only_the_migration_knows_the_owner(compose: dict[str, Any]) -> None:
    knowing = [name for name in OURS if "DATABASE_OWNER_URL" in filled(compose, name)]
    assert knowing == ["migrate"]
    assert settings.read(filled(compose, "api")).database_url.startswith(
        "postgresql://hck_service:"
    )


def test_nobody_starts_before_the_database_is_up_to_date(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in OURS[1:]:
        after = services[name]["depends_on"]
        assert after["migrate"]["condition"] == "service_completed_successfully"
        assert after["rabbitmq"]["condition"] == "service_healthy"


def test_no_password_stands_in_the_file(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASS|_URL", key):
                assert "${" in value, f"{name}.{key}"


def test_every_named_volume_secret_and_config_is_declared(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        volumes = {each.split(":")[0] for each in service.get("volumes", [])}
        assert volumes <= set(compose["volumes"])
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert {each["source"] for each in service.get("configs", [])} <= set(compose["configs"])


@pytest.mark.parametrize("service", OURS)
def test_each_command_is_one_that_the_product_has(compose: dict[str, Any], service: str) -> None:
    program, *words = compose["services"][service]["command"]
    assert program == "python"
    without = {"PATH": "/usr/bin:/bin"}  # no settings: it must say so, not that it knows no command
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=without, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "DATABASE_URL" in done.stderr) == (1, True), done.stderr


def test_the_image_holds_every_room_that_runs_in_it() -> None:
    copied = set(re.findall(r"^COPY (\w+) ", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert {"cards", "events", "migrations", "service", "workers"} <= copied
    let_in = (ROOT / ".dockerignore").read_text().splitlines()
    assert all(f"!{name}" in let_in for name in copied)
