"""Looking at a card: by its token (card-token.md 7, 10) or by its number (12.3)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from cards import token
from cards.token import Claims, Refused
from events.feed import SHANGHAI
from events.log import trace
from service import ids
from service.auth.callers import Caller
from service.counters import benefits, standing
from service.counters.door import Door
from service.counters.standing import Card, Found, Question, local
from service.counters.views import (
    BenefitView,
    CardState,
    Holder,
    VerificationView,
    Verify,
)
from service.talents.cards.photos import photo_url
from service.talents.proof import card_keys

VALID = "此卡有效,可以提供服务。"
TELLS_CARD = ("card-suspended", "card-revoked", "card-expired")
ASSURANCE = {"L": "high", "P": "low"}

STATUS = {"active": 0, "expired": 0, "suspended": 2}
"""A card's present state as a status entry (7.23); an expired card is told by its last day, and
whatever else a card can be has ended it."""
ENDED = 1


class Seen(msgspec.Struct, frozen=True):
    """What the audit keeps of one verification."""

    offering: str | None = None
    claims: Claims | None = None
    reason: str | None = None
    by_number: bool = False


async def verify(door: Door, asked: Verify, by: Caller, now: datetime) -> VerificationView:
    """Check a token at the caller's counter and keep an audit row (10.1–10.5).

    Raises UnknownServicePoint, UnknownOffering; every token text has an answer.
    """
    claims = await examine(door, asked.token, now, live_only=asked.offering is not None)
    known = None if isinstance(claims, Refused) else claims
    row = await look(door, Question(point=asked.service_point, claims=known), now)
    found = standing.read(row, by)
    given = await door.benefits.of(door.pool, found.newest_version, local(now).date())
    if asked.offering is not None:
        given = {asked.offering: benefits.of_code(given, asked.offering)}
    refused = judge(claims, found, now)
    reason = refused.reason if refused else None
    about = refused.claims if refused else known
    await audit(door, found, by, now, Seen(asked.offering, about, reason))
    if refused is not None or known is None or found.card is None:
        assert refused is not None  # noqa: S101 - judge refuses where there is no card
        return refusal(refused.reason, typ=refused.typ, card=found.card)
    shown = benefits.views(given, found.card, found) if known.typ == "L" else ()
    photo = photo_url(found.card.person_id, by.id, now) if found.card.photo else None
    return valid(known, found.card, shown, photo)


async def examine(door: Door, text: str, now: datetime, *, live_only: bool) -> Claims | Refused:
    """What the token says by itself (7.1–7.19), with the keys that are published."""
    keys = await card_keys.published(door.pool, now)
    return token.examine(
        text, now=int(now.timestamp()), keys=keys, issuer=door.issuer, live_only=live_only
    )


def judge(claims: Claims | Refused, found: Found, now: datetime) -> Refused | None:
    """The rest of the steps (7.20–7.22), asked of the card's present state; None is valid."""
    if isinstance(claims, Refused):
        return claims
    card, today = found.card, local(now).date()
    # Without a card there is no state to ask, and 7.22 is the step that says so.
    status = STATUS.get(card.state, ENDED) if card else 0
    known = token.Standing(_last_day(card, today), card.print_cti) if card else None
    return token.stand(claims, status=status, redeemed=found.redeemed, card=known, today=today)


def _last_day(card: Card, today: date) -> date:
    over = card.state == "expired"
    return min(card.valid_until, today - timedelta(days=1)) if over else card.valid_until


def valid(
    claims: Claims, card: Card, shown: Sequence[BenefitView] = (), photo: str | None = None
) -> VerificationView:
    """The answer to a token that holds."""
    return VerificationView(
        result="valid",
        reason=None,
        message=VALID,
        typ=claims.typ,
        assurance=ASSURANCE[claims.typ],
        expires_at=datetime.fromtimestamp(claims.exp, SHANGHAI),
        holder=Holder(card.masked_name, card.tier, photo),
        card=CardState(card.state, card.valid_until),
        benefits=tuple(shown),
    )


def refusal(reason: str, *, typ: str | None, card: Card | None) -> VerificationView:
    """The answer to what is not usable; three reasons tell the card's state too (10.2)."""
    told = card if card and reason in TELLS_CARD else None
    return VerificationView(
        result="refused",
        reason=reason,
        message=token.MESSAGES[reason],
        typ=typ,
        assurance=None,
        expires_at=None,
        holder=None,
        card=CardState(told.state, told.valid_until) if told else None,
        benefits=(),
    )


async def look(door: Door, question: Question, now: datetime) -> Any:
    """What the database knows, in one row and one round trip."""
    way, arguments = standing.arguments(question, now)
    if way == standing.LIVE:
        return await door.looks.ask(arguments)
    return await door.pool.fetchrow(standing.STATEMENTS[way], *arguments)


async def audit(door: Door, found: Found, by: Caller, now: datetime, seen: Seen) -> None:
    """Keep who looked, where, with what result; the pair (iss, cti), never the token (10.5).

    Returns when it is committed.
    """
    claims = seen.claims
    await door.audits.ask(
        (
            ids.new_id(),
            now,
            by.id,
            found.point_id,
            seen.offering,
            seen.by_number,
            "refused" if seen.reason else "valid",
            seen.reason,
            claims.iss if claims else None,
            claims.cti if claims else None,
            found.card.id if found.card else None,
            trace.get(),
        )
    )
