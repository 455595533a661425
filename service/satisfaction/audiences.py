"""Whose accounts an event's notices go to."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from events.base import Event
from events.of_applications import OfApplication
from events.of_batches import BatchRuled, OfBatch
from events.of_cards import BenefitConflicted, BenefitRedeemed, OfCard
from events.of_care import OfSteward, StewardSet
from events.of_deadlines import DeadlineRecomputed
from events.of_matters import OfMatter
from events.of_offerings import OfOffering
from events.of_partners import OfPartner
from events.of_ratings import OfRating
from events.of_requests import OfRequest
from events.of_webhooks import OfWebhook
from service.auth.callers import Role
from service.auth.models import Account, GrantRow
from service.partners import heads
from service.reference import regions
from service.requests.models import ENDED, Request
from service.satisfaction.models import Rating
from service.satisfaction.sentences import Audience
from service.talents.applications.application import Application
from service.talents.cards.card import Card
from service.talents.care import queries as care
from service.talents.models import Person

ROLE_OF: Mapping[Audience, Role] = {
    Audience.HOLDER: Role.TALENT,
    Audience.STEWARD: Role.STEWARD,
    Audience.CLERKS: Role.PARTNER_CLERK,
    Audience.HEADS: Role.PARTNER_CLERK,
    Audience.CENTRE: Role.CENTRE,
    Audience.SPECIALISTS: Role.UNIT_SPECIALIST,
    Audience.WINDOW: Role.REVIEWER,
    Audience.LOOKED_AFTER: Role.TALENT,
    Audience.ASKERS: Role.TALENT,
    Audience.DEPUTY: Role.STEWARD,
}
"""In which role each audience is told: whose quiet hours hold."""


class Concerned(msgspec.Struct, frozen=True):
    """Whom an event is about, and what it names."""

    person_id: UUID | None = None
    partner_id: UUID | None = None
    offering: str = ""
    unit_id: UUID | None = None
    place: str = ""
    steward_id: UUID | None = None
    deputy_id: UUID | None = None


async def concerned(session: AsyncSession, event: Event) -> Concerned:
    """Read from the rows that the event names."""
    match event:
        case OfRequest(request_id=request_id):
            person_id = await session.scalar(_person(Request, request_id))
            return Concerned(person_id, event.partner_id, event.offering)
        case OfRating(rating_id=rating_id):
            rating = await session.get_one(Rating, rating_id)
            return Concerned(rating.person_id, rating.partner_id, rating.offering)
        case BenefitRedeemed(card_id=card_id):
            person_id = await session.scalar(_person(Card, card_id))
            return Concerned(person_id, event.partner_id, event.offering)
        case BatchRuled(objector_id=request_id):
            person_id = await session.scalar(_person(Request, request_id))
            return Concerned(person_id, event.partner_id, event.offering)
        case OfCard(card_id=card_id):
            card = await session.get_one(Card, card_id)
            place = event.place if isinstance(event, OfMatter) else ""
            return Concerned(card.person_id, unit_id=card.unit_id, place=place)
        case BenefitConflicted(partner_id=partner_id):
            return Concerned(partner_id=partner_id, offering=event.offering)
        case DeadlineRecomputed():
            return await _of_deadline(session, event)
        case OfApplication(application_id=application_id):
            return Concerned(await session.scalar(_person(Application, application_id)))
    return _named(event)


async def _of_deadline(session: AsyncSession, event: DeadlineRecomputed) -> Concerned:
    """Whose deadline moved: the talent's, and the window's that acts."""
    owned = (
        (Request, event.request_id), (Rating, event.rating_id),
        (Application, event.application_id), (Card, event.card_id),
    )  # fmt: skip
    kind, row_id = next((kind, row_id) for kind, row_id in owned if row_id)
    person_id = await session.scalar(_person(kind, row_id))
    return Concerned(person_id, event.partner_id, event.offering, place=event.place)


def _named(event: Event) -> Concerned:
    """Whom the event names itself."""
    match event:
        case OfBatch(partner_id=partner_id, offering=offering):
            return Concerned(partner_id=partner_id, offering=offering)
        case StewardSet(person_id=person_id):
            return Concerned(person_id)
        case OfSteward(steward_id=steward_id, deputy_id=deputy_id):
            return Concerned(steward_id=steward_id, deputy_id=deputy_id)
        case OfOffering(code=code, partner_id=partner_id):
            return Concerned(partner_id=partner_id, offering=code)
        case OfWebhook(partner_id=partner_id) | OfPartner(partner_id=partner_id):
            return Concerned(partner_id=partner_id)
    return Concerned()


Owned = type[Request] | type[Rating] | type[Card] | type[Application]


def _person(kind: Owned, row_id: UUID) -> Select[UUID]:
    return select(kind.person_id).where(kind.id == row_id)


def _people(audience: Audience, about: Concerned) -> Select[UUID]:
    """Whom a steward looks after, or whose requests of an offering are open."""
    if audience is Audience.LOOKED_AFTER:
        return select(Person.id).where(Person.steward_id == about.steward_id)
    return select(Request.person_id).where(
        Request.offering == about.offering, Request.state.not_in(ENDED)
    )


async def accounts(
    session: AsyncSession, audience: Audience, about: Concerned, region: str
) -> Sequence[UUID]:
    """The accounts of an audience, each once; those that are disabled are not told."""
    query = select(Account.id).where(Account.disabled_at.is_(None)).distinct().order_by(Account.id)
    granted = query.join(GrantRow, GrantRow.account_id == Account.id)
    match audience:
        case Audience.HOLDER:
            found = query.where(Account.person_id == about.person_id)
        case Audience.STEWARD:
            found = query.where(Account.id.in_(care.carers_of(about.person_id)))
        case Audience.LOOKED_AFTER | Audience.ASKERS:
            found = query.where(Account.person_id.in_(_people(audience, about)))
        case Audience.DEPUTY:
            found = query.where(Account.id == about.deputy_id)
        case Audience.CLERKS:
            found = granted.where(
                GrantRow.role == Role.PARTNER_CLERK, GrantRow.organisation_id == about.partner_id
            )
        case Audience.HEADS:
            logins = await heads.logins_of(session, about.partner_id)
            found = granted.where(
                GrantRow.role == Role.PARTNER_CLERK,
                GrantRow.organisation_id == about.partner_id,
                Account.login.in_(logins),
            )
        case Audience.SPECIALISTS:
            found = granted.where(
                GrantRow.role == Role.UNIT_SPECIALIST, GrantRow.organisation_id == about.unit_id
            )
        case Audience.WINDOW:
            found = granted.where(GrantRow.role == Role.REVIEWER, GrantRow.region == about.place)
        case Audience.CENTRE:
            places = (await regions.of(session)).chain(region)
            found = granted.where(GrantRow.role == Role.CENTRE, GrantRow.region.in_(places))
    return (await session.scalars(found)).all()
