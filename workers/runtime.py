"""What an actor stands on: sessions of this process's engine and the clock.

Set when a worker boots, on the loop that uses it; tests set their own with `using`.
"""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from service import db, sealing
from service.channels import switched
from service.settings import Settings
from service.talents.proof import card_keys
from service.talents.proof.key_store import store_of

sessions: async_sessionmaker[AsyncSession]
clock: Callable[[], datetime]
_engine: list[AsyncEngine] = []


def wall_clock() -> datetime:
    """The time, read in one place for all workers."""
    return datetime.now(UTC)


def boot(settings: Settings) -> None:
    """Make this process's engine; called once, before the first message."""
    global sessions, clock
    sealing.use(sealing.load_ring(settings))
    card_keys.use(store_of(settings))
    switched.use(settings)
    engine = db.make_engine(settings)
    _engine[:] = [engine]
    sessions, clock = db.make_sessions(engine), wall_clock


async def close() -> None:
    """Close the engine's connections on the loop that opened them."""
    while _engine:
        await _engine.pop().dispose()


@contextlib.contextmanager
def using(ours: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> Iterator[None]:
    """Run actors in this very process, over these sessions, at this clock's time."""
    module = globals()
    before = {name: module.get(name) for name in ("sessions", "clock")}
    module.update(sessions=ours, clock=clock)
    try:
        yield
    finally:
        module.update(before)
