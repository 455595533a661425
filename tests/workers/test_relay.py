"""From the log to the queue: once for each actor and subject, and again where it got lost."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.catalogue import EVENTS
from events.of_accounts import SessionOpened
from events.of_requests import RequestSubmitted
from service import db
from service.settings import Settings
from tests.city import MONDAY
from workers import relay
from workers.subscriptions import CONSUMERS, HEARD, SUBSCRIBERS

LATER = MONDAY + timedelta(minutes=5)
Sent = list[tuple[str, str]]


async def append_one(session: AsyncSession, request_id: UUID | None = None) -> str:
    """A request submitted; returns its subject."""
    event = RequestSubmitted(request_id=request_id or uuid4(), offering="HO-01")
    await log.append(session, event, by=log.SYSTEM, region="370100", now=MONDAY)
    return event.subject


async def published(session: AsyncSession, now: datetime = MONDAY) -> Sent:
    """What one batch sends."""
    sent: Sent = []
    await relay.publish_batch(
        session, lambda all_: sent.extend((a.actor_name, s) for a, s in all_), now
    )
    return sent


async def woken(session: AsyncSession, now: datetime) -> Sent:
    """What the sweep over unread events sends, as consumers' names."""
    names = {actor.actor_name: name for name, actor in CONSUMERS.items()}
    sent: Sent = []
    await relay.wake_lagging(
        session, lambda all_: sent.extend((names[a.actor_name], s) for a, s in all_), now
    )
    return sorted(sent)


async def read_by(session: AsyncSession, consumer: str, subject: str, sequence: int) -> None:
    """The consumer has read as far as `sequence`."""
    mark = {"consumer": consumer, "subject": subject, "sequence": sequence}
    await session.execute(log.inbox.insert().values(mark))


async def emptied(session: AsyncSession) -> None:
    """Publish whatever the sample data left, and let everybody have read it."""
    await session.execute(log.events.update().values(published_at=MONDAY))
    read = sa.select(log.events.c.subject, sa.func.max(log.events.c.sequence))
    for name in CONSUMERS:
        rows = read.add_columns(sa.literal(name)).group_by(log.events.c.subject)
        fresh = log.inbox.insert().from_select(["subject", "sequence", "consumer"], rows)
        await session.execute(fresh)


def test_every_event_says_who_listens() -> None:
    assert set(SUBSCRIBERS) == set(EVENTS.values())


def test_the_inbox_knows_each_consumer_by_one_name() -> None:
    assert len({actor.actor_name for actor, _ in HEARD.values()}) == len(HEARD)


async def test_each_listener_gets_the_subject_once_a_batch(session: AsyncSession) -> None:
    await emptied(session)
    request_id = uuid4()
    subject = await append_one(session, request_id)
    assert await append_one(session, request_id) == subject
    sent = await published(session)
    listeners = [actor.actor_name for actor in SUBSCRIBERS[RequestSubmitted]]
    assert sorted(sent) == sorted((name, subject) for name in listeners)
    assert await published(session) == []


async def test_what_nobody_hears_is_marked_all_the_same(session: AsyncSession) -> None:
    await emptied(session)
    event = SessionOpened(account_id=uuid4())
    await log.append(session, event, by=log.SYSTEM, region="370000", now=MONDAY)
    assert await published(session) == []
    left = log.events.select().where(log.events.c.published_at.is_(None))
    assert (await session.execute(left)).first() is None


async def test_a_failed_delivery_leaves_the_event_unpublished(session: AsyncSession) -> None:
    await emptied(session)
    subject = await append_one(session)

    def lost(*_: Any) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await relay.publish_batch(session, lost, MONDAY)
    assert {each for _, each in await published(session)} == {subject}


async def test_two_relays_share_the_work_and_wait_for_none(database: Settings) -> None:
    engine = db.make_engine(database)
    sessions = db.make_sessions(engine)
    async with sessions.begin() as session:
        await emptied(session)
        subject = await append_one(session)
    async with sessions.begin() as one, sessions.begin() as other:
        assert {each for _, each in await published(one)} == {subject}
        assert await published(other) == []
    await engine.dispose()


async def test_an_event_that_commits_late_is_not_stepped_over(database: Settings) -> None:
    engine = db.make_engine(database)
    sessions = db.make_sessions(engine)
    async with sessions.begin() as session:
        await emptied(session)
    async with sessions() as late:
        early_id = await append_one(late)
        async with sessions.begin() as session:
            on_time = await append_one(session)
        async with sessions.begin() as session:
            assert {each for _, each in await published(session)} == {on_time}
        await late.commit()
    async with sessions.begin() as session:
        assert {each for _, each in await published(session)} == {early_id}
    await engine.dispose()


async def test_a_message_lost_before_its_consumer_began_is_sent_again(
    session: AsyncSession,
) -> None:
    await emptied(session)
    subject = await append_one(session)
    await published(session)
    expected = sorted(name for name, (_, kinds) in HEARD.items() if RequestSubmitted in kinds)
    assert await woken(session, LATER) == [(name, subject) for name in expected]


async def test_a_consumer_behind_its_subject_is_woken_and_one_that_is_not_is_left(
    session: AsyncSession,
) -> None:
    await emptied(session)
    subject = await append_one(session)
    await published(session)
    expected = sorted(name for name, (_, kinds) in HEARD.items() if RequestSubmitted in kinds)
    await read_by(session, expected[0], subject, 1)
    assert await woken(session, LATER) == [(name, subject) for name in expected[1:]]


async def test_what_was_sent_a_moment_ago_is_not_sent_again(session: AsyncSession) -> None:
    await emptied(session)
    await append_one(session)
    await published(session)
    assert await woken(session, MONDAY + timedelta(seconds=59)) == []


def messages(consumer: str, count: int) -> list[tuple[str, ...]]:
    """What each message of so many subjects names."""
    sent = [(CONSUMERS[consumer], f"requests/{n}") for n in range(count)]
    return [each.args for each in relay.packed(sent)]


@given(st.sampled_from(sorted(CONSUMERS)), st.integers(0, 3000))
def test_every_subject_is_in_one_message(consumer: str, count: int) -> None:
    packs = messages(consumer, count)
    assert [each for pack in packs for each in pack] == [f"requests/{n}" for n in range(count)]
    assert all(0 < len(pack) <= relay.PACK for pack in packs)


def test_few_go_alone_and_a_backlog_goes_in_packs_that_every_thread_gets_some_of() -> None:
    assert [len(pack) for pack in messages("facts.count", 15)] == [1] * 15
    assert [len(pack) for pack in messages("facts.count", 80)] == [10] * 8
    assert [len(pack) for pack in messages("notices.tell", 1000)] == [50] * 20
    assert {len(pack) for pack in messages("routing.route", 1000)} == {1}
