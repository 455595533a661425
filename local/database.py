"""The database of a run: our own PostgreSQL, or the one that DATABASE_URL names."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from local import samples
from local.folder import Folder, write_private
from local.postgres import Cluster, ClusterError
from service import __main__ as service_commands
from service import migrating, sealing
from service.settings import Settings, read
from workers import broker

OWNER, SERVICE, NAME = "hck_owner", "hck_service", "huicaika"
SETTINGS = {"max_connections": "200"}
TRIES = 10


def start_embedded(folder: Folder) -> Cluster:
    """Start (and the first time make) the folder's PostgreSQL with its role and database."""
    secrets = folder.secrets()
    cluster = Cluster(folder.cluster)
    if not cluster.exists:
        cluster.clear_remains()
        cluster.init(secrets["owner"], owner=OWNER)
    cluster.start(SETTINGS, log=log_of(folder))
    try:
        _make_role_and_database(cluster, secrets)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _make_role_and_database(cluster: Cluster, secrets: Mapping[str, str]) -> None:
    with psycopg.connect(
        cluster.url(OWNER, secrets["owner"], "postgres"), autocommit=True
    ) as admin:
        known = "SELECT 1 FROM pg_roles WHERE rolname = %s"
        if admin.execute(known, [SERVICE]).fetchone() is None:
            make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            admin.execute(make.format(sql.Identifier(SERVICE), sql.Literal(secrets["service"])))
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


def start_again(cluster: Cluster, folder: Folder) -> None:
    """Start a PostgreSQL that fell; some tries more, for somebody may hold its port meanwhile."""
    for _ in range(TRIES - 1):
        try:
            return cluster.start(SETTINGS, log=log_of(folder))
        except ClusterError:
            time.sleep(1)
    return cluster.start(SETTINGS, log=log_of(folder))


def log_of(folder: Folder) -> Path:
    """PostgreSQL's log."""
    return folder.path / "postgres.log"


def environment_of(folder: Folder, cluster: Cluster, base_url: str) -> dict[str, str]:
    """What the children of an embedded run are told; the owner's password is not among it."""
    secrets = folder.secrets()
    return {
        "DATABASE_URL": cluster.url(SERVICE, secrets["service"], NAME),
        "HCK_LOCAL": "1",
        "HCK_DATA": str(folder.path),
        "HCK_BASE_URL": base_url,
        "HCK_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",  # events.md 4.5: receivers tried out here
    }


def owner_url_of(folder: Folder, cluster: Cluster) -> str:
    """The address for whoever migrates."""
    return cluster.url(OWNER, folder.secrets()["owner"], NAME)


def prepare(environment: Mapping[str, str], owner_url: str) -> Settings:
    """Migrate, make the embedded queue where it is used, load first tables and keys."""
    settings = read({**environment, "DATABASE_OWNER_URL": owner_url})
    role = broker.role_of(settings.database_url)
    sealing.use(sealing.load_ring(settings))  # some migrations read what is sealed
    migrating.migrate(owner_url, role)
    if not settings.broker_is_rabbitmq:
        broker.prepare(owner_url, role)
    asyncio.run(service_commands.with_sessions(settings, service_commands.first_data))
    return settings


def plant(settings: Settings, folder: Folder, base_url: str) -> None:
    """Make the sample people where there are none yet; their document is kept before they are."""

    async def work(sessions: Any) -> None:
        async with sessions.begin() as session:
            if await samples.is_planted(session):
                return
            document = await samples.plant(session, datetime.now(UTC), base_url=base_url)
            write_private(folder.samples, document)

    asyncio.run(service_commands.with_sessions(settings, work))
