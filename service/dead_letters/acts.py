"""Trying a dead letter again, or passing it over; each on record."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import dead, log
from events.log import Author
from events.of_letters import LetterDropped, LetterRetried, OfLetter
from service.pages.show import SHANGHAI
from service.problems import NotFound
from service.reference.tables import PROVINCE

ALL = 1000
"""So many one command tries again."""


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter: which consumer cannot take which event, since when, with what kind of error.

    It holds up the later events of its `subject` for that consumer, and nothing else.
    """

    id: UUID
    consumer: str
    subject: str
    sequence: int
    event_id: UUID
    type: str
    happened_at: datetime
    error: str
    tries: int
    first_at: datetime
    last_at: datetime


def view(row: sa.Row[tuple[object, ...]]) -> LetterView:
    """A dead letter as it is told."""
    named = row._mapping
    times = {"first_at": named["first_at"], "last_at": named["last_at"], "happened_at": named["at"]}
    same = ("id", "consumer", "subject", "sequence", "event_id", "type", "error", "tries")
    return LetterView(
        **{name: named[name] for name in same},
        **{name: at.astimezone(SHANGHAI) for name, at in times.items()},
    )


async def listed(session: AsyncSession, after: UUID | None, limit: int) -> list[LetterView]:
    """The dead letters, oldest first; one more than `limit`."""
    return [view(row) for row in await dead.standing(session, after, limit)]


async def retry(session: AsyncSession, letter_id: UUID, by: Author, now: datetime) -> None:
    """Have it tried again within seconds. Raises NotFound where it is none any more."""
    letter = await one(session, letter_id)
    await dead.ask_again(session, letter_id, now)
    await _tell(session, LetterRetried, letter, by, now)


async def retry_all(session: AsyncSession, by: Author, now: datetime) -> int:
    """Have each tried again; returns how many."""
    rows = await dead.standing(session, None, ALL)
    for row in rows[:ALL]:
        await retry(session, row.id, by, now)
    return len(rows[:ALL])


async def drop(session: AsyncSession, letter_id: UUID, by: Author, now: datetime) -> None:
    """Let its consumer pass it over: that effect will never be had. Raises NotFound."""
    letter = await one(session, letter_id)
    await dead.pass_over(session, letter, now)
    await _tell(session, LetterDropped, letter, by, now)


async def one(session: AsyncSession, letter_id: UUID) -> sa.Row[Any]:
    """It, locked. Raises NotFound where it is none any more."""
    letter = await dead.one(session, letter_id)
    if letter is None:
        raise NotFound
    return letter


async def _tell(
    session: AsyncSession, kind: type[OfLetter], letter: sa.Row[Any], by: Author, now: datetime
) -> None:
    event = kind(letter_id=letter.id, event_id=letter.event_id, consumer=letter.consumer)
    await log.append(session, event, by=by, region=PROVINCE, now=now)
