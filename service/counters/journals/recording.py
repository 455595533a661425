"""Taking a journal in: each line in a transaction of its own, kept whatever becomes of it.

So a journal of 500 lines holds nobody's quota for longer than one line takes, two journals that
name the same tokens in another order cannot block one another, and one that was cut off goes on
where it stopped when it is sent again: a line that is known keeps its outcome (13.5).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from events import log
from events.base import Event
from events.of_cards import BenefitConflicted, BenefitRedeemed
from service import ids, nudge
from service.auth.callers import Caller, Role
from service.counters import standing
from service.counters.benefits import Kept
from service.counters.door import Door
from service.counters.journals import entries, judging
from service.counters.journals.entries import Entry, Journal, Told
from service.counters.journals.judging import Right, Wrong
from service.counters.journals.models import ACCEPTED, CONFLICT, REFUSED
from service.counters.refusals import QuotaExhausted, TokenReplayed, UnknownServicePoint
from service.counters.standing import local

POINT = "SELECT id, partner_id, region FROM service_points WHERE id = $1"
KNOWN = """
SELECT outcome, reason, redemption_id FROM offline_entries
WHERE service_point_id = $1 AND entry_id = $2"""
KEEP = """
INSERT INTO offline_entries (id, service_point_id, partner_id, region, entry_id, outcome, reason,
    redemption_id, card_id, offering, companions, iss, cti, scanned_at, status_list_iat,
    received_at, client_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"""
QUOTA = """
INSERT INTO quota_uses AS q (card_id, offering, year, used)
SELECT $1, $2, $3, 1 WHERE $4::int IS NULL OR $4 >= 1
ON CONFLICT (card_id, offering, year) DO UPDATE SET used = q.used + 1
WHERE $4::int IS NULL OR q.used < $4
RETURNING used"""
REDEEM = """
INSERT INTO redemptions (id, iss, cti, card_id, offering, offering_version_id, partner_id,
    service_point_id, companions, redeemed_at, offline)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, true)
ON CONFLICT (iss, cti) DO NOTHING RETURNING id"""
OVER = "UPDATE redemptions SET over_quota = true WHERE id = $1"


class Point(msgspec.Struct, frozen=True):
    """The 服务网点 whose journal it is."""

    id: UUID
    partner_id: UUID
    region: str


class Taking(msgspec.Struct, frozen=True):
    """A journal under way: at which door, of which counter, by whom, when."""

    door: Door
    kept: Kept
    point: Point
    by: Caller
    now: datetime


class Line(msgspec.Struct, frozen=True):
    """One line: its row here, its own name, and what it says where it has the right shape."""

    id: UUID
    name: str | None
    entry: Entry | None


class Outcome(msgspec.Struct, frozen=True):
    """What became of a line."""

    outcome: str
    reason: str | None = None
    redemption_id: UUID | None = None


async def take(door: Door, journal: Journal, by: Caller, now: datetime) -> list[Told]:
    """Take a journal in; one result for each line, in order. Raises UnknownServicePoint."""
    point = await _point_of(door.pool, journal.service_point, by)
    taking, results = Taking(door, Kept(), point, by, now), []
    for given in journal.entries:
        line = Line(ids.new_id(), entries.name_of(given), entries.read(given))
        done = await _take_one(taking, line)
        redemption = str(done.redemption_id) if done.redemption_id else None
        results.append(Told(line.name, done.outcome, done.reason, redemption))
    nudge.wake()
    return results


async def _point_of(pool: asyncpg.Pool, given: str, by: Caller) -> Point:
    point_id = standing.point_id(given)
    row = await pool.fetchrow(POINT, point_id) if point_id else None
    if row is None or row["partner_id"] != by.partner_id:
        raise UnknownServicePoint
    return Point(row["id"], row["partner_id"], row["region"])


async def _take_one(taking: Taking, line: Line) -> Outcome:
    """One line; the same line from the same counter again finds its outcome."""
    pool, mine = taking.door.pool, (taking.point.id, line.name)
    if line.name is not None and (known := await pool.fetchrow(KNOWN, *mine)):
        return _known(known)
    try:
        async with pool.acquire() as connection, connection.transaction():
            return await _write(taking, connection, line)
    except asyncpg.UniqueViolationError:
        # The same line came twice at once: the other one has been kept.
        return _known(await pool.fetchrow(KNOWN, *mine))


def _known(row: Any) -> Outcome:
    return Outcome(row["outcome"], row["reason"], row["redemption_id"])


async def _write(taking: Taking, connection: Any, line: Line) -> Outcome:
    """Judge it, give it where that is right, and keep it with what came of it."""
    judged: Right | Wrong = Wrong(entries.MALFORMED)
    told: list[Event] = []
    if line.entry is not None:
        look = judging.Look(taking.door, connection, taking.kept, str(taking.point.id), taking.by)
        judged = await judging.judge(look, line.entry, taking.now)
    if isinstance(judged, Right) and line.entry is not None:
        done = await _give(connection, judged, line.entry, told)
        if done.outcome == CONFLICT:
            told.append(_conflicted(line.id, judged, done))
    else:
        done = Outcome(REFUSED, judged.reason if isinstance(judged, Wrong) else None)
    await connection.execute(KEEP, *_row(taking, line, judged, done))
    author = taking.by.author(Role.PARTNER_CLERK)
    for event in told:
        region, now = taking.point.region, taking.now
        arguments = log.append_arguments(event, by=author, region=region, now=now)
        await connection.execute(log.APPEND, *arguments)
    return done


async def _give(connection: Any, right: Right, entry: Entry, told: list[Event]) -> Outcome:
    """Redeem it; where nothing was left it was given all the same, and is marked as over (13.4)."""
    year, limit = local(entry.scanned_at).year, right.benefit.annual_limit
    # The token first: a replay must not use up quota, and waits here for whoever has it.
    redemption_id = await connection.fetchval(REDEEM, *_redemption(right, entry))
    if redemption_id is None:
        return Outcome(CONFLICT, TokenReplayed.code)
    told.append(_redeemed(redemption_id, right, entry))
    use = (right.card.id, right.benefit.code, year, limit)
    if await connection.fetchval(QUOTA, *use) is not None:
        return Outcome(ACCEPTED, None, redemption_id)
    await connection.execute(
        "UPDATE redemptions SET over_quota = true WHERE id = $1", redemption_id
    )
    return Outcome(CONFLICT, QuotaExhausted.code, redemption_id)


def _redemption(right: Right, entry: Entry) -> tuple[Any, ...]:
    return (
        ids.new_id(), right.claims.iss, right.claims.cti, right.card.id, right.benefit.code,
        right.benefit.version_id, right.found.partner_id, right.found.point_id, entry.companions,
        entry.scanned_at,
    )  # fmt: skip


def _redeemed(redemption_id: UUID, right: Right, entry: Entry) -> BenefitRedeemed:
    return BenefitRedeemed(
        redemption_id=redemption_id, card_id=right.card.id, offering=right.benefit.code,
        partner_id=right.found.partner_id, service_point_id=right.found.point_id,
        companions=entry.companions, offline=True,
    )  # fmt: skip


def _conflicted(row_id: UUID, right: Right, done: Outcome) -> BenefitConflicted:
    return BenefitConflicted(
        entry_id=row_id, card_id=right.card.id, offering=right.benefit.code,
        partner_id=right.found.partner_id, service_point_id=right.found.point_id,
        reason=done.reason or "", redemption_id=done.redemption_id,
    )  # fmt: skip


def _row(taking: Taking, line: Line, judged: Right | Wrong, done: Outcome) -> tuple[Any, ...]:
    point, claims, card, entry = taking.point, judged.claims, judged.card, line.entry
    said: tuple[Any, ...] = (None, None, None, None)
    if entry is not None:
        said = (entry.offering[:100], entry.companions, entry.scanned_at, entry.status_list_iat)
    offering, companions, scanned_at, status_list_iat = said
    return (
        line.id, point.id, point.partner_id, point.region, line.name, done.outcome, done.reason,
        done.redemption_id, card.id if card else None, offering, companions,
        claims.iss if claims else None, claims.cti if claims else None,
        scanned_at, status_list_iat, taking.now, taking.by.id,
    )  # fmt: skip
