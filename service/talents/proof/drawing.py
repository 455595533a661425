"""The night's drawing: tomorrow's place for every card, before anybody asks (card-token.md 8.4).

In bounded batches, each a transaction: killed in the middle, the next batch goes on. A card that is
shown meanwhile draws for itself; the table's own keys see to it that no place is given twice.
"""

import base64
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from cards import status, sub
from service import ids
from service.talents.cards.card import CardDay, DayKey, StatusList
from service.talents.proof import statuslists

BATCH = 20_000
ROUNDS = 40
WITHOUT = sa.text("""
SELECT c.id FROM cards c LEFT JOIN card_days d ON d.day = :day AND d.card_id = c.id
WHERE c.state = 'active' AND c.valid_until >= :day AND d.card_id IS NULL
ORDER BY c.id LIMIT :limit""")
EVERY = sa.text("SELECT count(*) FROM cards WHERE state = 'active' AND valid_until >= :day")
DRAW = sa.text("""
INSERT INTO card_days (day, card_id, sub, list_id, idx)
SELECT :day, r.card_id, r.sub, r.list_id, r.idx
FROM unnest(CAST(:cards AS uuid[]), CAST(:subs AS text[]), CAST(:lists AS text[]),
    CAST(:places AS int[])) AS r (card_id, sub, list_id, idx)
ON CONFLICT DO NOTHING RETURNING card_id, list_id""")
TAKEN = sa.text("UPDATE status_lists SET free = free - :taken WHERE id = :id")


async def draw_ahead(session: AsyncSession, day: date, now: datetime, limit: int = BATCH) -> int:
    """Draw that day's places for up to `limit` cards that have none; returns how many.

    For timers, under their lock. The day's key and first list are there (statuslists.prepare_day).
    """
    wanted = list(await session.scalars(WITHOUT, {"day": day, "limit": limit}))
    if not wanted:
        return 0
    lists = await _lists_for(session, day, now)
    key = base64.b64decode((await session.get_one(DayKey, day)).key)
    names = {card_id: sub.daily(key, card_id) for card_id in wanted}
    left, taken = list(wanted), Counter[str]()
    for _ in range(ROUNDS):
        got = await _draw(session, day, left, names, lists)
        taken.update(list_id for _, list_id in got)
        have = {card_id for card_id, _ in got}
        left = [card_id for card_id in left if card_id not in have]
        if not left:
            break
        left = await _still_without(session, day, left)
    for list_id, count in sorted(taken.items()):
        await session.execute(TAKEN, {"id": list_id, "taken": count})
    return len(wanted) - len(left)


async def _lists_for(session: AsyncSession, day: date, now: datetime) -> list[str]:
    """The day's lists: as many as all cards need from the first batch on, so that each card falls
    into each list with the same chance, and none is more than half full."""
    query = sa.select(StatusList.id).where(StatusList.day == day).order_by(StatusList.id)
    names = list(await session.scalars(query))
    cards = await session.scalar(EVERY, {"day": day}) or 0
    while len(names) < -(-cards // statuslists.CROWDED):
        fresh = StatusList(id=statuslists.new_list_id(), day=day, free=status.SIZE, created_at=now)
        session.add(fresh)
        names.append(fresh.id)
    await session.flush()
    return names


async def _draw(
    session: AsyncSession,
    day: date,
    left: Sequence[UUID],
    names: dict[UUID, str],
    lists: Sequence[str],
) -> list[tuple[UUID, str]]:
    """One round: every card draws a list and a place; what is taken falls through."""
    drawn = {
        "day": day,
        "cards": list(left),
        "subs": [names[card_id] for card_id in left],
        "lists": [lists[ids.random_below(len(lists))] for _ in left],
        "places": [ids.random_below(status.SIZE) for _ in left],
    }
    rows = await session.execute(DRAW, drawn)
    return [(row.card_id, row.list_id) for row in rows]


async def _still_without(session: AsyncSession, day: date, left: Sequence[UUID]) -> list[UUID]:
    """Those whom no other hand has given a place meanwhile."""
    have = sa.select(CardDay.card_id).where(CardDay.day == day, CardDay.card_id.in_(left))
    found = set(await session.scalars(have))
    return [card_id for card_id in left if card_id not in found]
