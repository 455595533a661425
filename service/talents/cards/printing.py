"""印制: a printing's code, and the one before it withdrawn (card-token.md 4.2)."""

from datetime import datetime, time, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import ForeignKey, LargeBinary, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from cards import token
from cards.keys import b64, unb64
from events import log
from events.log import Author
from service import ids
from service.auth.callers import Caller, Role
from service.db import Base
from service.pages.show import SHANGHAI
from service.sealing import SealedText
from service.settings import Settings
from service.talents.cards import card_acts
from service.talents.cards.card import Card
from service.talents.proof import card_keys
from service.talents.proof.presenting import CardNotActive

LONGEST_ORIGIN = 48
LONGEST = timedelta(seconds=token.PRINTED_LONGEST)


class CardPrint(Base):
    """One printing. Its card's latest is the one that `cards.print_cti` names."""

    __tablename__ = "card_prints"
    cti: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), index=True)
    token: Mapped[str] = mapped_column(SealedText("card_prints.token"))
    kid: Mapped[str]
    printed_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Press:
    """What printing stands on: the keys' connections, and the names that go into a code."""

    def __init__(self, pool: asyncpg.Pool, settings: Settings) -> None:
        self.pool, self.settings = pool, settings

    def code_of(self, printed: CardPrint) -> str:
        """What the picture holds: the URL for any phone's camera, where the origin is short enough
        for the code (4.3); else the token."""
        origin = self.settings.base_url.rstrip("/")
        short = len(origin) <= LONGEST_ORIGIN
        return token.to_url(printed.token, origin) if short else printed.token


async def reprint(
    session: AsyncSession,
    press: Press,
    card_id: UUID,
    by: Caller,
    revision: int,
    given: card_acts.Act,
    now: datetime,
) -> tuple[Card, CardPrint]:
    """A new printing: the code on every older card or sheet is withdrawn.

    Raises NotFound, Forbidden, Stale, WrongState.
    """
    card = await card_acts.got(session, card_id, by, revision, "print")
    await card_acts.note(session, card, "print", given, by, now)
    author = by.author(Role.REVIEWER, Role.TALENT)
    return card, await _printed(session, press, card, author, now)


async def current(
    session: AsyncSession, press: Press, card: Card, by: Caller, now: datetime
) -> CardPrint:
    """The card's latest printing, made at the first look; of two looks at once there is one.

    One whose code no counter takes any more gives way to a new one: it ended with what was the
    last day before a renewal, or its key was revoked. Raises CardNotActive: what is stopped or over
    is not printed.
    """
    _check_active(card)
    if (found := await _good(session, press, card, now)) is not None:
        return found
    query = select(Card).where(Card.id == card.id).with_for_update()
    await session.scalars(query.execution_options(populate_existing=True))
    _check_active(card)
    if (found := await _good(session, press, card, now)) is not None:
        return found
    return await _printed(session, press, card, by.author(Role.REVIEWER, Role.TALENT), now)


async def outdated(session: AsyncSession, card: Card) -> CardPrint | None:
    """The latest printing where the card has a later last day than it says: renewed since."""
    if card.print_cti is None:
        return None
    found = await session.get_one(CardPrint, card.print_cti)
    return found if found.expires_at < _until(card, found.printed_at) else None


def _until(card: Card, printed_at: datetime) -> datetime:
    """To when a code is good that is printed then (3.6)."""
    after = datetime.combine(card.valid_until + timedelta(days=1), time(), SHANGHAI)
    return min(after, printed_at + LONGEST)


def _check_active(card: Card) -> None:
    if card.state != "active":
        reason = {"suspended": "card-suspended", "expired": "card-expired"}
        raise CardNotActive(reason.get(card.state, "card-revoked"))


async def _good(session: AsyncSession, press: Press, card: Card, now: datetime) -> CardPrint | None:
    """The latest printing where its code can still be proved."""
    if card.print_cti is None:
        return None
    found = await session.get_one(CardPrint, card.print_cti)
    keys = await card_keys.published(press.pool, now)
    return found if now < found.expires_at and keys.get(unb64(found.kid)) is not None else None


async def _printed(
    session: AsyncSession, press: Press, card: Card, author: Author, now: datetime
) -> CardPrint:
    iat = now.replace(microsecond=0)
    expires_at = _until(card, iat)
    key = await card_keys.signer(press.pool, now)
    # The name on the printing is drawn by chance too, and tells nothing (3.9).
    made = token.Printed(
        b64(ids.random_bytes(9)), int(iat.timestamp()), int(expires_at.timestamp()),
        ids.random_bytes(16),
    )  # fmt: skip
    printed = CardPrint(
        cti=made.cti,
        card_id=card.id,
        token=token.mint_printed(made, key, issuer=press.settings.issuer),
        kid=b64(key.kid),
        printed_at=iat,
        expires_at=expires_at,
    )
    session.add(printed)
    event = card.print_(made.cti)
    await session.flush()
    await log.append(session, event, by=author, region=card.region, now=now)
    return printed
