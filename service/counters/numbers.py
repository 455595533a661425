"""Looking a card up by the number on its face (card-token.md 12.3, 12.4)."""

from datetime import datetime

from cards import number
from service.auth.callers import Caller
from service.counters import standing
from service.counters.door import Door
from service.counters.standing import Card, Question, local
from service.counters.verifying import VALID, Seen, audit, look, refusal
from service.counters.views import CardState, Holder, VerificationView, VerifyNumber
from service.limits import Limiter
from service.settings import Settings

NOT_USABLE = "number-not-usable"
DAY_SECONDS = 86_400


async def verify_number(
    door: Door,
    limiter: Limiter,
    limits: Settings,
    asked: VerifyNumber,
    by: Caller,
    now: datetime,
) -> VerificationView:
    """Check a card by its typed number: no photo, no benefits, low assurance.

    Whatever is not a usable card has one answer, and the same statements run for it. Raises
    UnknownServicePoint, RateLimited.
    """
    typed = number.typed(asked.card_number) or ""
    row = await look(door, Question(point=asked.service_point, number=typed), now)
    found = standing.read(row, by)
    bucket = f"by-number {found.point_id}"
    await limiter.take(bucket, limits.limit_number_minute, now)
    await limiter.take(f"{bucket} day", limits.limit_number_day, now, seconds=DAY_SECONDS)
    card = found.card
    usable = card is not None and card.state == "active" and local(now).date() <= card.valid_until
    reason = None if usable else NOT_USABLE
    await audit(door, found, by, now, Seen(reason=reason, by_number=True))
    if card is None or not usable:
        return refusal(NOT_USABLE, typ=None, card=None)
    return _valid(card)


def _valid(card: Card) -> VerificationView:
    return VerificationView(
        result="valid",
        reason=None,
        message=VALID,
        typ=None,
        assurance="low",
        expires_at=None,
        holder=Holder(card.masked_name, card.tier),
        card=CardState(card.state, card.valid_until),
        benefits=(),
    )
