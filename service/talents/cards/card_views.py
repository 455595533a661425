"""What each reader sees of a card (api.md 3.5)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from cards import number
from service.auth.callers import Caller, Role
from service.talents import queries
from service.talents.applications import categories
from service.talents.cards import card_acts
from service.talents.cards.card import Card
from service.talents.models import Person, Unit

NAMES = (
    Role.TALENT, Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.REVIEWER, Role.OFFICE, Role.STEWARD,
)  # fmt: skip
"""Who reads the whole name of the cards that they may see; 专家中心 reads the masked one."""


class CardSummary(msgspec.Struct, frozen=True):
    """One line of a list."""

    id: UUID
    number: str
    shown_number: str
    state: str
    category: int
    tier: str
    name: str
    region: str
    issued_on: date
    valid_until: date


class CardView(msgspec.Struct, frozen=True):
    """The card. `state` is active, suspended, revoked, replaced or expired."""

    id: UUID
    number: str
    shown_number: str
    state: str
    category: int
    category_name: str
    tier: str
    name: str
    masked_name: str
    region: str
    unit: str | None
    issued_on: date
    valid_until: date
    application_id: UUID | None
    replaced_by: UUID | None
    allowed: list[str]


async def view_of(session: AsyncSession, caller: Caller, card: Card) -> CardView:
    """The card for one reader."""
    person = await session.get_one(Person, card.person_id)
    unit = await session.get(Unit, card.unit_id) if card.unit_id else None
    category = (await categories.of(session)).get(card.category)
    return CardView(
        id=card.id,
        number=card.number,
        shown_number=number.shown(card.number),
        state=card.state,
        category=card.category,
        category_name=category.name_zh if category else "",
        tier=card.tier,
        name=_name(caller, card, person),
        masked_name=card.masked_name,
        region=card.region,
        unit=unit.name if unit else None,
        issued_on=card.issued_on,
        valid_until=card.valid_until,
        application_id=card.application_id,
        replaced_by=card.replaced_by,
        allowed=await card_acts.acts_of(session, caller, card),
    )


async def summaries(
    session: AsyncSession, caller: Caller, found: Sequence[Card]
) -> list[CardSummary]:
    """The lines of a list for one reader."""
    people = await queries.people_of(session, {each.person_id for each in found})
    return [
        CardSummary(
            id=each.id,
            number=each.number,
            shown_number=number.shown(each.number),
            state=each.state,
            category=each.category,
            tier=each.tier,
            name=_name(caller, each, people[each.person_id]),
            region=each.region,
            issued_on=each.issued_on,
            valid_until=each.valid_until,
        )
        for each in found
    ]


def _name(caller: Caller, card: Card, person: Person) -> str:
    return person.name if caller.has(*NAMES) else card.masked_name
