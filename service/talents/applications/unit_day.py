"""A unit's day: what waits, whose card runs out, who has requests under way (api.md 2.3).

The manager sees the unit's talents, a specialist those whom they look after.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from service.auth.callers import Caller, Role
from service.auth.models import Account
from service.pages.show import SHANGHAI
from service.talents import queries
from service.talents.applications import queues, views
from service.talents.applications.application import Application
from service.talents.applications.queues import Asked
from service.talents.applications.views import ApplicationSummary
from service.talents.cards.card import LIVE, Card

SHOWN = 200
SOON = timedelta(days=90)
"""A card that runs out within this time should be renewed by now (guide.md 2.4)."""

Count = Callable[[AsyncSession, Collection[UUID]], Awaitable[Mapping[UUID, int]]]
_counts: list[Count] = []


def counts_requests(count: Count) -> None:
    """The room of requests says how many each person has under way: `(session, person_ids)`."""
    if count not in _counts:
        _counts.append(count)


class Talent(msgspec.Struct, frozen=True, kw_only=True):
    """One holder of the unit: their card, who looks after them, and what they wait for."""

    card_id: UUID
    name: str
    state: str
    category: int
    valid_until: date
    days_left: int
    runs_out: bool
    specialist: str | None
    open_requests: int


class Day(msgspec.Struct, frozen=True):
    """What waits, by what runs out first; the talents, whose card ends first in front."""

    waiting: Sequence[ApplicationSummary]
    total: int
    under_way: Sequence[ApplicationSummary]
    talents: Sequence[Talent]


async def of(session: AsyncSession, caller: Caller, now: datetime) -> Day:
    """The day of a manager or a specialist."""
    found, total, _ = await queues.page_of(session, caller, Asked(), now, skip=0, limit=SHOWN)
    others = await _under_way(session, caller, {each.id for each in found})
    return Day(
        waiting=await views.summaries(session, caller, found),
        total=total,
        under_way=await views.summaries(session, caller, others),
        talents=await _talents(session, caller, now),
    )


async def _under_way(
    session: AsyncSession, caller: Caller, waiting: Collection[UUID]
) -> Sequence[Application]:
    """The unit's other files that somebody still has to decide."""
    query = (
        select(Application)
        .where(
            _theirs(caller, Application.unit_id),
            Application.due_at.is_not(None),
            Application.id.not_in(waiting),
        )
        .order_by(Application.due_at, Application.id)
        .limit(SHOWN)
    )
    return (await session.scalars(query)).all()


def _theirs(
    caller: Caller, unit: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]
) -> ColumnElement[bool]:
    theirs: list[ColumnElement[bool]] = [false()]
    if units := caller.organisations(Role.UNIT_MANAGER):
        theirs.append(unit.in_(units))
    if units := caller.organisations(Role.UNIT_SPECIALIST):
        theirs.append(and_(unit.in_(units), Application.specialist_id == caller.account_id))
    return or_(*theirs)


async def _talents(session: AsyncSession, caller: Caller, now: datetime) -> list[Talent]:
    query = (
        select(Card, Account.name)
        .outerjoin(Application, Application.id == Card.application_id)
        .outerjoin(Account, Account.id == Application.specialist_id)
        .where(Card.state.in_(LIVE), _theirs(caller, Card.unit_id))
        .order_by(Card.valid_until, Card.id)
        .limit(SHOWN)
    )
    rows = (await session.execute(query)).all()
    people = {card.person_id for card, _ in rows}
    known = await queries.people_of(session, people)
    under_way = [await count(session, people) for count in _counts]
    today = now.astimezone(SHANGHAI).date()
    return [
        Talent(
            card_id=card.id,
            name=known[card.person_id].name,
            state=card.state,
            category=card.category,
            valid_until=card.valid_until,
            days_left=(card.valid_until - today).days,
            runs_out=card.valid_until - today <= SOON,
            specialist=specialist,
            open_requests=sum(each.get(card.person_id, 0) for each in under_way),
        )
        for card, specialist in rows
    ]
