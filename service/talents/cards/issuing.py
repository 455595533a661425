"""制卡: the last pass makes the card in the same transaction (api.md 3.4)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from cards import number
from events import log
from events.of_cards import CardIssued
from service import ids
from service.auth.callers import Caller, Role
from service.pages.show import SHANGHAI
from service.talents import masking
from service.talents.applications import categories
from service.talents.applications.application import Application
from service.talents.cards.card import Card
from service.talents.models import Person
from service.talents.people import CardExists

ISSUERS = (Role.OFFICE, Role.REVIEWER)


async def issue(session: AsyncSession, application: Application, now: datetime, by: Caller) -> Card:
    """The card of an application that everybody has passed; the caller has it locked.

    Of two who press at once the second finds it locked, then changed; and were that to fail, the
    unique application of a card and the one live card of a person would refuse. Raises
    CardExists, ContractOver.
    """
    today = now.astimezone(SHANGHAI).date()
    category = (await categories.of(session))[application.category]
    person = await session.get_one(Person, application.person_id)
    card = Card(
        id=ids.new_id(),
        number=await new_number(session),
        person_id=person.id,
        application_id=application.id,
        category=category.category,
        tier=category.tier,
        region=application.region,
        unit_id=application.unit_id,
        state="active",
        masked_name=masking.name(person.name),
        issued_on=today,
        valid_until=category.valid_until(
            application.management_until, application.contract_until, today
        ),
        print_cti=None,
        replaced_by=None,
    )
    await keep(session, card)
    done = application.issued(now)
    await session.flush()
    issued = CardIssued(
        card_id=card.id, application_id=application.id, category=card.category,
        tier=card.tier, valid_until=card.valid_until,
    )  # fmt: skip
    for event in (done, issued):
        await log.append(session, event, by=by.author(*ISSUERS), region=card.region, now=now)
    return card


async def keep(session: AsyncSession, card: Card) -> None:
    """Write a new card; raises CardExists where the person or the application has one."""
    try:
        async with session.begin_nested():
            session.add(card)
    except IntegrityError as taken:
        raise CardExists from taken


async def new_number(session: AsyncSession) -> str:
    """A number that no card has or had (card-token.md 12.1)."""
    while True:
        drawn = number.new(ids.random_below)
        if await session.scalar(select(Card.id).where(Card.number == drawn)) is None:
            return drawn
