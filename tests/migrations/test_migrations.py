"""The migrations build just what the rows say, one after another, back and forth."""

import asyncio
import re
from collections.abc import Iterator

import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from local.postgres import Cluster
from tests import template


@pytest.fixture
def config(cluster: Cluster) -> Iterator[Config]:
    url = template.owner_url(cluster, "migrating")
    asyncio.run(execute(cluster, "CREATE DATABASE migrating"))
    config = Config(str(template.ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(template.ROOT / "migrations"))
    config.attributes["url"] = url
    yield config
    asyncio.run(execute(cluster, "DROP DATABASE migrating WITH (FORCE)"))


async def execute(cluster: Cluster, statement: str) -> None:
    connection = await asyncpg.connect(template.owner_url(cluster, "postgres"))
    await connection.execute(statement)
    await connection.close()


def test_the_migrations_build_what_the_rows_say(config: Config) -> None:
    command.upgrade(config, "head")
    command.check(config)


def test_the_way_back_leaves_nothing(config: Config) -> None:
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)


def test_their_names_are_dated() -> None:
    files = [each.name for each in (template.ROOT / "migrations/versions").glob("*.py")]
    assert files
    for name in files:
        assert re.fullmatch(r"20\d{6}_\d{4}_[a-z0-9_]+\.py", name), name


def test_a_migration_waits_only_briefly_for_a_lock() -> None:
    text = (template.ROOT / "migrations/env.py").read_text()
    assert "lock_timeout" in text
    assert "statement_timeout" in text
    assert "pg_advisory_lock" in text
