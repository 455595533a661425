"""Sweeps and housekeeping: one duty's failure is not another's, and one hand at each."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests import falling
from tests.city import City
from tests.service.requests.ask import accepted
from workers import timers


async def days_of_lists(city: City) -> list[str]:
    rows = await city.sql("SELECT DISTINCT day FROM status_lists ORDER BY day")
    return [row["day"].isoformat() for row in rows]


async def test_tomorrows_status_lists_are_there_from_eight_in_the_evening(city: City) -> None:
    city.at("2026-03-04 19:59")
    await timers.tidy(city.sessions, city.now)
    assert "2026-03-05" not in await days_of_lists(city)
    city.at("2026-03-04 20:00")
    await timers.tidy(city.sessions, city.now)
    await timers.tidy(city.sessions, city.now)
    assert {"2026-03-04", "2026-03-05"} <= set(await days_of_lists(city))
    query = "SELECT count(*) AS n FROM status_lists WHERE day = '2026-03-05'"
    assert (await city.sql(query))[0]["n"] == 1


async def test_a_key_always_signs_however_long_the_product_runs(city: City) -> None:
    query = (
        "SELECT count(*) AS n FROM signing_keys WHERE purpose = $1"
        " AND not_before <= $2 AND signs_until > $2"
    )
    for _ in range(4):
        city.pass_time(timedelta(days=45))
        await timers.tidy(city.sessions, city.now)
        for purpose in ("access", "card"):
            assert (await city.sql(query, purpose, city.now))[0]["n"] >= 1, purpose


OLD_AND_NEW = """
INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, media_type, body, made_at)
SELECT 'somebody', 'key-' || age, '', 200, '{}', '', '', $1::timestamptz - age * interval '1 hour'
FROM unnest(ARRAY[1, 47, 49, 500]) AS age
"""


async def test_rows_that_nobody_needs_are_forgotten_after_two_days(city: City) -> None:
    await city.person("talent", region="370100")
    await city.pool.execute(OLD_AND_NEW, city.now)
    await timers.tidy(city.sessions, city.now)
    kept = await city.sql("SELECT key FROM idempotency_keys WHERE caller = 'somebody' ORDER BY key")
    assert [row["key"] for row in kept] == ["key-1", "key-47"]
    assert len(await city.sql("SELECT 1 FROM sessions")) == 1
    city.pass_time(timedelta(days=4))
    await timers.tidy(city.sessions, city.now)
    for table in ("idempotency_keys", "sessions", "rate_counters", "login_failures"):
        assert await city.sql(f"SELECT 1 FROM {table}") == [], table


async def test_housekeeping_under_way_elsewhere_is_left_alone(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[datetime] = []

    async def count(_: AsyncSession, now: datetime) -> None:
        done.append(now)

    monkeypatch.setattr(timers, "HOUSEKEEPING", {"counting": count})
    async with city.sessions.begin() as other:
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended('timers counting', 3))")
        await other.execute(lock)
        await timers.tidy(city.sessions, city.now)
        assert done == []
    await timers.tidy(city.sessions, city.now)
    assert done == [city.now]


async def test_work_that_fails_does_not_keep_other_work_from_its_turn(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    async def fail(_: AsyncSession, now: datetime) -> None:
        raise LookupError

    async def count(_: AsyncSession, now: datetime) -> None:
        done.append("counted")

    monkeypatch.setattr(timers, "HOUSEKEEPING", {"failing": fail, "counting": count})
    await timers.tidy(city.sessions, city.now)
    assert done == ["counted"]


async def test_a_duty_that_fails_is_told_after_the_others_had_their_turn(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await accepted(city)
    city.at("2026-03-31 00:01")

    async def fail(*_: Any) -> int:
        raise LookupError

    monkeypatch.setattr(falling, "end_pauses", fail)
    with pytest.raises(LookupError):
        await timers.sweep(city.sessions, city.now)
    assert "deadline.breached" in await case.events()


async def test_an_idle_sweep_does_nothing(city: City) -> None:
    await accepted(city)
    await city.sweep()
    assert await timers.sweep(city.sessions, city.now) == 0


async def test_the_loop_goes_on_after_a_failure_and_ends_when_told(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, seen = asyncio.Event(), list[int]()

    async def sweep(_: Any, now: datetime) -> int:
        seen.append(len(seen))
        if len(seen) == 1:
            raise LookupError
        if len(seen) == 4:
            stop.set()
        return 1

    async def tidy(_: Any, now: datetime) -> None:
        seen.append(-1)

    monkeypatch.setattr(timers, "sweep", sweep)
    monkeypatch.setattr(timers, "tidy", tidy)
    monkeypatch.setattr(timers, "WAIT", 0.001)
    await asyncio.wait_for(timers.run(city.sessions, lambda: city.now, stop), 5)
    assert _counted(seen) == (1, 3)


def _counted(seen: Sequence[int]) -> tuple[int, int]:
    """How often it tidied and swept."""
    return seen.count(-1), len(seen) - seen.count(-1)
