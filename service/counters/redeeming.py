"""Giving a benefit for a live token, once (card-token.md 11).

Two round trips: one statement looks, one writes. The write is a single statement, so a single
transaction: quota, redemption, event and kept answer, all or nothing. It is safe without locks of
our own: the quota's row is raised only where enough is left, (iss, cti) and the idempotency key
are unique. Where the write did not happen, looking again says why (docs/adr/0003).
"""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from cards.token import MESSAGES, Claims, Refused
from events import log
from events.of_cards import BenefitRedeemed
from service import ids, nudge
from service.auth.callers import Caller, Role
from service.counters import benefits, standing
from service.counters.benefits import PERIOD, Benefit
from service.counters.door import Door
from service.counters.refusals import TokenRefused, TokenReplayed
from service.counters.standing import Card, Found, Question, local
from service.counters.verifying import examine, judge, look
from service.counters.views import Redeem, RedemptionView
from service.idempotency import LOCK, Claim
from service.idempotency import judge as judge_key
from service.problems import KeyInUse, Unavailable

WRITE = f"""
WITH claim AS MATERIALIZED (SELECT {LOCK.format(caller="$12::text", key="$13::text")} AS mine),
card AS (
    SELECT c.id FROM cards c, claim
    WHERE c.id = $17 AND c.revision = $18 AND claim.mine FOR SHARE OF c),
quota AS (
    INSERT INTO quota_uses AS q (card_id, offering, year, used)
    SELECT id, $19, $20, 1 FROM card WHERE $21::int IS NULL OR $21 >= 1
    ON CONFLICT (card_id, offering, year) DO UPDATE SET used = q.used + 1
    WHERE $21::int IS NULL OR q.used < $21
    RETURNING used),
redemption AS (
    INSERT INTO redemptions (id, iss, cti, card_id, offering, offering_version_id, partner_id,
        service_point_id, companions, redeemed_at)
    SELECT $22, $23, $24, $17, $19, $25, $10, $26, $27, $5 FROM quota RETURNING id),
event AS (
    INSERT INTO events (id, subject, sequence, type, region, at, actor, role, origin, trace,
        partner_id, data)
    SELECT $1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM redemption),
kept AS (
    INSERT INTO idempotency_keys
        (caller, key, fingerprint, status, headers, media_type, body, made_at)
    SELECT $12, $13, $14, 201, '{{}}', 'application/json',
        convert_to($15 || coalesce(($21 - used)::text, 'null') || $16, 'UTF8'), $5
    FROM quota, redemption RETURNING body)
SELECT claim.mine, (SELECT body FROM kept) AS body FROM claim"""  # noqa: S608 - no values in it

LOOKED = "SELECT c.id FROM cards c, claim"
SHARED = "AND claim.mine FOR SHARE OF c"
WRITE_FIRST = (
    WRITE.replace(LOOKED, "UPDATE cards c SET revision = c.revision + 1 FROM claim")
    .replace(SHARED, "AND claim.mine RETURNING c.id")
)  # fmt: skip
"""The first use in a year of what excludes another offering: it moves the card on, so that of two
that exclude one another only one is written, and whoever looked before looks again."""

TRIES = 5


async def redeem(door: Door, asked: Redeem, claim: Claim, by: Caller, now: datetime) -> bytes:
    """Redeem once and return the answer's body, as it is kept for the key.

    Raises Replayed (the key's first answer), KeyReused, KeyInUse, UnknownServicePoint,
    UnknownOffering, TokenRefused, TokenReplayed, NotEntitled, CompanionsNotAllowed, QuotaExhausted.
    """
    claims = await examine(door, asked.token, now, live_only=True)
    known = None if isinstance(claims, Refused) else claims
    question = Question(point=asked.service_point, claims=known, caller=claim.caller, key=claim.key)
    for _ in range(TRIES):
        row = await look(door, question, now)
        judge_key(claim, row if row["fingerprint"] is not None else None)
        found = standing.read(row, by)
        given = await door.benefits.of(door.pool, found.newest_version, local(now).date())
        benefit = benefits.of_code(given, asked.offering)
        card = usable(judge(claims, found, now), found, benefit, asked.companions)
        assert known is not None  # noqa: S101 - judge refuses a token that examine refused
        gift = Gift(
            claims=known, card=card, benefit=benefit, found=found, companions=asked.companions
        )
        body = await write(door.pool, gift, claim, by, now)
        if body is not None:
            nudge.wake()
            return body
    raise Unavailable


def usable(refused: Refused | None, found: Found, benefit: Benefit, companions: int) -> Card:
    """The card that may have this benefit now; raises what stands against it (11.2, 11.5)."""
    if refused is not None:
        kind = TokenReplayed if refused.reason == TokenReplayed.code else TokenRefused
        raise kind(refused.reason, MESSAGES[refused.reason])
    card = found.card
    assert card is not None  # noqa: S101 - 7.22 refuses a token without a card
    benefit.check(card, found.used, companions)
    return card


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """One redemption about to be written."""

    claims: Claims
    card: Card
    benefit: Benefit
    found: Found
    companions: int


async def write(
    pool: asyncpg.Pool, gift: Gift, claim: Claim, by: Caller, now: datetime
) -> bytes | None:
    """Write all of it in one statement; None where something moved since we looked.

    Raises KeyInUse.
    """
    redemption_id = ids.new_id()
    event = BenefitRedeemed(
        redemption_id=redemption_id,
        card_id=gift.card.id,
        offering=gift.benefit.code,
        partner_id=gift.found.partner_id,
        service_point_id=gift.found.point_id,
        companions=gift.companions,
    )
    author = by.author(Role.PARTNER_CLERK)
    told = log.append_arguments(event, by=author, region=gift.found.point_region, now=now)
    try:
        row = await pool.fetchrow(
            WRITE_FIRST if gift.benefit.settles(gift.found.used) else WRITE,
            *told,
            *(
                claim.caller,
                claim.key,
                claim.fingerprint,
                *_answer_around_left(gift, redemption_id, now),
            ),
            *(gift.card.id, gift.card.revision, gift.benefit.code, local(now).year),
            *(gift.benefit.annual_limit, redemption_id, gift.claims.iss, gift.claims.cti),
            *(gift.benefit.version_id, gift.found.point_id, gift.companions),
        )
    except asyncpg.UniqueViolationError:
        # A rival used this token or this key first; the whole statement is undone.
        return None
    assert row is not None  # noqa: S101 - `FROM claim` has one row
    if not row["mine"]:
        raise KeyInUse
    body: bytes | None = row["body"]
    return body


def _answer_around_left(gift: Gift, redemption_id: UUID, now: datetime) -> tuple[str, str]:
    """The answer before and after the number that only the database knows when it writes."""
    view = RedemptionView(
        id=redemption_id,
        offering=gift.benefit.code,
        service_point=gift.found.point_id,
        companions=gift.companions,
        redeemed_at=local(now),
        left=None,
        unit=gift.benefit.unit,
        period=PERIOD,
    )
    head, mark, tail = msgspec.json.encode(view).decode().partition('"left":')
    return head + mark, tail.removeprefix("null")
