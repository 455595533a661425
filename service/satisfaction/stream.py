"""The overview's changes as server-sent events, resumable without a gap (api.md 6.3).

Each fact that concerns the overview is one event `fact`; when the figures have moved, the whole
overview follows as `overview`. Both carry the position in the log as their id, so a reader that
comes back with it gets every fact it has missed, and the overview as it is now.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar.response.sse import ServerSentEventMessage as Message
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service import nudge
from service.satisfaction.breakdown import Period, Scope
from service.satisfaction.overview import Overview, overview

LOOK_SECONDS = 1.0
"""At the latest: what a worker counts is not told of by the log (6.5 allows five seconds)."""
PACE_SECONDS = 0.2
"""Not more often: a busy minute is not told commit by commit."""
BEAT = timedelta(seconds=15)
LIFE = timedelta(minutes=10)
"""Then the reader comes back by itself, and has its credentials looked at again."""
BATCH = 200
SLACK = timedelta(minutes=10)
"""No transaction stays open for longer; ids are made before their commit (feed.py)."""


class Position(msgspec.Struct, frozen=True):
    """How far a reader has come: transaction, event, and the database's time then."""

    xact: int
    event: UUID
    at: datetime

    def cursor(self) -> str:
        """As an event id."""
        plain = f"{self.xact}.{self.event.hex}.{int(self.at.timestamp())}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def position_of(cursor: str | None, now: datetime) -> Position | None:
    """Read an event id that this stream gave; None for any other, which begins anew."""
    try:
        packed = (cursor or "").encode()
        plain = base64.urlsafe_b64decode(packed + b"=" * (-len(packed) % 4)).decode()
        xact, event, at = plain.split(".")
        moment = datetime.fromtimestamp(int(at), now.tzinfo)
        found = Position(int(xact), UUID(event), moment)
    except (ValueError, binascii.Error, OverflowError, OSError):
        return None
    return found if 0 <= found.xact < 2**63 else None


HERE = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1, clock_timestamp()
"""
FACTS = """
SELECT e.xact, e.id, clock_timestamp() AS looked_at, e.type, e.subject, e.sequence, e.region, e.at
FROM events e
WHERE e.id >= CAST(:oldest AS uuid) AND (e.xact, e.id) > (:xact, CAST(:event AS uuid))
  AND e.xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  AND e.region = ANY(:codes)
  AND split_part(e.subject, '/', 1) IN ('requests', 'redemptions', 'ratings')
ORDER BY e.xact, e.id LIMIT :limit
"""


async def here(session: AsyncSession) -> Position:
    """Behind everything that is settled now."""
    xact, at = (await session.execute(text(HERE))).one()
    return Position(xact, UUID(int=2**128 - 1), at)


async def facts(session: AsyncSession, after: Position, scope: Scope) -> list[Any]:
    """Up to a batch of facts after a position, in the order in which they settled."""
    values = {
        "xact": after.xact,
        "event": str(after.event),
        "oldest": str(oldest_id(after.at - SLACK)),
        "codes": sorted(scope.codes or ()),
        "limit": BATCH,
    }
    return list(await session.execute(text(FACTS), values))


def oldest_id(moment: datetime) -> UUID:
    """The least UUIDv7 of an instant: what the index is entered by."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


class Teller:
    """What one reader has been told."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        scope: Scope,
        period: Period,
        position: Position | None,
    ) -> None:
        self._sessions, self._clock = sessions, clock
        self._scope, self._period = scope, period
        self._position, self._shown = position, b""

    async def news(self) -> list[Message]:
        """Everything since the last time: facts, then the overview if it has moved."""
        async with self._sessions() as session:
            told = []
            if self._position is None:
                self._position = await here(session)
            else:
                told = [
                    self._fact(row) for row in await facts(session, self._position, self._scope)
                ]
            found = await overview(session, self._scope, self._period, self._clock())
        return [*told, *self._overview(found)]

    def _fact(self, row: Any) -> Message:
        self._position = Position(row.xact, row.id, row.looked_at)
        data = {
            "type": row.type,
            "subject": row.subject,
            "sequence": row.sequence,
            "region": row.region,
            "at": row.at,
        }
        return self._message("fact", msgspec.json.encode(data))

    def _overview(self, found: Overview) -> list[Message]:
        # The instant alone is no change.
        content = msgspec.json.encode(msgspec.structs.replace(found, as_of=datetime.min))  # noqa: DTZ901
        if content == self._shown:
            return []
        self._shown = content
        return [self._message("overview", msgspec.json.encode(found))]

    def _message(self, kind: str, data: bytes) -> Message:
        assert self._position is not None  # noqa: S101 - set before anything is told
        return Message(data=data, event=kind, id=self._position.cursor())


async def between() -> None:
    """Until there may be news: the next hint, or a little while."""
    await nudge.changed(LOOK_SECONDS)
    await asyncio.sleep(PACE_SECONDS)


async def changes(
    teller: Teller,
    clock: Callable[[], datetime],
    wait: Callable[[], Awaitable[None]] = between,
) -> AsyncIterator[Message]:
    """News as it comes, a sign of life in between, until it is time to come back."""
    begun = last = clock()
    while clock() - begun < LIFE:
        for message in await teller.news():
            last = clock()
            yield message
        if clock() - last >= BEAT:
            last = clock()
            yield Message(data=None, comment="still here")
        await wait()
