"""Limits hold over all processes together (api.md 1.8)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from service import db
from service.limits import Limiter
from service.problems import RateLimited
from service.settings import Settings

NOW = datetime(2026, 3, 2, 2, 0, 10, tzinfo=UTC)


async def taken(limiter: Limiter, tries: int, limit: int, lease: int) -> int:
    got = 0
    for _ in range(tries):
        try:
            await limiter.take("door", limit, NOW, lease=lease)
            got += 1
        except RateLimited:
            pass
    return got


@pytest.mark.parametrize("lease", [1, 7, 20])
async def test_two_processes_share_one_limit(database: Settings, lease: int) -> None:
    pools = [await db.make_pool(database) for _ in range(2)]
    limiters = [Limiter(pool) for pool in pools]
    got = await asyncio.gather(*(taken(each, 60, 50, lease) for each in limiters))
    assert sum(got) <= 50
    if lease == 1:
        assert sum(got) == 50
    for pool in pools:
        await pool.close()


async def test_the_next_window_begins_anew_and_the_wait_is_told(database: Settings) -> None:
    pool = await db.make_pool(database)
    limiter = Limiter(pool)
    await limiter.take("door", 1, NOW)
    with pytest.raises(RateLimited) as refusal:
        await limiter.take("door", 1, NOW)
    assert refusal.value.headers == {"Retry-After": "50"}
    await limiter.take("door", 1, NOW + timedelta(seconds=50))
    await pool.close()


async def test_doors_and_callers_have_limits_of_their_own(database: Settings) -> None:
    pool = await db.make_pool(database)
    limiter = Limiter(pool)
    await limiter.take("one", 1, NOW)
    await limiter.take("other", 1, NOW)
    await pool.close()


async def test_a_burst_meets_the_limit_where_it_is_and_not_before(database: Settings) -> None:
    pool = await db.make_pool(database)
    limiter = Limiter(pool)
    tries = (limiter.take("door", 50, NOW, lease=20) for _ in range(50))
    assert await asyncio.gather(*tries) == [None] * 50
    with pytest.raises(RateLimited):
        await limiter.take("door", 50, NOW, lease=20)
    await pool.close()
