"""The log: append-only, in order for each subject, in the transaction of the change."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from events import inbox, log
from events.of_requests import RequestWithdrawn
from service import db
from service.settings import Settings

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def withdrawn(request_id: UUID) -> RequestWithdrawn:
    return RequestWithdrawn(request_id=request_id, offering="HO-01")


async def append(session: AsyncSession, request_id: UUID) -> UUID:
    return await log.append(session, withdrawn(request_id), by=log.SYSTEM, region="370100", now=NOW)


async def test_the_events_of_one_subject_are_numbered_from_one(session: AsyncSession) -> None:
    first, other = uuid4(), uuid4()
    for request_id in (first, other, first):
        await append(session, request_id)
    rows = await log.of_subject(session, f"requests/{first}")
    assert [row.sequence for row in rows] == [1, 2]
    assert (await log.of_subject(session, f"requests/{other}"))[0].sequence == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET region = '370200'",
        "UPDATE events SET data = '{}'",
        "DELETE FROM events",
        "TRUNCATE events",
    ],
)
async def test_the_service_cannot_bend_the_log(database: Settings, statement: str) -> None:
    service = await asyncpg.connect(database.database_url)
    with pytest.raises(asyncpg.PostgresError):
        await service.execute(statement)
    await service.close()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET region = '370200'", "DELETE FROM events", "TRUNCATE events"],
)
async def test_not_even_the_owner_bends_it_by_mistake(database: Settings, statement: str) -> None:
    owner = await asyncpg.connect(database.database_owner_url)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute(statement)
    await owner.close()


async def test_the_relay_s_mark_is_set_once(database: Settings) -> None:
    service = await asyncpg.connect(database.database_url)
    engine = db.make_engine(database)
    async with db.make_sessions(engine).begin() as session:
        event_id = await append(session, uuid4())
    mark = "UPDATE events SET published_at = $2 WHERE id = $1"
    await service.execute(mark, event_id, NOW)
    with pytest.raises(asyncpg.RaiseError):
        await service.execute(mark, event_id, None)
    await service.close()
    await engine.dispose()


async def test_what_is_rolled_back_never_happened(database: Settings) -> None:
    engine = db.make_engine(database)
    sessions = db.make_sessions(engine)
    request_id = uuid4()
    async with sessions() as session:
        await append(session, request_id)
        await session.rollback()
    async with sessions() as session:
        assert await log.of_subject(session, f"requests/{request_id}") == []
    await engine.dispose()


async def test_a_consumer_reads_each_event_once_and_in_order(session: AsyncSession) -> None:
    request_id = uuid4()
    subject = f"requests/{request_id}"
    await append(session, request_id)
    await append(session, request_id)
    assert len(await inbox.unread(session, "a", subject)) == 2
    assert await inbox.unread(session, "a", subject) == []
    await append(session, request_id)
    assert len(await inbox.unread(session, "a", subject)) == 1
    assert len(await inbox.unread(session, "b", subject)) == 3


async def test_of_twenty_rivals_one_reads_all_and_the_rest_nothing(database: Settings) -> None:
    engine = db.make_engine(database, pool=20)
    sessions = db.make_sessions(engine)
    request_id = uuid4()
    async with sessions.begin() as session:
        for _ in range(3):
            await append(session, request_id)

    async def consume() -> int:
        async with sessions.begin() as session:
            return len(await inbox.unread(session, "rival", f"requests/{request_id}"))

    counts = await asyncio.gather(*(consume() for _ in range(20)))
    assert sorted(counts) == [0] * 19 + [3]
    await engine.dispose()


async def test_many_subjects_are_read_at_once_each_in_its_order(session: AsyncSession) -> None:
    ids = sorted(uuid4() for _ in range(3))
    for request_id in (ids[2], ids[0], ids[1], ids[0]):
        await append(session, request_id)
    subjects = [f"requests/{each}" for each in ids]
    await inbox.unread(session, "a", subjects[2])
    rows = await inbox.unread_rows(session, "a", *reversed(subjects), "requests/nothing")
    assert [(row.subject, row.sequence) for row in rows] == [
        (subjects[0], 1), (subjects[0], 2), (subjects[1], 1),
    ]  # fmt: skip
    assert await inbox.unread(session, "a", *subjects) == []
    await append(session, ids[1])
    assert [row.sequence for row in await inbox.unread_rows(session, "a", *subjects)] == [2]


async def test_rivals_over_crossing_subjects_never_wait_crosswise(database: Settings) -> None:
    engine = db.make_engine(database, pool=8)
    sessions = db.make_sessions(engine)
    ids = [uuid4() for _ in range(30)]
    async with sessions.begin() as session:
        for request_id in ids:
            await append(session, request_id)
    subjects = [f"requests/{each}" for each in ids]

    async def consume(first: int) -> int:
        async with sessions.begin() as session:
            mine = [*subjects[first:], *subjects[:first]]
            return len(await inbox.unread(session, "rival", *mine))

    counts = await asyncio.gather(*(consume(first) for first in range(0, 30, 4)))
    assert sum(counts) == 30
    await engine.dispose()


async def test_an_effect_that_fails_leaves_its_events_unread(database: Settings) -> None:
    engine = db.make_engine(database)
    sessions = db.make_sessions(engine)
    request_id = uuid4()
    subject = f"requests/{request_id}"
    async with sessions.begin() as session:
        await append(session, request_id)
    async with sessions() as session:
        assert len(await inbox.unread(session, "a", subject)) == 1
        await session.rollback()
    async with sessions.begin() as session:
        assert len(await inbox.unread(session, "a", subject)) == 1
    await engine.dispose()


async def test_the_plain_append_writes_the_same_row(database: Settings) -> None:
    engine = db.make_engine(database)
    first, second = uuid4(), uuid4()
    async with db.make_sessions(engine).begin() as session:
        await append(session, first)
        pool = await db.make_pool(database)
        arguments = log.append_arguments(withdrawn(second), by=log.SYSTEM, region="370100", now=NOW)
        await pool.execute(log.APPEND, *arguments)
        await pool.close()
    async with db.make_sessions(engine)() as session:
        rows = [(await log.of_subject(session, f"requests/{x}"))[0] for x in (first, second)]
        ours = [dict(row._mapping) for row in rows]
        await session.execute(text("SELECT 1"))
    for row in ours:
        for changing in ("id", "subject", "xact", "data"):
            row.pop(changing)
    assert ours[0] == ours[1]
    await engine.dispose()
