"""The database that every test's own is copied from."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import async_sessionmaker

from local import samples
from local.postgres import Cluster
from service import db
from service.auth import keys
from service.offerings import catalogue as _catalogue  # noqa: F401 - hears of its table
from service.reference import tables
from service.settings import Settings
from service.talents.proof import card_keys

ROOT = Path(__file__).parent.parent
NAME = "template_hck"
OWNER, OWNER_PASSWORD = "hck_owner", "owner"
SERVICE, SERVICE_PASSWORD = "hck_service", "service"
BASE_URL = "https://hck.example"
PLANTED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
RING = json.dumps(
    {
        "current": "1",
        "keys": {"1": "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs="},
        "index": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    }
)


def start_cluster(folder: Path, settings: dict[str, str]) -> Cluster:
    """A PostgreSQL of its own in `folder`, with the owner's and the service's role."""
    cluster = Cluster(folder)
    cluster.init(OWNER_PASSWORD, owner=OWNER)
    cluster.start(settings)
    return cluster


def owner_url(cluster: Cluster, database: str) -> str:
    """The address for whoever migrates."""
    return cluster.url(OWNER, OWNER_PASSWORD, database)


def settings_of(cluster: Cluster, database: str, data: Path) -> Settings:
    """The settings of a service over one database of the cluster."""
    return Settings(
        database_url=cluster.url(SERVICE, SERVICE_PASSWORD, database),
        database_owner_url=owner_url(cluster, database),
        base_url=BASE_URL,
        data=data,
        keyring=RING,
        local=True,
        database_pool=4,
    )


def migrate(url: str) -> None:
    """Build a database by the migrations."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes.update(url=url, app_role=SERVICE)
    command.upgrade(config, "head")


async def build(cluster: Cluster) -> dict[str, Any]:
    """Make the template: migrations, shipped tables, sample people; returns their document."""
    admin = await asyncpg.connect(owner_url(cluster, "postgres"))
    await admin.execute(f"CREATE ROLE {SERVICE} LOGIN PASSWORD '{SERVICE_PASSWORD}'")
    await admin.execute(f'CREATE DATABASE "{NAME}"')
    migrate(owner_url(cluster, NAME))
    engine = db.make_engine(settings_of(cluster, NAME, Path("unused")))
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with sessions.begin() as session:
        await tables.load_shipped(session, PLANTED_AT)
        await keys.ensure_access_key(session, PLANTED_AT)
        await card_keys.ensure_card_key(session, PLANTED_AT)
        document = await samples.plant(
            session, PLANTED_AT, base_url=BASE_URL, portraits=False, addresses=False
        )
    await engine.dispose()
    await admin.close()
    return document
