"""What the counters' actions need of the process: connections, keys' issuer, kept benefits."""

from typing import Any

import asyncpg
import msgspec

from service.counters.benefits import Kept


class Door(msgspec.Struct, frozen=True):
    """One process's counter door."""

    pool: asyncpg.Pool
    issuer: str
    benefits: Kept


def door_of(state: Any) -> Door:
    """The process's door, made with the first call."""
    door: Door | None = state.get("counter_door")
    if door is None or door.pool is not state.pool:
        door = Door(state.pool, state.settings.issuer, Kept())
        state.counter_door = door
    return door
