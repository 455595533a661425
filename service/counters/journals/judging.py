"""Whether a counter without a network was right (card-token.md 13.2, 13.4).

What it could know is judged, not what is known now: the time is the scan's, a card's state that of
the status list which the counter had. Quota and replay are looked at as they stand, because two
counters cannot know of one another.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from cards import token
from cards.token import Claims, Refused
from service.auth.callers import Caller
from service.counters import standing, verifying
from service.counters.benefits import Benefit, Kept
from service.counters.door import Door
from service.counters.journals.entries import Entry
from service.counters.offline import FRESH_SECONDS, LOW_VALUE_FRESH_SECONDS
from service.counters.refusals import UnknownOffering
from service.counters.standing import Card, Found, Question, local

SKEW = timedelta(seconds=token.CLOCK_SKEW)
STATE_THEN = """
SELECT type FROM events
WHERE subject = 'cards/' || $1::text AND at <= $2 AND type = ANY($3)
ORDER BY sequence DESC LIMIT 1"""
STATES = {
    "hck.card.issued.v1": None,
    "hck.card.reinstated.v1": None,
    "hck.card.suspended.v1": "card-suspended",
    "hck.card.replaced.v1": "card-revoked",
    "hck.card.revoked.v1": "card-revoked",
    "hck.card.expired.v1": "card-expired",
}
"""What a card's last event before the list says of it; none means valid."""


class Right(msgspec.Struct, frozen=True):
    """The counter was right to give it, as far as it could know."""

    claims: Claims
    card: Card
    benefit: Benefit
    found: Found


class Wrong(msgspec.Struct, frozen=True):
    """Why it was not, with what is known of the token all the same."""

    reason: str
    claims: Claims | None = None
    card: Card | None = None


class Look(msgspec.Struct, frozen=True):
    """With what and as whom a line is looked at; benefits are kept for the whole journal."""

    door: Door
    connection: Any
    kept: Kept
    point: str
    by: Caller


async def judge(look: Look, entry: Entry, now: datetime) -> Right | Wrong:
    """One line, judged at the time of its scan; raises UnknownServicePoint.

    Replay and quota are the writer's matter: only the database can say who was first.
    """
    at = entry.scanned_at
    if at > now + SKEW or entry.status_list_iat > at + SKEW:
        return Wrong("not-yet-valid")
    claims = await verifying.examine(look.door, entry.token, at, live_only=True)
    if isinstance(claims, Refused):
        return Wrong(claims.reason, claims.claims)
    found = await _found(look, claims, at)
    benefits = await look.kept.of(look.door.pool, found.newest_version, local(at).date())
    benefit = benefits.get(entry.offering)
    if benefit is None:
        return Wrong(UnknownOffering.code, claims, found.card)
    if found.card is None:
        return Wrong("card-unknown", claims)
    reason = _too_old(entry, benefit) or await _state_then(look.connection, found.card, entry)
    if reason := reason or _not_given(benefit, found, entry):
        return Wrong(reason, claims, found.card)
    return Right(claims, found.card, benefit, found)


async def _found(look: Look, claims: Claims, at: datetime) -> Found:
    way, arguments = standing.arguments(Question(point=look.point, claims=claims), at)
    row = await look.connection.fetchrow(standing.STATEMENTS[way], *arguments)
    return standing.read(row, look.by)


def _too_old(entry: Entry, benefit: Benefit) -> str | None:
    """An hour for every benefit, a day for those of low value (13.2)."""
    longest = LOW_VALUE_FRESH_SECONDS if benefit.low_value else FRESH_SECONDS
    age = entry.scanned_at - entry.status_list_iat
    return "status-unknown" if age > timedelta(seconds=longest) else None


async def _state_then(connection: Any, card: Card, entry: Entry) -> str | None:
    """What the list that the counter had said of the card."""
    if local(entry.scanned_at).date() > card.valid_until:
        return "card-expired"
    names = list(STATES)
    last = await connection.fetchval(STATE_THEN, str(card.id), entry.status_list_iat, names)
    return STATES.get(last)


def _not_given(benefit: Benefit, found: Found, entry: Entry) -> str | None:
    """What the counter could see in its pack: whom it is for, and how many come along."""
    assert found.card is not None  # noqa: S101 - the caller has looked
    if benefit.barred(found.card):
        return "not-entitled"
    return "companions-not-allowed" if entry.companions > benefit.companions_max else None
