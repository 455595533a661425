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

LOOK_AGAIN_SECONDS = 1.0
"""A wake can be missed, and an event is shown only once older transactions have ended."""

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
    while True:
        async with sessions() as session:
            rows = await feed.after(session, partner_id, position, limit)
        left = until - loop.time()
        if rows or left <= 0:
            return rows
        await asyncio.sleep(min(left, LOOK_AGAIN_SECONDS))


async def note_seen(pool: asyncpg.Pool, partner_id: UUID, now: datetime) -> None:
    """Keep when the partner's systems were last here, to the minute."""
    await pool.execute(SEEN, partner_id, now, SEEN_EVERY)
