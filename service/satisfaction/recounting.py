"""The same counts from the log alone, by other means: what the kept ones must equal (F8).

A recount reads the facts that the worker has come to, fact by fact: it may run while the product
is in use, and what is still on its way is told apart from what differs.
"""

from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.satisfaction import counting
from service.satisfaction.counting import Cell
from service.satisfaction.figures import Counts
from service.satisfaction.models import FigureCount

TAKEN = """
-- Whose marks say which facts are in the kept counts (workers/facts.py).
WITH taken AS (SELECT e.*, i.sequence AS until FROM events e
    JOIN inbox i ON i.consumer = 'facts.count' AND i.subject = e.subject
                AND i.sequence >= e.sequence)
"""
GIVEN = """
SELECT (r.rated_at AT TIME ZONE 'Asia/Shanghai')::date AS day, r.offering, r.partner_id, r.region,
       r.category, r.sector, (e.data->>'grade')::int AS grade,
       coalesce(e.data->>'origin', 'active') = 'active' AS active,
       EXISTS (SELECT FROM events v WHERE v.subject = e.subject AND v.sequence <= e.until
               AND v.type = 'hck.rating.ruled.v1' AND v.data->>'ruling' = 'void') AS void,
       count(*) AS times
FROM taken e JOIN ratings r ON r.id = (e.data->>'rating_id')::uuid
WHERE e.type = 'hck.rating.given.v1' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
LOOP = """
SELECT (r.rated_at AT TIME ZONE 'Asia/Shanghai')::date AS day, r.offering, r.partner_id, r.region,
       r.category, r.sector, l.called, l.uncalled, l.accepted, l.unmended, l.follow_up,
       count(*) AS times
FROM (
    SELECT e.subject,
           coalesce(bool_or(e.data->>'verdict' <> 'not-reached'), false) AS called,
           bool_or(e.type = 'hck.rating.breached.v1' AND e.data->>'leg' = 'call_back') AS uncalled,
           coalesce(bool_or(e.data->>'ruling' = 'accept'), false) AS accepted,
           bool_or(e.type = 'hck.rating.breached.v1' AND e.data->>'leg' = 'rectification')
           AS unmended,
           max((e.data->>'grade')::int) FILTER (WHERE e.type = 'hck.rating.followed_up.v1')
           AS follow_up
    FROM taken e WHERE e.subject LIKE 'ratings/%' GROUP BY e.subject
    HAVING NOT bool_or(e.type = 'hck.rating.ruled.v1' AND e.data->>'ruling' = 'void')
       AND count(*) > 1
) l JOIN ratings r ON r.id = substr(l.subject, 9)::uuid
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""
COMPLETED = """
SELECT (e.at AT TIME ZONE 'Asia/Shanghai')::date AS day, r.offering,
       (e.data->>'partner_id')::uuid AS partner_id, r.region, r.category, v.sector,
       (e.data->>'in_time')::boolean AS in_time,
       coalesce((e.data->>'excused')::boolean, false) AS excused, count(*) AS times
FROM taken e JOIN requests r ON r.id = (e.data->>'request_id')::uuid
JOIN offering_versions v ON v.id = r.offering_version_id
WHERE e.type = 'hck.request.completed.v1' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
REDEEMED = """
SELECT (e.at AT TIME ZONE 'Asia/Shanghai')::date AS day, e.data->>'offering' AS offering,
       (e.data->>'partner_id')::uuid AS partner_id, p.region, c.category, v.sector,
       count(*) AS times
FROM taken e JOIN redemptions r ON r.id = (e.data->>'redemption_id')::uuid
JOIN offering_versions v ON v.id = r.offering_version_id
JOIN cards c ON c.id = r.card_id JOIN service_points p ON p.id = r.service_point_id
WHERE e.type = 'hck.benefit.redeemed.v1' GROUP BY 1, 2, 3, 4, 5, 6
"""
BREACHED = """
SELECT ((e.data->>'due_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date AS day, r.offering,
       coalesce((e.data->>'partner_id')::uuid, '00000000-0000-0000-0000-000000000000')
       AS partner_id, r.region, r.category, v.sector, e.data->>'leg' AS leg, count(*) AS times
FROM taken e JOIN requests r ON r.id = (e.data->>'request_id')::uuid
JOIN offering_versions v ON v.id = r.offering_version_id
WHERE e.type = 'hck.deadline.breached.v1' GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
VOIDED = BREACHED.replace("hck.deadline.breached.v1", "hck.deadline.voided.v1")
EXCUSED = """
SELECT ((e.data->>'completed_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date AS day,
       r.offering, coalesce((e.data->>'completed_by')::uuid, '00000000-0000-0000-0000-000000000000')
       AS partner_id, r.region, r.category, v.sector, count(*) AS times
FROM taken e JOIN requests r ON r.id = (e.data->>'request_id')::uuid
JOIN offering_versions v ON v.id = r.offering_version_id
WHERE e.type = 'hck.deadline.voided.v1' AND e.data->>'completed_at' IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6
"""
WAITING = """
SELECT count(*) FROM events e
LEFT JOIN inbox i ON i.consumer = 'facts.count' AND i.subject = e.subject
                 AND i.sequence >= e.sequence
WHERE i.subject IS NULL AND e.type IN ('hck.rating.given.v1', 'hck.rating.called_back.v1',
      'hck.rating.ruled.v1', 'hck.rating.followed_up.v1', 'hck.rating.breached.v1',
      'hck.request.completed.v1', 'hck.benefit.redeemed.v1', 'hck.deadline.breached.v1',
      'hck.deadline.voided.v1')
"""


def _given(row: Any) -> Counts:
    if not row.active:
        return Counts(defaults=1)
    return Counts(voided=1) if row.void else Counts(counting.graded(row.grade))


def _loop(row: Any) -> Counts:
    good = row.follow_up is not None and row.follow_up >= counting.GOOD_FROM
    return Counts(
        called_back=int(row.called),
        call_backs_ended=int(row.called or row.uncalled),
        rectified_in_time=int(row.accepted and not row.unmended),
        rectifications_ended=int(row.accepted or row.unmended),
        follow_ups=int(row.follow_up is not None),
        follow_ups_good=int(good),
    )


def _completed(row: Any) -> Counts:
    return Counts(
        completed=1,
        completed_in_time=1 if row.in_time else 0,
        completed_excused=1 if row.excused else 0,
    )


def _redeemed(_: Any) -> Counts:
    return Counts(redeemed=1)


def _breached(row: Any) -> Counts:
    return counting.breached(row.leg)


def _voided(row: Any) -> Counts:
    return counting.voided_breach(row.leg)


def _excused(_: Any) -> Counts:
    return Counts(completed_excused=1)


READINGS = (
    (GIVEN, _given),
    (LOOP, _loop),
    (COMPLETED, _completed),
    (REDEEMED, _redeemed),
    (BREACHED, _breached),
    (VOIDED, _voided),
    (EXCUSED, _excused),
)


async def recount(session: AsyncSession) -> dict[Cell, Counts]:
    """Every count, anew over the facts that were taken; cells of nothing are left out."""
    found: dict[Cell, Counts] = {}
    for query, reading in READINGS:
        for row in await session.execute(text(TAKEN + query)):
            cell = Cell(*row[:6])
            found[cell] = found.get(cell, Counts()) + reading(row).times(row.times)
    return {cell: counts for cell, counts in found.items() if counts != Counts()}


async def differences(session: AsyncSession) -> dict[Cell, tuple[Counts, Counts]]:
    """Cells whose kept count is not the recount: kept, recounted. Empty is as it must be.

    Where the worker is busy meanwhile, ask in one snapshot (REPEATABLE READ).
    """
    kept, anew = await counting.kept(session), await recount(session)
    none = Counts()
    return {
        cell: (kept.get(cell, none), anew.get(cell, none))
        for cell in sorted(kept.keys() | anew.keys())
        if kept.get(cell, none) != anew.get(cell, none)
    }


async def waiting(session: AsyncSession) -> int:
    """Facts that the worker has not come to yet."""
    return await session.scalar(text(WAITING)) or 0


async def rebuild(session: AsyncSession) -> int:
    """Keep what a recount finds, from zero; returns the cells.

    The lock waits for workers that are adding and holds back those that want to: a mark and its
    counts become visible together, so the recount is of exactly the facts that are in the counts.
    Whoever reads figures meanwhile reads the old ones.
    """
    await session.execute(text("LOCK TABLE figure_counts IN SHARE ROW EXCLUSIVE MODE"))
    anew = await recount(session)
    await session.execute(text("DELETE FROM figure_counts"))
    rows = [counting.row_of(cell, counts) for cell, counts in sorted(anew.items())]
    if rows:
        await session.execute(insert(FigureCount), rows)
    return len(rows)
