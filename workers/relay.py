"""From the log to the queue: each unpublished event's subject goes to everyone who listens.

Sends, then marks, in one transaction: the one place with network inside a transaction, holding
only rows that nobody waits for. A crash between the two sends again; the inbox sees to that.
"""

import asyncio
import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from dramatiq import Actor
from dramatiq.message import Message
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from events import dead
from events.base import type_of
from events.catalogue import EVENTS
from events.log import events, inbox
from service import nudge
from workers.broker import QuorumBroker, broker, enqueue_all
from workers.confirmed import Confirmed
from workers.subscriptions import CONSUMERS, HEARD, PACKED, SUBSCRIBERS

Sent = tuple[Actor[Any, Any], str]
"""An actor, and the subject that it is to look at."""
Send = Callable[[Sequence[Sent]], object]

BATCH, LANES = 1000, 2
PACK, SPREAD = 50, 8
"""Subjects in one message at most; into so many messages a batch is spread at least."""
MARK = (
    sa.update(events)
    .where(events.c.id == sa.any_(sa.bindparam("ids", type_=ARRAY(PgUuid(as_uuid=True)))))
    .values(published_at=sa.bindparam("now", type_=sa.DateTime(timezone=True)))
)
"""Built once, with one parameter for all: a thousand of them cost more than the update."""
POLL_SECONDS = 0.2
LAGGING_AFTER = timedelta(seconds=60)
LOOKED_BACK = timedelta(days=2)
ASKED_EVERY = timedelta(seconds=2)
log = structlog.get_logger("workers.relay")


def sender() -> Send:
    """How this process puts subjects into their actors' queues."""
    if not isinstance(broker, QuorumBroker):
        return lambda sent: enqueue_all(packed(sent))
    confirmed = Confirmed(os.environ["BROKER_URL"], broker)
    return lambda sent: confirmed.send(packed(sent))


def packed(sent: Sequence[Sent]) -> list[Message[Any]]:
    """Messages of these subjects: one each as they come, several in one where many wait and their
    actor takes many at once (docs/adr/0024). A few packs are left for each thread."""
    wanted: dict[Actor[Any, Any], list[str]] = {}
    for actor, subject in sent:
        wanted.setdefault(actor, []).append(subject)
    messages = []
    for actor, subjects in wanted.items():
        size = min(PACK, len(subjects) // SPREAD) if actor in PACKED else 1
        messages += [actor.message(*some) for some in batched(subjects, max(1, size))]
    return messages


def batched(subjects: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Pieces of so many, the last one shorter."""
    return (subjects[at : at + size] for at in range(0, len(subjects), size))


async def hand_on(send: Send, messages: Sequence[Sent]) -> None:
    """Send, and wait where sending is waited for."""
    done = send(messages)
    if inspect.isawaitable(done):
        await done


async def publish_batch(
    session: AsyncSession, send: Send, now: datetime, limit: int = BATCH
) -> int:
    """Publish the oldest unpublished events; returns how many.

    Rows that another relay holds are stepped over, and so are none that commit late: what is
    unpublished is found by its mark, not by its place. One message for each actor and subject.
    """
    query = (
        sa.select(events.c.id, events.c.type, events.c.subject)
        .where(events.c.published_at.is_(None))
        .order_by(events.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.execute(query)).all()
    if not rows:
        return 0
    await hand_on(send, messages_of([(row.type, row.subject) for row in rows]))
    await session.execute(MARK, {"now": now, "ids": [row.id for row in rows]})
    return len(rows)


def messages_of(rows: list[tuple[str, str]]) -> list[Sent]:
    """Who must look at which subject, each once, in the order of the events."""
    wanted: dict[tuple[str, str], Sent] = {}
    for type_name, subject in rows:
        for actor in SUBSCRIBERS[EVENTS[type_name]]:
            wanted.setdefault((actor.actor_name, subject), (actor, subject))
    return list(wanted.values())


async def wake_lagging(session: AsyncSession, send: Send, now: datetime, limit: int = 200) -> int:
    """Send again what was published a while ago and is unread yet; returns how many messages.

    A message may have died with its queue or used up its tries; the consumer's mark tells, and
    where it has never begun on a subject, the missing mark. Only the last days are looked at, so
    that the sweep costs what they hold and not what the log holds.
    """
    rows = (await session.execute(_lagging(now).limit(limit))).all()
    await hand_on(send, [(CONSUMERS[row.consumer], row.subject) for row in rows])
    return len(rows)


async def send_again(session: AsyncSession, send: Send) -> int:
    """Send what somebody wants tried again (dead letters); returns how many messages."""
    rows = await dead.asked_again(session)
    known = [row for row in rows if row.consumer in CONSUMERS]
    await hand_on(send, [(CONSUMERS[row.consumer], row.subject) for row in known])
    return len(rows)


def _lagging(now: datetime) -> sa.Select[Any]:
    """Consumer and subject, where an event that it listens to is beyond its mark."""
    heard: Any = sa.values(
        sa.column("consumer", sa.Text), sa.column("type", sa.Text), name="heard"
    ).data([(name, type_of(kind)) for name, (_, kinds) in HEARD.items() for kind in kinds])
    read = sa.exists().where(
        inbox.c.consumer == heard.c.consumer,
        inbox.c.subject == events.c.subject,
        inbox.c.sequence >= events.c.sequence,
    )
    return (
        sa.select(heard.c.consumer, events.c.subject)
        .join_from(events, heard, heard.c.type == events.c.type)
        .where(
            events.c.at > now - LOOKED_BACK,
            events.c.published_at < now - LAGGING_AFTER,
            ~read,
            ~dead.is_dead(heard.c.consumer, events.c.subject),
        )
        .distinct()
    )


async def run(
    sessions: async_sessionmaker[AsyncSession],
    clock: Callable[[], datetime],
    stopping: asyncio.Event,
) -> None:
    """Publish until told to stop; a hint wakes at once, a poll makes up for lost hints."""
    send, last_sweep = sender(), clock()
    last_asked, done = last_sweep, 0
    while not stopping.is_set():
        mark = nudge.mark()
        try:
            done = await _publish(sessions, send, clock, LANES if done >= BATCH else 1)
            if clock() - last_asked > ASKED_EVERY:
                last_asked = clock()
                async with sessions.begin() as session:
                    await send_again(session, send)
            if clock() - last_sweep > LAGGING_AFTER:
                last_sweep = clock()
                async with sessions.begin() as session:
                    await wake_lagging(session, send, last_sweep)
        except Exception as lost:
            log.warning("relay must wait", kind=type(lost).__name__)
            done = 0
            await asyncio.sleep(1)
        if done:
            nudge.wake()  # the feeds' hint, where timers or workers wrote the events
        elif not stopping.is_set():
            await nudge.changed(POLL_SECONDS, mark)


async def _publish(
    sessions: async_sessionmaker[AsyncSession],
    send: Send,
    clock: Callable[[], datetime],
    lanes: int,
) -> int:
    """One batch in each lane, side by side: while one waits for its confirmations, another reads
    and marks. Returns how many events; raises where a lane failed, once none is under way."""

    async def lane() -> int:
        async with sessions.begin() as session:
            return await publish_batch(session, send, clock())

    done = await asyncio.gather(*(lane() for _ in range(lanes)), return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return sum(each for each in done if isinstance(each, int))
