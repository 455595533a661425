"""The log read from outside: a partner's feed and the CloudEvents form (events.md 2, 3)."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events.log import events

KEPT = timedelta(days=90)
SHANGHAI = timezone(timedelta(hours=8))

Position = tuple[int, UUID]
"""Transaction number and event id: the order in which a feed hands events out."""

SETTLED = sa.text("xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
"""Of a transaction older than every one still open: nothing commits before it any more."""

TEST_TYPE = "hck.webhook.test.v1"
"""An event that means nothing and stands in no log: a receiver's engineer asks for it."""

START: Position = (0, UUID(int=0))


class BadCursor(ValueError):
    """Not a cursor that this feed gave."""


class CursorExpired(Exception):
    """The cursor is older than what is kept."""


async def after(
    session: AsyncSession, partner_id: UUID, position: Position, limit: int
) -> Sequence[sa.Row[Any]]:
    """A partner's events after `position`, oldest first.

    Only transactions older than every one still open are shown. An event that commits late has a
    number that no cursor has passed yet, so nothing is stepped over.
    """
    query = (
        sa.select(events)
        .where(
            events.c.partner_id == partner_id,
            sa.tuple_(events.c.xact, events.c.id) > sa.tuple_(*map(sa.literal, position)),
            SETTLED,
        )
        .order_by(events.c.xact, events.c.id)
        .limit(limit)
    )
    return (await session.execute(query)).all()


def cursor_of(position: Position, now: datetime) -> str:
    """The cursor's text: opaque outside; holds the position and the day it was given."""
    plain = f"{position[0]}.{position[1].hex}.{int(now.timestamp())}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def position_of(cursor: str, now: datetime) -> Position:
    """Read a cursor; raises BadCursor, and CursorExpired where it is older than 90 days."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        xact, event_id, given = plain.split(".")
        position = (int(xact), UUID(event_id))
        given_at = datetime.fromtimestamp(int(given), UTC)
    except (ValueError, binascii.Error, OverflowError, OSError) as wrong:
        raise BadCursor from wrong
    if not 0 <= position[0] < 2**63:
        raise BadCursor
    if now - given_at > KEPT:
        raise CursorExpired
    return position


def cloud_event(row: sa.Row[Any], base_url: str) -> dict[str, Any]:
    """The CloudEvents 1.0 JSON of a log row (events.md 2.1)."""
    outside = {
        "specversion": "1.0",
        "id": str(row.id),
        "source": f"/hck/{row.region}",
        "type": row.type,
        "subject": row.subject,
        "time": row.at.astimezone(SHANGHAI).isoformat(),
        "datacontenttype": "application/json",
        "dataschema": f"{base_url}/schema/events/{row.type}",
        "sequence": row.sequence,
        "data": row.data,
    }
    return outside | ({"traceparent": row.trace} if row.trace else {})


def test_event(payload: dict[str, Any], base_url: str) -> dict[str, Any]:
    """A test as it goes out, in the same form as every event (events.md 2.1)."""
    return {**payload, "dataschema": f"{base_url}/schema/events/{TEST_TYPE}"}
