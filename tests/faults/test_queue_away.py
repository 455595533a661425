"""The queue goes away for a while: people notice nothing, and afterwards all is worked off."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.rabbit import Server
from service.settings import Settings
from tests.faults.processes import Product, until
from tests.faults.test_kills import effects, read_to_the_end, signed_in, submit

WHILE_AWAY = 24
"""A few seconds of a busy day; `bench --only away` takes it away for ten minutes' requests."""
SOON_SECONDS = 120.0


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Server]:
    """A RabbitMQ of this test's own, to be killed."""
    server = Server(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
async def product(database: Settings, queue: Server, tmp_path: Path) -> AsyncIterator[Product]:
    """API, relay and actors over it."""
    with contextlib.closing(Product(database, queue.url, tmp_path)) as product:
        yield product


async def asked(client: httpx.AsyncClient, token: str) -> str:
    """Somebody asks for something; returns its subject."""
    made = await submit(client, token, f"key-{uuid4()}")
    assert made.status_code == 201, made.text
    return f"requests/{made.json()['id']}"


async def test_nobody_notices_and_everything_is_worked_off_once_afterwards(
    product: Product, queue: Server, planted: dict[str, Any]
) -> None:
    product.start("workers", "relay")
    product.start("workers", "actors")
    _, client = await product.api()
    token = await signed_in(client, planted)
    async with product.admin() as admin, contextlib.aclosing(client):
        first = await asked(client, token)
        await until(lambda: read_to_the_end(admin, first), "the queue at work")

        queue.kill()
        subjects = await asyncio.gather(*(asked(client, token) for _ in range(WHILE_AWAY)))
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]["broker"] != "ok") == (503, True)
        unpublished = "SELECT count(*) FROM events WHERE published_at IS NULL"
        assert await admin.fetchval(unpublished) >= WHILE_AWAY

        queue.start()
        back_at = time.monotonic()
        for subject in subjects:
            await until(partial(read_to_the_end, admin, subject), "what was asked meanwhile")
            notices, different, offers = await effects(admin, subject)
            assert notices == different > 0
            assert offers == 1
        assert time.monotonic() - back_at < SOON_SECONDS
        assert (await client.get("/readyz")).status_code == 200
