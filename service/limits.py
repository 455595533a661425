"""Limits on calls that hold over all processes together (api.md 1.8).

A process leases some calls of a window from PostgreSQL and hands them out itself, so that a busy
door does not wait for one row. Leased but unused calls lapse with the window: a limit can be met
a few calls early, never late. Where the count must be exact the lease is one call.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg

from service.problems import RateLimited

LEASE = """
INSERT INTO rate_counters (bucket, window_start, used) VALUES ($1, $2, $3)
ON CONFLICT (bucket, window_start) DO UPDATE SET used = rate_counters.used + $3
WHERE rate_counters.used + $3 <= $4
RETURNING used
"""


MOST_KNOWN = 20_000


class Limiter:
    """The leases of one process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._leases: dict[str, tuple[datetime, int]] = {}
        self._leasing: dict[str, asyncio.Lock] = {}

    async def take(
        self, bucket: str, limit: int, now: datetime, *, seconds: int = 60, lease: int = 1
    ) -> None:
        """Count one call in `bucket`; raises RateLimited when the window's limit is met.

        Calls that come at once lease one after another: else each would take a lease of its own,
        and a burst would meet the limit long before it has made so many calls.
        """
        start = _window(now, seconds)
        if self._use(bucket, start):
            return
        async with self._leasing.setdefault(bucket, asyncio.Lock()):
            if self._use(bucket, start):
                return
            left = await self._lease(bucket, start, limit, lease, now, seconds)
            self._leases[bucket] = (start, left - 1)
        self._forget_others(start)

    def _use(self, bucket: str, start: datetime) -> bool:
        known, left = self._leases.get(bucket, (start, 0))
        if known != start or left <= 0:
            return False
        self._leases[bucket] = (start, left - 1)
        return True

    def _forget_others(self, start: datetime) -> None:
        if len(self._leases) > MOST_KNOWN:
            self._leases = {b: at for b, at in self._leases.items() if at[0] == start}
            self._leasing = {b: lock for b, lock in self._leasing.items() if lock.locked()}

    async def _lease(
        self, bucket: str, start: datetime, limit: int, lease: int, now: datetime, seconds: int
    ) -> int:
        for size in sorted({min(lease, limit), 1}, reverse=True):
            if await self._pool.fetchval(LEASE, bucket, start, size, limit) is not None:
                return size
        raise RateLimited(max(1, int((start - now).total_seconds()) + seconds))


def _window(now: datetime, seconds: int) -> datetime:
    stamp = int(now.timestamp())
    return datetime.fromtimestamp(stamp - stamp % seconds, UTC)


KEPT = timedelta(days=2)
FORGET = "DELETE FROM rate_counters WHERE window_start < $1"
"""Old windows, for the timers."""
