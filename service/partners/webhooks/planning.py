"""From the log to deliveries: what the partner's feed shows, once for each of its webhooks.

A webhook follows the log by a place of its own, as a feed's cursor does (events/feed.py): push and
pull hand out the same events in the same order, and none that commits late is stepped over.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids

NEWS = sa.text("""
SELECT w.id AS webhook_id, cardinality(w.types) = 0 OR e.type = ANY(w.types) AS wanted,
    e.id, e.type, e.xact
FROM webhooks w CROSS JOIN LATERAL (
    SELECT id, type, xact FROM events
    WHERE partner_id = w.partner_id AND (xact, id) > (w.seen_xact, w.seen_event)
        AND xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY xact, id LIMIT 200
) e
WHERE w.state = 'active' ORDER BY w.id, e.xact, e.id
FOR UPDATE OF w SKIP LOCKED""")
INSERT = sa.text("""
INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, cause, state, tries, next_at,
    created_at)
VALUES (:id, :webhook_id, :event_id, :type, 'event', 'waiting', 0, :now, :now)
ON CONFLICT DO NOTHING""")
SEEN = sa.text("UPDATE webhooks SET seen_xact = :xact, seen_event = :event_id WHERE id = :id")
DUE = sa.text("UPDATE webhooks SET next_at = least(next_at, :now) WHERE id = :webhook_id")
HERE = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
"""Every transaction that is still open, and every later one, comes after this place."""
LAST_ID = UUID(int=2**128 - 1)


async def here(session: AsyncSession) -> tuple[int, UUID]:
    """The place from which a new webhook follows the log."""
    return (await session.scalars(HERE)).one(), LAST_ID


async def plan(session: AsyncSession, now: datetime) -> int:
    """Make the deliveries of what is new in the log; returns how many events were looked at.

    A disabled webhook stays where it is: turned on again it goes on from there.
    """
    rows = (await session.execute(NEWS)).all()
    wanted = [row for row in rows if row.wanted]
    if wanted:
        about = [{"webhook_id": r.webhook_id, "event_id": r.id, "type": r.type} for r in wanted]
        await session.execute(INSERT, [{**each, "id": ids.new_id(), "now": now} for each in about])
        due = {each["webhook_id"] for each in about}
        await session.execute(DUE, [{"webhook_id": each, "now": now} for each in sorted(due)])
    last = {row.webhook_id: row for row in rows}
    if last:
        places = [{"id": k, "xact": row.xact, "event_id": row.id} for k, row in last.items()]
        await session.execute(SEEN, places)
    return len(rows)
