"""The migrations build just what the rows say, one after another, back and forth."""

import asyncio
import re
from collections.abc import Iterator
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from local.postgres import Cluster
from service import sealing
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


async def rate_after(url: str, config: Config) -> asyncpg.Record:
    """A loan of before, its decision sealed in its request; the columns after the migration."""
    ring = sealing.ring_of(sealing.new_ring_document())
    sealing.use(ring)
    connection = await asyncpg.connect(url)
    await connection.execute("SET session_replication_role = replica")  # the two rows alone
    one = UUID(int=1)
    form = ring.seal(b'{"term_months": 36}', "requests.form")
    result = ring.seal(b'{"annual_rate_percent": "3.45"}', "requests.result")
    await connection.execute(
        "INSERT INTO requests (id, number, person_id, card_id, category, offering,"
        " offering_version_id, region, form, result, beneficiaries, files, state, bounces,"
        " submitted_at, revision) VALUES ($1, 'SQ-1', $1, $1, 1, 'FI-01', $1, '370100', $2, $3,"
        " '[]', '[]', 'completed', 0, now(), 1)",
        one, form, result,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO loans (id, request_id, offering, person_id, bank_id, region, borrower,"
        " granted, drawn, balance, compensation_pct, granted_at, revision)"
        " VALUES ($1, $1, 'FI-01', $1, $1, '370100', 'talent', 100, 0, 0, 70, now(), 1)",
        one,
    )
    await asyncio.to_thread(command.upgrade, config, "41ca4dfe2220")
    row = await connection.fetchrow("SELECT annual_rate_percent, term_months FROM loans")
    await connection.close()
    assert row is not None
    return row


def test_a_loan_of_before_gets_its_rate_and_term_out_of_what_is_sealed(config: Config) -> None:
    command.upgrade(config, "41ca4dfe2260")
    row = asyncio.run(rate_after(config.attributes["url"], config))
    assert (str(row["annual_rate_percent"]), row["term_months"]) == ("3.4500", 36)
