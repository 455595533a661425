"""How a card stands, in one round trip: state, replay, what is used, and the counter itself.

Plain SQL, because somebody waits at the counter (docs/adr/0003). The statement is the same for
verifying and redeeming; what it finds is judged in Python, where the rules are.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from cards.token import Claims
from events.feed import SHANGHAI
from service import sealing
from service.auth.callers import Caller
from service.counters.refusals import UnknownServicePoint

LIVE = """
LEFT JOIN card_days cd ON cd.day = $2 AND cd.sub = $3
LEFT JOIN cards c ON c.id = cd.card_id"""
PRINTED = """
LEFT JOIN card_prints p ON p.cti = $5 AND $2::date IS NOT NULL AND $3::text IS NOT NULL
LEFT JOIN cards c ON c.id = p.card_id"""
NUMBERED = """
LEFT JOIN cards c ON c.number = $3 AND $2::date IS NOT NULL"""

NEWEST_VERSION = """
SELECT concat((SELECT v.id FROM offering_versions v ORDER BY v.id DESC LIMIT 1), ' ',
    (SELECT max(t.version) FROM table_versions t WHERE t.name = 'municipal'))"""
"""What tells a process that its copy is old: ids sort by the time they were made."""

BESIDE = """
    (SELECT jsonb_build_object('cards', jsonb_agg(jsonb_build_array(m.region, m.tier)), 'choices',
            (SELECT jsonb_object_agg(h.offering, h.uses) FROM municipal_choices h
                WHERE h.person_id = c.person_id AND h.year = $6))
        FROM municipal_cards m WHERE m.person_id = c.person_id AND m.ended_at IS NULL
            AND coalesce(m.valid_until >= $9, true) HAVING count(*) > 0) AS municipal,
    (SELECT jsonb_agg(t.offering) FROM requests t WHERE t.person_id = c.person_id
        AND (t.ended_at IS NULL OR t.outcome = 'granted' AND t.completed_at >= $10)) AS taken"""
"""What the holder has beside this card: other cards, choices, what came of requests this year."""

STANDING = """
SELECT sp.id AS point_id, sp.partner_id, sp.region AS point_region,
    c.id AS card_id, c.category, c.tier, c.state, c.masked_name, c.valid_until, c.print_cti,
    c.revision, c.person_id,
    EXISTS (SELECT FROM photos f WHERE f.person_id = c.person_id) AS photo,
    EXISTS (SELECT FROM redemptions r WHERE r.iss = $4 AND r.cti = $5) AS redeemed,
    (SELECT jsonb_object_agg(q.offering, q.used) FROM quota_uses q
        WHERE q.card_id = c.id AND q.year = $6) AS used,{beside},
    ({newest}) AS newest_version,
    k.fingerprint, k.status, k.headers, k.body, k.media_type
FROM (SELECT) AS always
LEFT JOIN service_points sp ON sp.id = $1{card}
LEFT JOIN idempotency_keys k ON k.caller = $7 AND k.key = $8"""


class Card(msgspec.Struct, frozen=True):
    """A card as a counter needs it."""

    id: UUID
    category: int
    tier: str
    state: str
    masked_name: str
    valid_until: date
    print_cti: bytes | None
    revision: int
    person_id: UUID
    photo: bool
    municipal: tuple[tuple[str, str], ...] = ()
    choices: Mapping[str, str] = {}
    taken: frozenset[str] = frozenset()


class Found(msgspec.Struct, frozen=True):
    """What the one statement found; `card` is None where the token belongs to no card."""

    point_id: UUID
    partner_id: UUID
    point_region: str
    card: Card | None
    redeemed: bool
    used: Mapping[str, int]
    newest_version: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the database: a counter, and the card by token or by number."""

    point: str
    claims: Claims | None = None
    number: str | None = None
    caller: str | None = None
    key: str | None = None


def local(now: datetime) -> datetime:
    """The same instant in Asia/Shanghai, whose day and year count."""
    return now.astimezone(SHANGHAI)


def year_begun(now: datetime) -> datetime:
    """When the year of that instant began."""
    return datetime(local(now).year, 1, 1, tzinfo=SHANGHAI)


def arguments(question: Question, now: datetime) -> tuple[str, tuple[Any, ...]]:
    """Which way to the card, and the statement's arguments."""
    claims, key = question.claims, question.number
    join = NUMBERED if key is not None else LIVE
    day, iss, cti = local(now).date(), None, None
    if claims is not None:
        join = LIVE if claims.typ == "L" else PRINTED
        day = datetime.fromtimestamp(claims.iat, SHANGHAI).date()
        key, iss, cti = claims.sub, claims.iss, claims.cti
    asker = question.caller, question.key
    today = local(now).date(), year_begun(now)
    return join, (point_id(question.point), day, key, iss, cti, local(now).year, *asker, *today)


STATEMENTS = {
    join: STANDING.format(card=join, newest=NEWEST_VERSION, beside=BESIDE)
    for join in (LIVE, PRINTED, NUMBERED)
}


def point_id(text: str) -> UUID | None:
    """The id that somebody sent, or None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def read(row: Any, by: Caller) -> Found:
    """The row as a value; raises UnknownServicePoint where the counter is not the caller's own."""
    if row["partner_id"] is None or row["partner_id"] != by.partner_id:
        raise UnknownServicePoint
    return seen(row)


def seen(row: Any) -> Found:
    """The row as a value, whoever looks; a look that is at no counter has none."""
    return Found(
        row["point_id"],
        row["partner_id"],
        row["point_region"],
        _card(row) if row["card_id"] is not None else None,
        row["redeemed"],
        row["used"] or {},
        row["newest_version"],
    )


def _card(row: Any) -> Card:
    beside = row["municipal"] or {}
    name = sealing.ring().open(bytes(row["masked_name"]), "cards.masked_name").decode()
    return Card(
        row["card_id"],
        row["category"],
        row["tier"],
        row["state"],
        name,
        row["valid_until"],
        row["print_cti"],
        row["revision"],
        row["person_id"],
        row["photo"],
        tuple((region, tier) for region, tier in beside.get("cards", ())),
        beside.get("choices") or {},
        frozenset(row["taken"] or ()),
    )
