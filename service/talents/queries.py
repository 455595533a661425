"""Reads of applications and cards: whose they are, and who may see them (api.md 2.3)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.problems import NotFound
from service.reference import regions
from service.reference.regions import Regions
from service.talents.applications import steps
from service.talents.applications.application import Application
from service.talents.cards.card import LIVE, Card
from service.talents.care.queries import looked_after
from service.talents.models import Person, Unit

UNIT_ROLES = (Role.UNIT_MANAGER, Role.UNIT_SPECIALIST)


async def seen_by(session: AsyncSession, caller: Caller) -> ColumnElement[bool]:
    """Which applications the caller may see: own; the unit's; what has come to one's level."""
    known = await regions.of(session)
    theirs: list[ColumnElement[bool]] = [false()]
    if caller.has(Role.TALENT):
        theirs.append(Application.account_id == caller.account_id)
    submitted = func.jsonb_array_length(Application.path) > 0
    units = [each for role in UNIT_ROLES for each in caller.organisations(role)]
    if units:
        theirs.append(and_(Application.unit_id.in_(units), submitted))
    for role in (Role.REVIEWER, Role.OFFICE):
        for place in caller.regions(role):
            theirs.append(_come_to(role, place, known))
    for place in caller.regions(Role.CENTRE):
        theirs.append(and_(Application.region.in_(known.children(place)), submitted))
    return or_(*theirs)


def _come_to(role: Role, place: str, known: Regions) -> ColumnElement[bool]:
    """Applications of that place which have reached the role's step there, or passed it."""
    region = known.get(place)
    level = region.level if region else ""
    for step in steps.STEPS.values():
        if step.role is role and step.level in ("", level):
            reached = func.coalesce(Application.return_to, Application.step)
            return and_(
                Application.region.in_(known.children(place)),
                Application.path.contains([step.step]),
                reached.in_(steps.from_on(step.step)),
            )
    return false()


async def visible(session: AsyncSession, caller: Caller, application_id: UUID) -> Application:
    """One application where the caller may see it; raises NotFound."""
    mine = await seen_by(session, caller)
    query = select(Application).where(Application.id == application_id, mine)
    found: Application | None = await session.scalar(query)
    if found is None:
        raise NotFound
    return found


async def people_of(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Person]:
    """People by id."""
    found = await session.scalars(select(Person).where(Person.id.in_(ids)))
    return {each.id: each for each in found}


async def units_of(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Unit]:
    """Units by id."""
    found = await session.scalars(select(Unit).where(Unit.id.in_(ids)))
    return {each.id: each for each in found}


NEWEST = (Card.state.in_(LIVE).desc(), Card.issued_on.desc(), Card.id.desc())


async def card_of_person(session: AsyncSession, person_id: UUID | None) -> Card | None:
    """The person's live card, else their newest."""
    query = select(Card).where(Card.person_id == person_id).order_by(*NEWEST).limit(1)
    found: Card | None = await session.scalar(query)
    return found


async def card_seen_by(session: AsyncSession, caller: Caller) -> ColumnElement[bool]:
    """Which cards the caller may see: own; the unit's; those of one's region or own talents."""
    known = await regions.of(session)
    theirs: list[ColumnElement[bool]] = [false()]
    if caller.has(Role.TALENT) and caller.person_id is not None:
        theirs.append(Card.person_id == caller.person_id)
    if units := [each for role in UNIT_ROLES for each in caller.organisations(role)]:
        theirs.append(Card.unit_id.in_(units))
    for role in (Role.REVIEWER, Role.OFFICE, Role.CENTRE):
        for place in caller.regions(role):
            theirs.append(Card.region.in_(known.children(place)))
    if caller.has(Role.STEWARD):
        theirs.append(Card.person_id.in_(looked_after(caller.account_id)))
    return or_(*theirs)


async def visible_card(session: AsyncSession, caller: Caller, card_id: UUID) -> Card:
    """One card where the caller may see it; raises NotFound."""
    query = select(Card).where(Card.id == card_id, await card_seen_by(session, caller))
    found: Card | None = await session.scalar(query)
    if found is None:
        raise NotFound
    return found


async def sees_card(session: AsyncSession, caller: Caller, card_id: UUID) -> bool:
    """Whether the caller may see that card."""
    query = select(Card.id).where(Card.id == card_id, await card_seen_by(session, caller))
    return await session.scalar(query) is not None


async def cards_listed(
    session: AsyncSession,
    caller: Caller,
    *,
    after: UUID | None,
    limit: int,
    state: str | None = None,
    region: str | None = None,
    number: str | None = None,
) -> Sequence[Card]:
    """The caller's list of cards, one row more than `limit`."""
    query = select(Card).where(await card_seen_by(session, caller))
    if state is not None:
        query = query.where(Card.state == state)
    if region is not None:
        query = query.where(Card.region.in_((await regions.of(session)).children(region)))
    if number is not None:
        query = query.where(Card.number == number)
    if after is not None:
        query = query.where(Card.id > after)
    return (await session.scalars(query.order_by(Card.id).limit(limit + 1))).all()
