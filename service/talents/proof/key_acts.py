"""Card keys by command: made ahead, retired, revoked (card-token.md 5.4). Each with its event."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from cards.status import LIFE
from events import log
from events.base import Event
from events.log import Author
from events.of_keys import CardKeyMade, CardKeyRetired, CardKeyRevoked, CardKeySwitched
from service.auth.models import SigningKey
from service.pages.show import SHANGHAI
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference.tables import PROVINCE
from service.talents.cards.printing import CardPrint
from service.talents.proof import card_keys
from service.talents.proof.key_store import DESTROYED, KeyStore

DAY = timedelta(days=1)
LIST_LIFE = timedelta(seconds=LIFE)
"""The longest thing that a key signs beside printed codes: a status list."""
Reason = Literal["leaked", "lost", "broken"]


class NoSuccessor(Problem):
    """Nothing would sign after it."""

    code = "no-successor"
    status = 409
    title = "没有接替的签发密钥"
    advice = "请先生成新密钥,等它公布满 24 小时、开始签发后再停用这一把;已泄露的请用吊销。"


class KeyEnded(Problem):
    """It signs no more already."""

    code = "key-ended"
    status = 409
    title = "这把密钥已停用或已吊销"
    advice = "请核对密钥名;现有的密钥见 card-keys list。"


class KeyView(msgspec.Struct, frozen=True):
    """A card key as its keepers see it. `state`: ahead, signing, retired, revoked or over."""

    kid: str
    state: str
    published_at: datetime
    not_before: datetime
    signs_until: datetime
    expires_at: datetime
    revoked_at: datetime | None


def state_of(key: SigningKey, now: datetime) -> str:
    """What it is good for now."""
    if key.revoked_at is not None:
        return "revoked"
    if now >= key.expires_at:
        return "over"
    if now < key.not_before:
        return "ahead"
    return "signing" if now < key.signs_until else "retired"


async def listed(session: AsyncSession, now: datetime) -> list[KeyView]:
    """All card keys, the newest first."""
    query = sa.select(SigningKey).where(SigningKey.purpose == card_keys.PURPOSE)
    rows = await session.scalars(query.order_by(SigningKey.not_before.desc(), SigningKey.kid))
    return [view(each, now) for each in rows]


def view(key: SigningKey, now: datetime) -> KeyView:
    """One key; never its private half."""
    return KeyView(
        kid=key.kid,
        state=state_of(key, now),
        published_at=key.published_at.astimezone(SHANGHAI),
        not_before=key.not_before.astimezone(SHANGHAI),
        signs_until=key.signs_until.astimezone(SHANGHAI),
        expires_at=key.expires_at.astimezone(SHANGHAI),
        revoked_at=key.revoked_at.astimezone(SHANGHAI) if key.revoked_at else None,
    )


async def make(session: AsyncSession, store: KeyStore, by: Author, now: datetime) -> SigningKey:
    """A key that is published now and signs after 24 hours (5.4), in place of the one before it."""
    return await _add(session, store, by, now, now.replace(microsecond=0) + DAY)


async def retire(session: AsyncSession, kid: str, by: Author, now: datetime) -> SigningKey:
    """It signs no more, and stays published until its last token has expired.

    Raises NotFound, KeyEnded, NoSuccessor.
    """
    key = await _got(session, kid)
    if state_of(key, now) not in ("signing", "ahead"):
        raise KeyEnded
    if not await _others_sign(session, kid, now):
        raise NoSuccessor
    key.signs_until = min(key.signs_until, now)
    key.expires_at = await _last_token(session, key, now)
    event = CardKeyRetired(kid=kid, expires_at=key.expires_at)
    return await _tell(session, key, event, by, now)


async def switch(session: AsyncSession, kid: str, by: Author, now: datetime) -> SigningKey:
    """It alone signs from now on; the others that sign are retired. Raises NotFound, KeyEnded,
    NoSuccessor where it has not been published for a day yet.
    """
    key = await _got(session, kid)
    match state_of(key, now):
        case "ahead":
            raise NoSuccessor("这把密钥公布还不满 24 小时,到启用时刻才能切换。")
        case "signing":
            pass
        case _:
            raise KeyEnded
    for other in await session.scalars(_signing(now).where(SigningKey.kid != kid)):
        await retire(session, other.kid, by, now)
    return await _tell(session, key, CardKeySwitched(kid=kid), by, now)


async def revoke(
    session: AsyncSession, store: KeyStore, kid: str, reason: Reason, by: Author, now: datetime
) -> SigningKey:
    """Take a key out at once (5.4). Where none is left to sign, one is made that signs now.

    That one was not published a day ahead: verifiers that kept the old set meet an unknown key and
    fetch again (5.5), which is the lesser harm. Raises NotFound, KeyEnded.
    """
    key = await _got(session, kid)
    if key.revoked_at is not None:
        raise KeyEnded
    store.destroy(key.private_pem)
    key.revoked_at, key.private_pem = now, DESTROYED
    fell = sa.select(sa.func.count()).where(CardPrint.kid == kid, CardPrint.expires_at > now)
    event = CardKeyRevoked(kid=kid, reason=reason, prints=await session.scalar(fell) or 0)
    await _tell(session, key, event, by, now)
    if not await _others_sign(session, kid, now):
        await _add(session, store, by, now, now.replace(microsecond=0))
    return key


def check_reason(text: str) -> Reason:
    """Why a key is revoked, as a code; raises InvalidBody."""
    if text not in ("leaked", "lost", "broken"):
        advice = "原因只能是 leaked(泄露)、lost(丢失)、broken(损坏)。"
        raise InvalidBody(FieldError("/reason", "invalid", advice))
    return text  # type: ignore[return-value]  # one of the three


async def tidy(session: AsyncSession, now: datetime) -> None:
    """Keys whose half year is over stay published only as long as their last token (5.4)."""
    query = sa.select(SigningKey).where(
        SigningKey.purpose == card_keys.PURPOSE,
        SigningKey.revoked_at.is_(None),
        SigningKey.signs_until <= now,
        SigningKey.expires_at > SigningKey.signs_until + card_keys.LONGEST_TOKEN - DAY,
    )
    for key in await session.scalars(query.with_for_update()):
        key.expires_at = await _last_token(session, key, now)
        event = CardKeyRetired(kid=key.kid, expires_at=key.expires_at)
        await _tell(session, key, event, log.SYSTEM, now)


async def _got(session: AsyncSession, kid: str) -> SigningKey:
    # Every act on keys waits here for the one before it, so that two never take out both.
    await session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('card keys', 3))"))
    key = await session.get(SigningKey, kid, with_for_update=True, populate_existing=True)
    if key is None or key.purpose != card_keys.PURPOSE:
        raise NotFound("没有这把签发密钥。")
    return key


def _signing(now: datetime) -> sa.Select[SigningKey]:
    return sa.select(SigningKey).where(
        SigningKey.purpose == card_keys.PURPOSE,
        SigningKey.revoked_at.is_(None),
        SigningKey.not_before <= now,
        SigningKey.signs_until > now,
    )


async def _others_sign(session: AsyncSession, kid: str, now: datetime) -> bool:
    query = _signing(now).where(SigningKey.kid != kid).limit(1)
    return await session.scalar(query) is not None


async def _last_token(session: AsyncSession, key: SigningKey, now: datetime) -> datetime:
    """When the last thing that the key signed expires: a list, or a printed code."""
    printed = sa.select(sa.func.max(CardPrint.expires_at)).where(CardPrint.kid == key.kid)
    last = await session.scalar(printed)
    # A process may have signed a moment longer than it should (card_keys.KEPT_SECONDS).
    lists = key.signs_until + LIST_LIFE + timedelta(seconds=2 * card_keys.KEPT_SECONDS)
    return max(lists, now, last) if last else max(lists, now)


async def _add(
    session: AsyncSession, store: KeyStore, by: Author, now: datetime, not_before: datetime
) -> SigningKey:
    key = card_keys.new_key(now, not_before, store)
    session.add(key)
    return await _tell(session, key, CardKeyMade(kid=key.kid, not_before=not_before), by, now)


async def _tell(
    session: AsyncSession, key: SigningKey, event: Event, by: Author, now: datetime
) -> SigningKey:
    await session.flush()
    await log.append(session, event, by=by, region=PROVINCE, now=now)
    card_keys.forget()
    return key
