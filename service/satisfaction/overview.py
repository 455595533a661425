"""专家中心's overview: risk first, then funnel, satisfaction, punctuality (api.md 6.2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import regions
from service.satisfaction import breakdown, figures, promises, rules
from service.satisfaction.breakdown import Period, Scope
from service.satisfaction.figure_views import FigureRow, row
from service.satisfaction.figures import Share
from service.satisfaction.rules import Rules


class Silent(msgspec.Struct, frozen=True):
    """A partner that has offers waiting and does not answer."""

    partner: str
    name: str
    waiting: int
    overdue: int
    oldest_offered_at: datetime
    last_seen_at: datetime | None


class Risk(msgspec.Struct, frozen=True):
    """What may go wrong today."""

    open: int
    due_today: int
    breached: int
    in_ruling: int
    bad_ratings_uncalled: int
    bad_ratings_overdue: int
    rectifying: int
    rectifying_overdue: int
    to_rule: int
    partners_not_answering: Sequence[Silent]


class Funnel(msgspec.Struct, frozen=True):
    """Of the requests submitted in the period: how far they have come."""

    submitted: int
    accepted: int
    completed: int
    granted: int
    rated: int


class Overview(msgspec.Struct, frozen=True):
    """The whole; `satisfaction` counts by the ratings' days, `on_time` by completions'."""

    as_of: datetime
    region: str
    region_name: str
    risk: Risk
    funnel: Funnel
    satisfaction: FigureRow
    called_back_rate: Share
    rectified_in_time_rate: Share
    on_time: Share
    on_time_excused: Share


RISK = """
SELECT count(*) FILTER (WHERE r.state NOT IN ('completed', 'withdrawn', 'expired')) AS open,
       count(*) FILTER (WHERE r.state = 'in_ruling') AS in_ruling
FROM requests r
WHERE r.state NOT IN ('completed', 'withdrawn', 'expired') AND r.region = ANY(:codes)
"""
CLOCKS = """
SELECT count(DISTINCT r.id) FILTER
           (WHERE c.leg = 'promise' AND c.due_at > :now AND c.due_at <= :midnight) AS due_today,
       count(DISTINCT r.id) FILTER
           (WHERE c.leg <> 'correction' AND (c.breached_at IS NOT NULL OR c.due_at <= :now))
           AS breached
FROM requests r JOIN clocks c ON c.request_id = r.id
WHERE r.state NOT IN ('completed', 'withdrawn', 'expired') AND r.region = ANY(:codes)
  AND (c.stopped_at IS NULL OR c.breached_at IS NOT NULL)
"""
SILENT = """
SELECT p.id::text AS partner, p.name, count(*) AS waiting,
       count(*) FILTER (WHERE c.due_at <= :now) AS overdue,
       min(d.offered_at) AS oldest_offered_at, p.last_seen_at
FROM requests r
JOIN dispatches d ON d.request_id = r.id AND d.ended_at IS NULL
JOIN partners p ON p.id = d.partner_id
LEFT JOIN clocks c ON c.request_id = r.id AND c.leg = 'acceptance' AND c.stopped_at IS NULL
WHERE r.state = 'offered' AND r.region = ANY(:codes)
GROUP BY p.id, p.name, p.last_seen_at
HAVING count(*) FILTER (WHERE c.due_at <= :now) > 0
    OR (min(d.offered_at) < :silent AND coalesce(p.last_seen_at, '-infinity') < :silent)
ORDER BY overdue DESC, oldest_offered_at, p.id LIMIT 20
"""
CASES = """
SELECT count(*) FILTER (WHERE b.state = 'open') AS uncalled,
       count(*) FILTER (WHERE b.state = 'open' AND b.call_back_due_at <= :now) AS overdue,
       count(*) FILTER (WHERE b.state = 'rectifying') AS rectifying,
       count(*) FILTER (WHERE b.state = 'rectifying' AND b.rectify_due_at <= :now)
           AS rectifying_overdue,
       count(*) FILTER (WHERE b.state IN ('rectified', 'appealed')) AS to_rule
FROM bad_ratings b JOIN ratings r ON r.id = b.rating_id
WHERE r.region = ANY(:codes) AND r.voided_at IS NULL
"""
FUNNEL = """
SELECT count(*) AS submitted, count(r.accepted_at) AS accepted,
       count(*) FILTER (WHERE r.state = 'completed') AS completed,
       count(*) FILTER (WHERE r.state = 'completed' AND r.outcome = 'granted') AS granted,
       count(g.id) AS rated
FROM requests r
LEFT JOIN ratings g ON g.request_id = r.id AND g.origin = 'active' AND g.voided_at IS NULL
WHERE r.region = ANY(:codes)
  AND r.submitted_at >= coalesce(:begin, '-infinity'::timestamptz)
  AND r.submitted_at < coalesce(:end, 'infinity'::timestamptz)
"""


def day_bounds(period: Period) -> dict[str, datetime | None]:
    """The period as instants: from 00:00 of its first day to 24:00 of its last."""
    begins, ends = period.begins_on, period.ends_on
    return {
        "begin": promises.begin_of(begins) if begins else None,
        "end": promises.begin_of(ends + timedelta(days=1)) if ends else None,
    }


async def overview(session: AsyncSession, scope: Scope, period: Period, now: datetime) -> Overview:
    """Everything at one instant, for one place; risk is of now, the rest of the period."""
    numbers = await rules.in_force(session)
    at = {"codes": sorted(scope.codes or ()), "now": now}
    cases = await _one(session, CASES, at)
    counts = await breakdown.all_counts(session, scope, period)
    place = (await regions.of(session)).name(scope.region)
    return Overview(
        as_of=promises.local(now),
        region=scope.region,
        region_name=place,
        risk=await _risk(session, at, cases, numbers),
        funnel=await _funnel(session, at, period),
        satisfaction=row("total", place, counts, numbers),
        called_back_rate=figures.called_back_rate(counts),
        rectified_in_time_rate=figures.rectified_in_time_rate(counts),
        on_time=figures.on_time(counts),
        on_time_excused=figures.on_time_excused(counts),
    )


async def _risk(
    session: AsyncSession, at: dict[str, Any], cases: dict[str, int], numbers: Rules
) -> Risk:
    now: datetime = at["now"]
    tomorrow = promises.begin_of(promises.day_of(now) + timedelta(days=1))
    requests = await _one(session, RISK, {"codes": at["codes"]})
    clocks = await _one(session, CLOCKS, {**at, "midnight": tomorrow})
    before = now - timedelta(hours=numbers.silent_hours)
    silent = await session.execute(text(SILENT), {**at, "silent": before})
    return Risk(
        **requests,
        **clocks,
        bad_ratings_uncalled=cases["uncalled"],
        bad_ratings_overdue=cases["overdue"],
        rectifying=cases["rectifying"],
        rectifying_overdue=cases["rectifying_overdue"],
        to_rule=cases["to_rule"],
        partners_not_answering=[_silent(each) for each in silent],
    )


def _silent(row: Any) -> Silent:
    partner, name, waiting, overdue, oldest, seen = row
    offered, last_seen = promises.local(oldest), promises.local_or_none(seen)
    return Silent(partner, name, waiting, overdue, offered, last_seen)


async def _funnel(session: AsyncSession, at: dict[str, Any], period: Period) -> Funnel:
    codes = {"codes": at["codes"]}
    return Funnel(**await _one(session, FUNNEL, {**codes, **day_bounds(period)}))


async def _one(session: AsyncSession, query: str, values: dict[str, Any]) -> dict[str, Any]:
    return dict((await session.execute(text(query), values)).mappings().one())
