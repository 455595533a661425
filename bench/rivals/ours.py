"""The job on this product's own backbone: event in the transaction, relay, inbox."""

import asyncio
import os
import sys
from collections.abc import Sequence
from uuid import UUID, uuid4

import dramatiq
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from bench.rivals.job import by_writers
from events import inbox, log
from events.of_requests import RequestWithdrawn
from service import db, settings
from workers import __main__ as processes
from workers import effects, runtime, subscriptions
from workers.broker import broker

CONSUMER = "bench.effect"
CHANGE = sa.text("INSERT INTO bench_changes VALUES (:thing, 'submitted')")
EFFECTS = sa.text("INSERT INTO bench_effects (thing) SELECT unnest(CAST(:things AS uuid[]))")


@dramatiq.actor(broker=broker, queue_name="bench", max_retries=8)
async def effect(*subjects: str) -> None:
    """Write the effect of what is new at `subjects`, as the product's consumers do."""
    await effects.take_all(CONSUMER, subjects, write)


async def write(session: AsyncSession, subjects: Sequence[str]) -> None:
    """One row for each unread event."""
    unread = await inbox.unread(session, CONSUMER, *subjects)
    things = [event.request_id for event in unread if isinstance(event, RequestWithdrawn)]
    if things:
        await session.execute(EFFECTS, {"things": things})


def listen() -> None:
    """Put the one consumer in the place of the product's."""
    for kind in subscriptions.SUBSCRIBERS:
        subscriptions.SUBSCRIBERS[kind] = (effect,) if kind is RequestWithdrawn else ()
    subscriptions.HEARD.clear()
    subscriptions.HEARD[CONSUMER] = (effect, (RequestWithdrawn,))
    subscriptions.CONSUMERS[CONSUMER] = effect
    subscriptions.PACKED.add(effect)


async def produce(count: int) -> None:
    """Change and event in one transaction each."""
    sessions = db.make_sessions(db.make_engine(settings.read(os.environ), pool=8))

    async def change() -> None:
        thing: UUID = uuid4()
        async with sessions.begin() as session:
            await session.execute(CHANGE, {"thing": thing})
            event = RequestWithdrawn(request_id=thing, offering="HO-01")
            now = runtime.wall_clock()
            await log.append(session, event, by=log.SYSTEM, region="370100", now=now)

    await by_writers(count, change)


if __name__ == "__main__":
    listen()
    if sys.argv[1] == "produce":
        asyncio.run(produce(int(sys.argv[2])))
    else:
        sys.exit(processes.main(sys.argv[1:]))
