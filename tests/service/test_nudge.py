"""A hint is only a hint (docs/adr/0005): heard by every process, and not missed while looking."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.nudge import Nudge
from service.settings import Settings

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
