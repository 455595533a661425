"""What a holder has had this year and what else they hold: the facts that exclusions rest on.

What was used and asked for is kept by two rooms above, neither of which knows the other: hence
plain SQL here (the counters' statement asks the same in its own round trip).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from service.offerings.entitlement import Facts
from service.reference import tables
from service.talents.cards.card import LIVE, Card
from service.talents.family import municipal
from service.talents.family.models import MunicipalCard, MunicipalChoice
from service.worktime.hours import SHANGHAI

USED = text("SELECT offering, used FROM quota_uses WHERE card_id = :card AND year = :year")
TAKEN = text("""
SELECT DISTINCT offering FROM requests WHERE person_id = :person
    AND (ended_at IS NULL OR outcome = 'granted' AND completed_at >= :begun)""")


def year_of(now: datetime) -> int:
    """The year that counts: it changes at midnight in Asia/Shanghai."""
    return now.astimezone(SHANGHAI).year


async def touch_card(session: AsyncSession, person_id: UUID | None) -> Card | None:
    """The live card, locked and with a new revision.

    Whoever asks for, or chooses between, what excludes one another waits here for the other; a
    counter that looked before looks again.
    """
    query = select(Card).where(Card.person_id == person_id, Card.state.in_(LIVE))
    card: Card | None = await session.scalar(
        query.with_for_update().execution_options(populate_existing=True)
    )
    if card is not None:
        flag_modified(card, "state")
    return card


async def cards_of(
    session: AsyncSession, person_id: UUID, now: datetime
) -> list[municipal.CityTier]:
    """The municipal cards that hold today."""
    today = now.astimezone(SHANGHAI).date()
    query = select(MunicipalCard.region, MunicipalCard.tier).where(
        MunicipalCard.person_id == person_id,
        MunicipalCard.ended_at.is_(None),
        or_(MunicipalCard.valid_until.is_(None), MunicipalCard.valid_until >= today),
    )
    return [(region, tier) for region, tier in await session.execute(query)]


async def facts_of(session: AsyncSession, card: Card, now: datetime) -> Facts:
    """All of it, for the holder of this card."""
    year = year_of(now)
    begun = datetime(year, 1, 1, tzinfo=SHANGHAI)
    used = await session.execute(USED, {"card": card.id, "year": year})
    taken = await session.scalars(TAKEN, {"person": card.person_id, "begun": begun})
    cards = await cards_of(session, card.person_id, now)
    gifts, choices = {}, {}
    if cards:
        rows = await tables.rows_of(session, municipal.TABLE)
        table = municipal.gifts_of(rows)
        gifts = {code: municipal.held(each, cards) for code, each in table.items()}
        query = select(MunicipalChoice.offering, MunicipalChoice.uses).where(
            MunicipalChoice.person_id == card.person_id, MunicipalChoice.year == year
        )
        choices = {offering: uses for offering, uses in await session.execute(query)}
    return Facts(
        used={offering: times for offering, times in used},
        taken=frozenset(taken),
        gifts=gifts,
        choices=choices,
    )
