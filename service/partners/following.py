"""A partner follows the log: what is new to it, at once or as soon as there is something."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from events import feed
from events.feed import Position
from service import nudge

LOOK_AGAIN_SECONDS = 1.0
"""A hint can be lost, and an event is shown only once older transactions have ended."""

SETTLE_SECONDS = 0.05
"""After a hint: bounds a waiter to 20 looks a second, however much is committed."""

SEEN_EVERY = timedelta(minutes=1)
SEEN = """
UPDATE partners SET last_seen_at = $2::timestamptz
WHERE id = $1 AND (last_seen_at IS NULL OR last_seen_at < $2::timestamptz - $3::interval)"""


async def news(
    sessions: async_sessionmaker[AsyncSession],
    partner_id: UUID,
    position: Position,
    *,
    limit: int,
    wait_seconds: int,
) -> Sequence[sa.Row[Any]]:
    """A partner's events after `position`, waiting for the first one if asked to (events.md 3.1).

    Each look is a transaction of its own: whoever waits holds no connection.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_seconds

    async def look() -> Sequence[sa.Row[Any]]:
        async with sessions() as session:
            return await feed.after(session, partner_id, position, limit)

    while (left := until - loop.time()) > 0:
        # Listening begins before the look, so that no hint falls in between.
        hint = asyncio.create_task(nudge.changed(min(left, LOOK_AGAIN_SECONDS)))
        try:
            if rows := await look():
                return rows
            if await hint:
                await asyncio.sleep(SETTLE_SECONDS)
        finally:
            hint.cancel()
    return await look()


async def note_seen(pool: asyncpg.Pool, partner_id: UUID, now: datetime) -> None:
    """Keep when the partner's systems were last here, to the minute."""
    await pool.execute(SEEN, partner_id, now, SEEN_EVERY)
