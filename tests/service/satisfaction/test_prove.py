"""`prove`: the figures' counts against the log, as a command (satisfaction.md F8)."""

import asyncio

from sqlalchemy import text

from service import __main__ as commands
from service.satisfaction import commands as figure_commands
from service.satisfaction import rating
from tests.city import City
from tests.service.satisfaction.make import GOOD, MONDAY, Stage
from tests.workers.test_facts import count_all


async def counted(city: City) -> None:
    async with city.sessions.begin() as session:
        stage = await Stage(session).set()
        for _ in range(3):
            request = await stage.request()
            await rating.rate_request(session, request.id, GOOD, stage.holder, MONDAY)
        await count_all(session)


async def test_agreement_is_said_and_ends_well(city: City) -> None:
    await counted(city)
    lines, agrees = await figure_commands.prove(city.sessions)
    assert agrees
    assert lines == ["1 格计数与日志重新数出的完全一致。"]
    assert await asyncio.to_thread(commands.prove_command, city.settings, []) == 0


async def test_a_bent_count_is_named_and_mended_by_a_rebuild(city: City) -> None:
    await counted(city)
    async with city.sessions.begin() as session:
        await session.execute(text("UPDATE figure_counts SET grade_5 = 4"))
    lines, agrees = await figure_commands.prove(city.sessions)
    assert not agrees
    assert lines[0].startswith("2026-03-02 HO-01 ")
    assert lines[0].endswith("5 级评价 记 4 实 3")
    assert await asyncio.to_thread(commands.prove_command, city.settings, []) == 1
    assert await asyncio.to_thread(commands.prove_command, city.settings, ["rebuild"]) == 0
    assert (await figure_commands.prove(city.sessions))[1]


async def test_other_words_are_told_the_usage(city: City) -> None:
    assert await asyncio.to_thread(commands.prove_command, city.settings, ["again"]) == 2
