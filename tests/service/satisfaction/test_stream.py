"""The overview's changes: facts in order, none missed and none twice, whatever the break (6.3)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from litestar.response.sse import ServerSentEventMessage as Message
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service import db
from service.reference import regions
from service.satisfaction import rating, stream
from service.satisfaction.breakdown import Period, Scope
from service.settings import Settings
from tests.service.satisfaction.make import GOOD, MONDAY, Stage
from workers.facts import count_facts

Sessions = async_sessionmaker[AsyncSession]


@pytest.fixture
async def sessions(database: Settings) -> AsyncIterator[Sessions]:
    engine = db.make_engine(database)
    yield db.make_sessions(engine)
    await engine.dispose()


def now() -> datetime:
    return MONDAY


async def reader(sessions: Sessions, last: str | None = None, top: str = "370000") -> stream.Teller:
    async with sessions() as session:
        scope = Scope(top, (await regions.of(session)).children(top))
    return stream.Teller(sessions, now, scope, Period(), stream.position_of(last, MONDAY))


async def complete(sessions: Sessions) -> str:
    async with sessions.begin() as session:
        request = await (await Stage(session).set()).request()
    return f"requests/{request.id}"


def content(message: Message) -> bytes:
    assert isinstance(message.data, bytes)
    return message.data


def told(messages: list[Message]) -> list[str]:
    facts = [msgspec.json.decode(content(m)) for m in messages if m.event == "fact"]
    return [fact["subject"] for fact in facts]


def overviews(messages: list[Message]) -> list[dict[str, object]]:
    return [msgspec.json.decode(content(m)) for m in messages if m.event == "overview"]


async def test_the_first_news_is_the_overview_as_it_is(sessions: Sessions) -> None:
    await complete(sessions)
    news = await (await reader(sessions)).news()
    assert [each.event for each in news] == ["overview"]
    assert overviews(news)[0]["region"] == "370000"


async def test_nothing_new_is_no_news(sessions: Sessions) -> None:
    teller = await reader(sessions)
    await teller.news()
    assert await teller.news() == []


async def test_a_fact_comes_at_once_and_the_figure_with_its_count(sessions: Sessions) -> None:
    teller = await reader(sessions)
    await teller.news()
    subject = await complete(sessions)
    news = await teller.news()
    assert told(news) == [subject]
    async with sessions.begin() as session:
        await count_facts(session, subject)
    (counted,) = overviews(await teller.news())
    assert counted["on_time"] == {
        "value": 1.0, "n": 1, "low": 0.2065, "high": 1.0, "suppressed": False,
    }  # fmt: skip


async def test_a_reader_that_comes_back_gets_what_it_missed_and_nothing_twice(
    sessions: Sessions,
) -> None:
    teller = await reader(sessions)
    await teller.news()
    seen = await complete(sessions)
    last = (await teller.news())[-1].id
    missed = [await complete(sessions) for _ in range(3)]
    back = await reader(sessions, str(last))
    news = await back.news()
    assert told(news) == missed
    assert seen not in told(news)
    assert told(await back.news()) == []


async def test_a_fact_that_commits_late_is_not_stepped_over(sessions: Sessions) -> None:
    teller = await reader(sessions)
    await teller.news()
    async with sessions() as slow:
        request = await (await Stage(slow).set()).request()  # not committed yet
        quick = await complete(sessions)
        before = told(await teller.news())
        await slow.commit()
    after = told(await teller.news())
    assert before + after == [f"requests/{request.id}", quick]


async def test_another_regions_facts_are_not_told(sessions: Sessions) -> None:
    teller = await reader(sessions, top="370200")
    await teller.news()
    await complete(sessions)
    assert await teller.news() == []


@pytest.mark.parametrize("cursor", ["", "x", "####", "MS4y", "e30", "LTEuMDAuMA", "9" * 300])
async def test_an_id_of_somebody_elses_begins_anew(cursor: str) -> None:
    assert stream.position_of(cursor, MONDAY) is None


def test_a_position_survives_the_way_there_and_back() -> None:
    given = stream.Position(7, UUID(int=9), datetime(2026, 3, 2, tzinfo=UTC))
    assert stream.position_of(given.cursor(), datetime.now(UTC)) == given


async def test_a_rating_shows_with_its_grade_counted(sessions: Sessions) -> None:
    teller = await reader(sessions)
    async with sessions.begin() as session:
        stage = await Stage(session).set()
        request = await stage.request()
        made = await rating.rate_request(session, request.id, GOOD, stage.holder, MONDAY)
    await teller.news()
    async with sessions.begin() as session:
        await count_facts(session, f"ratings/{made.id}")
    (found,) = overviews(await teller.news())
    satisfaction = found["satisfaction"]
    assert isinstance(satisfaction, dict)
    assert satisfaction["good_rate"]["value"] == 1.0


async def test_the_stream_gives_signs_of_life_and_ends_so_that_credentials_are_looked_at_again(
    sessions: Sessions,
) -> None:
    at = [MONDAY]

    async def wait() -> None:
        at[0] += stream.LIFE / 10

    heard = [each async for each in stream.changes(await reader(sessions), lambda: at[0], wait)]
    assert [each.event for each in heard] == ["overview", *[None] * 9]
    assert {each.comment for each in heard[1:]} == {"still here"}
