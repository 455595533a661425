"""An event that a consumer cannot take: it blocks its own subject alone, is seen, tried again or
passed over (events.md 1.4)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from asyncpg import CannotConnectNowError, TooManyConnectionsError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from events import dead, inbox, log
from events.of_requests import RequestWithdrawn
from service.dead_letters import commands
from service.problems import NotFound
from tests.city import City
from workers import effects, relay
from workers.subscriptions import CONSUMERS

CONSUMER = "notices.tell"


class Poison(Exception):
    """What a bad event does."""


class Consumer:
    """Takes events, and cannot take those of one sequence."""

    def __init__(self, city: City, bad: int | None) -> None:
        self.city, self.bad, self.taken = city, bad, list[tuple[str, int]]()

    async def take(self, subject: str) -> None:
        """One message."""
        await effects.take(CONSUMER, subject, lambda session: self.work(session, subject))

    async def work(self, session: AsyncSession, subject: str) -> None:
        rows = await inbox.unread_rows(session, CONSUMER, subject)
        for row in rows:
            if row.sequence == self.bad:
                raise Poison("张明远 370102198404123116")
        self.taken += [(subject, row.sequence) for row in rows]

    async def die(self, subject: str, tried: int = 0) -> None:
        """As often as the queue tries it."""
        for _ in range(dead.TRIES - 1 - tried):
            with pytest.raises(Poison):
                await self.take(subject)
        await self.take(subject)


async def happened(city: City, times: int, request_id: UUID | None = None) -> str:
    request_id = request_id or uuid4()
    async with city.sessions.begin() as session:
        for _ in range(times):
            event = RequestWithdrawn(request_id=request_id, offering="HO-01")
            await log.append(session, event, by=log.SYSTEM, region="370100", now=city.now)
    return f"requests/{request_id}"


async def listed(city: City) -> list[dict[str, Any]]:
    admin = await city.person("system_admin")
    found: list[dict[str, Any]] = (await admin.get("/v1/dead-letters")).json()["items"]
    return found


async def test_after_so_many_tries_it_is_a_dead_letter_and_the_queue_is_left_in_peace(
    city: City,
) -> None:
    subject, consumer = await happened(city, 3), Consumer(city, bad=2)
    with pytest.raises(Poison):
        await consumer.take(subject)
    assert await listed(city) == [], "it is tried again first"
    await consumer.die(subject, tried=1)
    [letter] = await listed(city)
    assert (letter["consumer"], letter["subject"], letter["sequence"]) == (CONSUMER, subject, 2)
    assert (letter["error"], letter["type"]) == ("Poison", "hck.request.withdrawn.v1")
    assert "张明远" not in str(letter), "the kind of error, never its text"
    await consumer.take(subject)
    assert len(await listed(city)) == 1


async def test_what_stands_before_it_has_its_effect_and_what_comes_after_waits_in_order(
    city: City,
) -> None:
    subject, consumer = await happened(city, 3), Consumer(city, bad=2)
    await consumer.die(subject)
    assert consumer.taken == [(subject, 1)]
    consumer.bad = None
    await consumer.take(subject)
    assert consumer.taken == [(subject, 1), (subject, 2), (subject, 3)]
    assert await listed(city) == [], "a consumer that has come past it has none"


async def test_a_bad_one_of_a_pack_costs_the_others_nothing(city: City) -> None:
    good, bad, other = [await happened(city, times) for times in (1, 2, 1)]
    consumer = Consumer(city, bad=2)

    async def work(session: AsyncSession, subjects: Sequence[str]) -> None:
        for subject in subjects:
            await consumer.work(session, subject)

    async def take() -> None:
        await effects.take_all(CONSUMER, [good, bad, other], work)

    for _ in range(dead.TRIES - 1):
        with pytest.raises(Poison):
            await take()
    assert await marks(city) == {good: 1, bad: 1, other: 1}
    await take()
    [letter] = await listed(city)
    assert (letter["subject"], letter["sequence"]) == (bad, 2)


async def marks(city: City) -> dict[str, int]:
    query = "SELECT subject, sequence FROM inbox WHERE consumer = $1 AND sequence > 0"
    return {row["subject"]: row["sequence"] for row in await city.sql(query, CONSUMER)}


async def test_it_never_blocks_another_subject(city: City) -> None:
    bad, good = await happened(city, 2), await happened(city, 1)
    consumer = Consumer(city, bad=2)
    await consumer.die(bad)
    await consumer.take(good)
    assert (good, 1) in consumer.taken


async def test_progress_counts_the_tries_anew(city: City) -> None:
    request_id = uuid4()
    subject, consumer = await happened(city, 1, request_id), Consumer(city, bad=1)
    for _ in range(dead.TRIES - 1):
        with pytest.raises(Poison):
            await consumer.take(subject)
    await happened(city, 1, request_id)
    consumer.bad = 2
    with pytest.raises(Poison):
        await consumer.take(subject)
    assert await listed(city) == []


async def test_a_database_that_is_away_makes_no_dead_letter(city: City) -> None:
    subject = await happened(city, 1)

    async def lost(_: AsyncSession) -> None:
        raise ConnectionRefusedError

    async def cut(session: AsyncSession) -> None:
        raise DBAPIError("SELECT 1", None, Exception(), connection_invalidated=True)

    async def crowded(_: AsyncSession) -> None:
        raise TooManyConnectionsError

    async def starting(_: AsyncSession) -> None:
        raise DBAPIError("SELECT 1", None, CannotConnectNowError())

    async def waited(_: AsyncSession) -> None:
        raise PoolTimeout

    for work, kind in (
        (lost, ConnectionRefusedError), (cut, DBAPIError), (starting, DBAPIError),
        (crowded, TooManyConnectionsError), (waited, PoolTimeout),
    ):  # fmt: skip
        for _ in range(dead.TRIES + 1):
            with pytest.raises(kind):
                await effects.take(CONSUMER, subject, work)
    assert await city.sql("SELECT 1 FROM dead_letters") == []


async def test_the_relay_does_not_wake_it_until_somebody_asks(city: City) -> None:
    await city.settle()
    subject, consumer = await happened(city, 1), Consumer(city, bad=1)
    await city._relayed()
    later = city.now + timedelta(minutes=5)
    assert (CONSUMERS[CONSUMER], subject) in await woken(city, later)
    await consumer.die(subject)
    assert (CONSUMERS[CONSUMER], subject) not in await woken(city, later)
    [letter] = await listed(city)
    admin = await city.person("system_admin")
    assert (await admin.post(f"/v1/dead-letters/{letter['id']}/retry")).status_code == 202
    assert await asked(city) == [(CONSUMERS[CONSUMER], subject)]
    assert await asked(city) == [], "once"
    assert await listed(city) == []
    with pytest.raises(Poison):
        await consumer.take(subject)


async def test_a_consumer_that_came_past_it_by_itself_is_swept_like_any_other(city: City) -> None:
    await city.settle()
    request_id = uuid4()
    subject, consumer = await happened(city, 1, request_id), Consumer(city, bad=1)
    await consumer.die(subject)
    consumer.bad = None
    await consumer.take(subject)
    assert await city.pool.fetchval(dead.COUNT) == 0
    await happened(city, 1, request_id)
    await city._relayed()
    later = city.now + timedelta(minutes=5)
    assert (CONSUMERS[CONSUMER], subject) in await woken(city, later), "its message was lost"


async def woken(city: City, now: Any) -> list[Any]:
    sent: list[Any] = []
    async with city.sessions.begin() as session:
        await relay.wake_lagging(session, sent.extend, now)
    return sent


async def asked(city: City) -> list[Any]:
    sent: list[Any] = []
    async with city.sessions.begin() as session:
        await relay.send_again(session, sent.extend)
    return sent


async def test_passed_over_it_has_no_effect_and_the_rest_goes_on(city: City) -> None:
    subject, consumer = await happened(city, 3), Consumer(city, bad=2)
    await consumer.die(subject)
    [letter] = await listed(city)
    admin = await city.person("system_admin")
    assert (await admin.post(f"/v1/dead-letters/{letter['id']}/drop")).status_code == 200
    assert await asked(city) == [(CONSUMERS[CONSUMER], subject)]
    await consumer.take(subject)
    assert consumer.taken == [(subject, 1), (subject, 3)]
    assert await city.events(f"dead-letters/{letter['id']}") == ["hck.dead_letter.dropped.v1"]
    again = await admin.post(f"/v1/dead-letters/{letter['id']}/drop")
    assert again.status_code == 404


async def test_the_very_first_event_may_be_passed_over(city: City) -> None:
    subject, consumer = await happened(city, 2), Consumer(city, bad=1)
    await consumer.die(subject)
    [letter] = await listed(city)
    async with city.sessions.begin() as session:
        assert await commands.run(session, ["drop", letter["id"]], city.now) is not None
    await consumer.take(subject)
    assert consumer.taken == [(subject, 2)]


async def test_the_command_lists_retries_and_drops(city: City) -> None:
    async def run(*words: str) -> list[str] | None:
        async with city.sessions.begin() as session:
            return await commands.run(session, words, city.now)

    assert await run() == ["没有死信。"]
    subjects = [await happened(city, 1) for _ in range(2)]
    consumer = Consumer(city, bad=1)
    for subject in subjects:
        await consumer.die(subject)
    lines = await run("list")
    assert lines is not None
    assert [each.split("  ")[3] for each in lines] == subjects
    letter = lines[0].split("  ")[0]
    await happened(city, 2, UUID(subjects[0].removeprefix("requests/")))
    shown = await run("show", letter)
    assert shown is not None
    assert f"事物: {subjects[0]}" in shown
    assert "挡在后面: 2 个事件" in shown
    assert any(subjects[0].removeprefix("requests/") in line for line in shown if "内容" in line)
    with pytest.raises(NotFound):
        await run("show", str(uuid4()))
    assert await run("retry", "all") == ["已要求重试 2 件。"]
    assert len(await asked(city)) == 2
    assert await run("burn") is None
    admin = await city.person("system_admin")
    assert "hck_dead_letters 0.0" in (await admin.get("/metrics")).text


async def test_the_page_shows_tries_again_and_passes_over(city: City) -> None:
    admin = await city.person("system_admin")
    assert "没有死信" in (await admin.get("/dead-letters")).text
    subject, consumer = await happened(city, 1), Consumer(city, bad=1)
    await consumer.die(subject)
    assert "hck_dead_letters 1.0" in (await admin.get("/metrics")).text
    page = (await admin.get("/dead-letters")).text
    assert subject in page
    assert "Poison" in page
    done = await admin.post("/dead-letters", data={"do": "all"}, key=None)
    assert done.headers["Location"] == "/dead-letters?done=all"
    assert len(await asked(city)) == 1
    bad = await admin.post("/dead-letters", data={"do": "retry", "letter": "x"}, key=None)
    assert bad.status_code == 404


async def test_the_auditor_reads_them_and_decides_nothing(city: City) -> None:
    subject, auditor = await happened(city, 1), await city.person("auditor")
    await Consumer(city, bad=1).die(subject)
    page = (await auditor.get("/dead-letters")).text
    assert subject in page
    assert 'data-test="retry' not in page
    assert 'data-test="drop' not in page
    [letter] = (await auditor.get("/v1/dead-letters")).json()["items"]
    body = {"do": "retry", "letter": letter["id"]}
    assert (await auditor.post("/dead-letters", data=body, key=None)).status_code == 403
    assert (await auditor.post(f"/v1/dead-letters/{letter['id']}/drop")).status_code == 403


@pytest.mark.parametrize("role", ["talent", "centre", "security_admin", "reviewer"])
async def test_only_the_system_administrator_sees_them(city: City, role: str) -> None:
    who = await city.person(role)
    assert (await who.get("/v1/dead-letters")).status_code == 403
    assert (await who.get("/dead-letters")).status_code == 403
    assert (await who.post(f"/v1/dead-letters/{uuid4()}/retry")).status_code == 403
