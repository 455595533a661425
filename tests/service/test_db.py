"""The pool of connections: one whose other end has gone harms nobody."""

import asyncio

import asyncpg
from sqlalchemy import text

from service import db
from service.settings import Settings

CUT_OFF = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_connections_that_the_database_closed_are_replaced_before_anybody_meets_them(
    database: Settings,
) -> None:
    engine = db.make_engine(database, pool=2)
    sessions = db.make_sessions(engine)

    async def ask() -> object:
        async with sessions.begin() as session:
            return await session.scalar(text("SELECT pg_sleep(0.05) IS NOT NULL"))

    await asyncio.gather(*(ask() for _ in range(4)))
    admin = await asyncpg.connect(database.database_owner_url)
    cut = await admin.fetch(CUT_OFF)
    await admin.close()
    assert len(cut) == 4
    await asyncio.sleep(0)  # the loop hears of it
    assert await asyncio.gather(*(ask() for _ in range(4))) == [True] * 4
    await engine.dispose()
