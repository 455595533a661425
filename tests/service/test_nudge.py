"""A hint is only a hint (docs/adr/0005): heard by every process, and not missed while looking."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.nudge import CHANNEL, Nudge
from service.settings import Settings
from tests.service.test_db import CUT_OFF

LONG, SHORT = 5.0, 0.01


@pytest.fixture
async def two(database: Settings) -> AsyncIterator[tuple[Nudge, Nudge]]:
    """Two processes' nudges over one database, both listening."""
    pair = Nudge(database.database_url), Nudge(database.database_url)
    for each in pair:
        each.start()
    heard = asyncio.Event()

    async def until_listening() -> None:
        while not heard.is_set():
            pair[0].wake()
            if await pair[1].changed(0.05):
                heard.set()

    await asyncio.wait_for(until_listening(), LONG)
    yield pair
    for each in pair:
        await each.stop()


async def test_a_hint_reaches_the_other_process(two: tuple[Nudge, Nudge]) -> None:
    mark = two[1].mark()
    two[0].wake()
    assert await two[1].changed(LONG, mark)


async def test_a_hint_that_came_while_one_looked_is_not_missed(two: tuple[Nudge, Nudge]) -> None:
    mark = two[0].mark()
    two[0].wake()
    assert await two[0].changed(SHORT, mark)


async def test_without_a_hint_the_wait_ends_by_itself(two: tuple[Nudge, Nudge]) -> None:
    await two[1].changed(0.2)  # what was still under way
    assert not await two[1].changed(SHORT)


async def test_who_only_listens_listens_again_after_the_database_cut_it_off(
    two: tuple[Nudge, Nudge], database: Settings
) -> None:
    admin = await asyncpg.connect(database.database_owner_url)
    await admin.execute(CUT_OFF)
    mark = two[1].mark()
    await asyncio.wait_for(until_heard(admin, two[1], mark), LONG)  # nobody here gives a hint
    await admin.close()


async def until_heard(admin: asyncpg.Connection, listener: Nudge, mark: asyncio.Event) -> None:
    """Hints from elsewhere, until one is heard."""
    while True:
        await admin.execute(f"NOTIFY {CHANNEL}")
        if await listener.changed(0.05, mark):
            return
