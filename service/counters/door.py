"""What the counters' actions need of the process: connections, keys' issuer, kept benefits."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from service.counters.benefits import Kept
from service.counters.standing import LIVE, STATEMENTS
from service.counters.together import Together

AUDIT = """
INSERT INTO verifications (id, at, client_id, service_point_id, offering, by_number, result, reason,
    iss, cti, card_id, trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"""

Row = tuple[Any, ...]


class Door(msgspec.Struct, frozen=True):
    """One process's counter door."""

    pool: asyncpg.Pool
    issuer: str
    benefits: Kept
    looks: Together[Row, asyncpg.Record]
    audits: Together[Row, None]


def door_of(state: Any) -> Door:
    """The process's door, made with the first call."""
    door: Door | None = state.get("counter_door")
    if door is None or door.pool is not state.pool:
        door = state.counter_door = make_door(state.pool, state.settings.issuer)
    return door


def make_door(pool: asyncpg.Pool, issuer: str) -> Door:
    """A door over these connections."""

    async def look(asked: Sequence[Row]) -> Sequence[asyncpg.Record]:
        rows: list[asyncpg.Record] = await pool.fetchmany(STATEMENTS[LIVE], asked)
        return rows

    async def audit(rows: Sequence[Row]) -> Sequence[None]:
        await pool.executemany(AUDIT, rows)
        return [None] * len(rows)

    return Door(pool, issuer, Kept(), Together(look), Together(audit))
