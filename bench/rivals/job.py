"""The job that everybody does: a change of state, and one effect of it written exactly once.

Each way is a process `python -m bench.rivals.WAY produce N | work`; the tables are the same.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

WRITERS = 8
"""Changes of state under way at once."""
TABLES = """
DROP TABLE IF EXISTS bench_changes, bench_effects;
CREATE TABLE bench_changes (thing uuid PRIMARY KEY, state text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE bench_effects (thing uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp());
GRANT ALL ON bench_changes, bench_effects TO hck_service"""
CHANGE = "INSERT INTO bench_changes VALUES (%s, 'submitted')"
EFFECT = "INSERT INTO bench_effects (thing) VALUES (%s) ON CONFLICT DO NOTHING"


async def by_writers(count: int, change: Callable[[], Awaitable[None]]) -> None:
    """Make so many changes, several at once; prints the seconds."""
    left = iter(range(count))

    async def writer() -> None:
        for _ in left:
            await change()

    begun = time.perf_counter()
    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    print(time.perf_counter() - begun)
