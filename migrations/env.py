"""Runs migrations: one at a time over all hosts, never waiting long for a lock."""

import os
import time
from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import OperationalError

from service import tables

LOCK = 37_2020_8  # the advisory lock of this product's migrations
TRIES = 30
SERVICE_TABLES_READ_ONLY = (
    "events",
    "verifications",
    "rungs",
    "audit_days",
    "audit_regions",
    "looks",
)


def owner_url() -> str:
    """The owner's address, for psycopg."""
    url = context.config.attributes.get("url") or os.environ.get(
        "DATABASE_OWNER_URL", os.environ.get("DATABASE_URL", "")
    )
    return "postgresql+psycopg://" + str(url).split("://", 1)[1]


def keep_ours(obj: Any, name: str | None, kind: str, reflected: bool, _: Any) -> bool:
    """Autogenerate sees our tables only, not the embedded broker's."""
    return not (kind == "table" and reflected and name is not None and name.startswith("dramatiq"))


def migrate(connection: Connection) -> None:
    """Run under the advisory lock, each statement with its time-outs."""
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
    connection.execute(text("SET lock_timeout = '1s'"))
    connection.execute(text("SET statement_timeout = '60s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=tables.METADATA,
        include_object=keep_ours,
        compare_type=True,
        transaction_per_migration=True,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
        grant(connection)
        grant_reader(connection)
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
        connection.commit()


def grant(connection: Connection) -> None:
    """The service's own role reads and writes rows, but cannot bend the log (events.md 1.1)."""
    role = (
        os.environ.get("DATABASE_URL", "").partition("://")[2].partition(":")[0].partition("@")[0]
    )
    role = str(context.config.attributes.get("app_role") or role)
    owner = connection.execute(text("SELECT current_user")).scalar_one()
    built = connection.execute(text("SELECT to_regclass('events') IS NOT NULL")).scalar_one()
    if not role or role == owner or not built:
        return
    quoted = '"' + role.replace('"', '""') + '"'
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    rights = "SELECT, INSERT, UPDATE, DELETE"
    connection.execute(text(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {quoted}"))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted}"))
    for table in SERVICE_TABLES_READ_ONLY:
        connection.execute(text(f"REVOKE UPDATE, DELETE ON {table} FROM {quoted}"))
    connection.execute(text(f"GRANT UPDATE (published_at) ON events TO {quoted}"))
    grant_figures(connection, quoted)
    connection.commit()


def grant_reader(connection: Connection) -> None:
    """A role for the city's own tools: the views of `figures` and nothing else (docs/figures.md).

    Whoever runs the database makes it; the views read with their owner's rights.
    """
    role = context.config.attributes.get("reader_role") or os.environ.get("HCK_READER_ROLE")
    if role:
        quoted = '"' + str(role).replace('"', '""') + '"'
        grant_figures(connection, quoted)
        connection.commit()


def grant_figures(connection: Connection, quoted: str) -> None:
    """The views, to be read."""
    built = connection.execute(text("SELECT to_regclass('figures.daily') IS NOT NULL")).scalar_one()
    if built:
        connection.execute(text(f"GRANT USAGE ON SCHEMA figures TO {quoted}"))
        connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA figures TO {quoted}"))


def run() -> None:
    """Retry only where a lock was not to be had: the service goes on meanwhile."""
    engine = create_engine(owner_url(), poolclass=pool.NullPool)
    for left in reversed(range(TRIES)):
        try:
            with engine.connect() as connection:
                migrate(connection)
            return
        except OperationalError as busy:
            if "lock timeout" not in str(busy.orig) or not left:
                raise
            time.sleep(1)


run()
