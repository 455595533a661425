"""One PostgreSQL a run, built by the migrations; a copy of it for each test that asks."""

import asyncio
import copy
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import hypothesis
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from local import rabbit
from local.postgres import Cluster
from service import db, sealing
from service.settings import Settings
from tests import template
from tests.city import City

hypothesis.settings.register_profile(
    "hck", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True
)
hypothesis.settings.load_profile("hck")
"""No test is timed; before landing the same examples are tried each time, elsewhere new ones."""

MEMORY = Path("/dev/shm")
NEEDED = 2 * 2**30


def has_memory() -> bool:
    """Whether there is a file system in memory with room: a copy of the template takes 20 ms
    there, ten times as long on a disk."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED


FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The run's PostgreSQL; it keeps nothing, so it need not be safe, and lies in memory."""
    memory = tempfile.mkdtemp(prefix="hck-pg-", dir=MEMORY) if has_memory() else None
    folder = Path(memory) if memory else tmp_path_factory.mktemp("pg")
    made = template.start_cluster(folder / "data", FAST)
    yield made
    made.stop()
    if memory:
        shutil.rmtree(memory, ignore_errors=True)


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the run's RabbitMQ, started for whoever asks first."""
    with rabbit.running(tmp_path_factory.mktemp("rabbit")) as server:
        yield server.url


@pytest.fixture(scope="session")
def ring() -> sealing.Keyring:
    """The run's keyring, known to every process that a test starts."""
    return sealing.ring_of(json.loads(template.RING))


@pytest.fixture(scope="session")
def planted(cluster: Cluster, ring: sealing.Keyring) -> dict[str, Any]:
    """The template with migrations, tables and sample people; returns who they are."""
    sealing.use(ring)
    return asyncio.run(template.build(cluster))


_numbers = itertools.count(1)


@pytest.fixture
async def database(
    cluster: Cluster, planted: dict[str, Any], ring: sealing.Keyring, tmp_path: Path
) -> AsyncIterator[Settings]:
    """The settings of a fresh copy of the template."""
    sealing.use(ring)
    name = f"test_{next(_numbers)}"
    admin = await asyncpg.connect(template.owner_url(cluster, "postgres"))
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.NAME}" STRATEGY FILE_COPY')
    yield template.settings_of(cluster, name, tmp_path)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def session(database: Settings) -> AsyncIterator[AsyncSession]:
    """A session in a transaction of its own, rolled back at the end."""
    engine = db.make_engine(database)
    async with db.make_sessions(engine)() as session:
        yield session
        await session.rollback()
    await engine.dispose()


@pytest.fixture
async def city(database: Settings, planted: dict[str, Any]) -> AsyncIterator[City]:
    """The whole product with its sample people, at ten o'clock on a Monday."""
    ready: asyncio.Future[City] = asyncio.get_running_loop().create_future()
    leave = asyncio.Event()

    async def stand() -> None:
        """A fixture's halves run in different tasks; the application ends where it began."""
        try:
            async with City(database, copy.deepcopy(planted)).open() as city:
                ready.set_result(city)
                await leave.wait()
        except BaseException as wrong:
            if ready.done():
                raise
            ready.set_exception(wrong)

    standing = asyncio.create_task(stand())
    try:
        yield await ready
    finally:
        leave.set()
        await standing
