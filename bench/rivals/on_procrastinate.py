"""The job on Procrastinate: the job row in the same transaction; the effect's key sees to
doubles of a worker that died."""

import asyncio
import importlib
import os
import sys
from typing import Any
from uuid import uuid4

from bench.rivals.job import CHANGE, EFFECT, by_writers

procrastinate: Any = importlib.import_module("procrastinate")
pools: Any = importlib.import_module("psycopg_pool")
AT_ONCE = 8
app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(
        conninfo=os.environ.get("DATABASE_URL", ""), min_size=AT_ONCE, max_size=AT_ONCE + 4
    )
)
pool: Any = None


async def _effect(thing: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(EFFECT, [thing])


effect = app.task(_effect, name="effect")


async def produce(count: int) -> None:
    """Change and job in one transaction each."""

    async def change() -> None:
        thing = str(uuid4())
        async with pool.connection() as connection:
            await connection.execute(CHANGE, [thing])
            await effect.configure(connection=connection).defer_async(thing=thing)

    await by_writers(count, change)


async def main(words: list[str]) -> None:
    """Produce, or work until stopped."""
    global pool
    address = os.environ["DATABASE_URL"]
    async with (
        app.open_async(),
        pools.AsyncConnectionPool(address, min_size=AT_ONCE, max_size=AT_ONCE) as pool,
    ):
        if words[0] == "produce":
            await produce(int(words[1]))
        else:
            await app.run_worker_async(concurrency=AT_ONCE)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
