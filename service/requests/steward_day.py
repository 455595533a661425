"""A 服务专员's day: what of their talents runs out first, and who they are (guide.md 1, 4)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.requests import conversation, open_counts, queries
from service.requests.states import OPEN
from service.talents.applications.unit_day import SOON
from service.talents.cards.card import LIVE, Card
from service.talents.care.queries import looked_after
from service.talents.models import Person
from service.worktime.hours import SHANGHAI

SHOWN = 200


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One open request of a talent; `due_at` is what runs out next, their own answer first."""

    id: UUID
    name: str
    offering_name: str
    number: str
    state: str
    stage: str | None
    partner: str | None
    due_at: datetime | None
    unread: int


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """One talent; `deputy`: looked after for an absent colleague."""

    card_id: UUID
    name: str
    category: int
    state: str
    valid_until: date
    runs_out: bool
    open_requests: int
    deputy: bool


class Day(msgspec.Struct, frozen=True):
    """What is open, soonest first; `more` where not everything is shown. And the talents."""

    lines: Sequence[Line]
    more: bool
    holders: Sequence[Holder]


async def of(session: AsyncSession, caller: Caller, now: datetime) -> Day:
    """The day of a steward, with those whom they stand in for."""
    query = select(Person).where(Person.id.in_(looked_after(caller.account_id)))
    people = {person.id: person for person in await session.scalars(query)}
    found = await queries.of_holders(session, people, OPEN, SHOWN)
    lines = await _lines(session, people, found[:SHOWN])
    return Day(lines, len(found) > SHOWN, await _holders(session, caller, people, now))


async def _lines(
    session: AsyncSession,
    people: Mapping[UUID, Person],
    found: Sequence[tuple[queries.Found, datetime | None]],
) -> list[Line]:
    ids = [each.request.id for each, _ in found]
    unread = await conversation.unread(session, ids, conversation.STEWARD)
    return [
        Line(
            id=each.request.id,
            name=people[each.request.person_id].name,
            offering_name=each.version.name_zh,
            number=each.request.number,
            state=each.request.state,
            stage=each.request.stage,
            partner=each.partner_name,
            due_at=due_at,
            unread=unread.get(each.request.id, 0),
        )
        for each, due_at in found
    ]


async def _holders(
    session: AsyncSession, caller: Caller, people: Mapping[UUID, Person], now: datetime
) -> list[Holder]:
    query = select(Card).where(Card.person_id.in_(people), Card.state.in_(LIVE))
    cards = await session.scalars(query.order_by(Card.valid_until, Card.id))
    under_way = await open_counts.under_way(session, people)
    today = now.astimezone(SHANGHAI).date()
    return [
        Holder(
            card_id=card.id,
            name=people[card.person_id].name,
            category=card.category,
            state=card.state,
            valid_until=card.valid_until,
            runs_out=card.valid_until - today <= SOON,
            open_requests=under_way.get(card.person_id, 0),
            deputy=people[card.person_id].steward_id != caller.account_id,
        )
        for card in cards
    ]
