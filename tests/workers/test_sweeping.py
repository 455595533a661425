"""Several sweepers, killed at will: each rung fires once, with its event, or not at all (E2)."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from tests.city import City
from tests.service.requests.ask import accepted
from workers import timers

MANY = """
WITH made AS (
    INSERT INTO requests SELECT (jsonb_populate_record(NULL::requests, to_jsonb(r) ||
        jsonb_build_object('id', gen_random_uuid(), 'number', r.number || g))).*
    FROM requests r, generate_series(1, $2::int) g WHERE r.id = $1 RETURNING id
)
INSERT INTO clocks SELECT (jsonb_populate_record(NULL::clocks, to_jsonb(c) ||
    jsonb_build_object('id', gen_random_uuid(), 'request_id', made.id))).*
FROM clocks c, made WHERE c.request_id = $1 AND c.leg = 'handling'
"""
FIRED = """
SELECT r.clock_id, r.rung, (SELECT count(*) FROM events e WHERE e.subject = 'requests/' ||
    c.request_id AND e.data->>'clock_id' = c.id::text AND e.data->>'rung' = r.rung) AS told
FROM rungs r JOIN clocks c ON c.id = r.clock_id WHERE c.leg = 'handling'
"""
LATE = "2026-03-31 00:01"
"""After the breach of twenty working days from 2 March, before the rung of the day after."""
RUNGS = {"0.5", "0.8", "due", "breach"}
OTHERS = 30


class Killed(BaseException):
    """What a process that is killed looks like to its database: nothing after it."""


async def many(city: City) -> None:
    """So many requests more that are as far as one of the housing bureau."""
    case = await accepted(city)
    await city.sql(MANY, UUID(case.id), OTHERS)


async def until_idle(city: City) -> None:
    while await timers.sweep(city.sessions, city.now):
        pass


async def fired(city: City) -> Sequence[Any]:
    return await city.sql(FIRED)


async def whole(city: City) -> bool:
    """Whether each clock fired each of its rungs once, each with one event."""
    rows = await fired(city)
    by_clock = Counter(row["clock_id"] for row in rows)
    return (
        len(by_clock) == OTHERS + 1
        and set(by_clock.values()) == {len(RUNGS)}
        and {row["rung"] for row in rows} == RUNGS
        and {row["told"] for row in rows} == {1}
    )


async def test_sweepers_that_race_fire_each_rung_once(city: City) -> None:
    await many(city)
    city.at(LATE)
    await asyncio.gather(*(until_idle(city) for _ in range(4)))
    await until_idle(city)
    assert await whole(city)


async def test_a_sweeper_killed_amid_its_batch_leaves_nothing_half_done(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(city)
    city.at(LATE)
    append = log.append_many

    async def dying(session: AsyncSession, found: Any, **rest: Any) -> None:
        await append(session, found[:30], **rest)
        raise Killed

    monkeypatch.setattr(log, "append_many", dying)
    with pytest.raises(Killed):
        await timers.sweep(city.sessions, city.now)
    assert await fired(city) == []
    monkeypatch.setattr(log, "append_many", append)
    await until_idle(city)
    assert await whole(city)


async def test_a_sweeper_whose_connection_breaks_beside_others_is_made_good_by_them(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(city)
    city.at(LATE)
    append, broken = log.append_many, list[int]()

    async def breaking(session: AsyncSession, found: Any, **rest: Any) -> None:
        await append(session, found, **rest)
        if not broken:
            raw = await (await session.connection()).get_raw_connection()
            broken.append(raw.driver_connection.get_server_pid())  # type: ignore[union-attr]
            await city.sql("SELECT pg_terminate_backend($1)", broken[0])

    monkeypatch.setattr(log, "append_many", breaking)
    await asyncio.gather(*(until_idle(city) for _ in range(3)), return_exceptions=True)
    city.pass_time(timedelta(minutes=6))  # what failed is looked at again
    await until_idle(city)
    assert broken
    assert await whole(city)


async def test_what_cannot_be_told_together_is_told_one_by_one(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(city)
    city.at(LATE)

    async def failing(*_: Any, **__: Any) -> None:
        raise LookupError

    monkeypatch.setattr(log, "append_many", failing)
    await until_idle(city)
    assert await whole(city)


async def test_a_clock_that_goes_back_and_forth_fires_nothing_twice(city: City) -> None:
    await many(city)
    for day in ("2026-03-16 09:30", "2026-03-02 12:00", LATE, "2026-03-10 12:00", LATE):
        city.at(day)
        await until_idle(city)
    assert await whole(city)
