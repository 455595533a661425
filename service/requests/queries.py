"""Reads of requests: whose they are, and what each side sees of them (api.md 5.3, 5.4)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from service.auth.callers import Caller, Role
from service.offerings.models import OfferingVersion
from service.partners.models import Partner
from service.problems import NotFound
from service.reference import regions
from service.requests.models import Clock, Dispatch, Note, Request
from service.requests.states import State
from service.talents.care.queries import looked_after

HOLDER_LEGS = ("promise", "correction")
"""The clocks that a holder and their steward live by."""

OWN_LEGS = ("acceptance", "first_review", "handling", "correction")
"""The clocks that a partner is shown; the holder's promise spans other partners' time too."""


Named = Select[Request, OfferingVersion, str, Clock]
"""Requests with the names that go with them; the last two may be missing."""


class Found(NamedTuple):
    """A request with the names that go with it."""

    request: Request
    version: OfferingVersion
    partner_name: str | None
    promise: Clock | None


async def seen_by(session: AsyncSession, caller: Caller) -> ColumnElement[bool]:
    """Which requests a holder, a steward or 专家中心 may see (api.md 2.3)."""
    theirs: list[ColumnElement[bool]] = [false()]
    if caller.has(Role.TALENT) and caller.person_id is not None:
        theirs.append(Request.person_id == caller.person_id)
    if caller.has(Role.STEWARD):
        theirs.append(Request.person_id.in_(looked_after(caller.account_id)))
    if places := caller.regions(Role.CENTRE):
        known = await regions.of(session)
        within = frozenset[str]().union(*(known.children(place) for place in places))
        theirs.append(Request.region.in_(within))
    return or_(*theirs)


def _with_names() -> Named:
    promise = and_(Clock.request_id == Request.id, Clock.leg == "promise", Clock.past.is_(False))
    return (
        select(Request, OfferingVersion, Partner.name, Clock)
        .join(OfferingVersion, OfferingVersion.id == Request.offering_version_id)
        .outerjoin(Partner, Partner.id == Request.partner_id)
        .outerjoin(Clock, promise)
    )


async def visible(session: AsyncSession, caller: Caller, request_id: UUID) -> Found:
    """One request that the caller may see; raises NotFound."""
    query = _with_names().where(Request.id == request_id, await seen_by(session, caller))
    found = (await session.execute(query)).first()
    if found is None:
        raise NotFound
    return Found(*found)


async def of_caller(
    session: AsyncSession,
    caller: Caller,
    *,
    after: UUID | None,
    limit: int,
    state: State | None = None,
    offering: str | None = None,
) -> list[Found]:
    """The requests that the caller may see, oldest first; one more than `limit`."""
    query = _with_names().where(await seen_by(session, caller))
    return await _page(session, query, after, limit, state=state, offering=offering)


async def of_partner(
    session: AsyncSession,
    partner_id: UUID | None,
    *,
    after: UUID | None,
    limit: int,
    state: State | None = None,
) -> list[Found]:
    """The requests that a partner has, oldest first; one more than `limit` (api.md 5.4)."""
    query = _with_names().where(Request.partner_id == partner_id)
    return await _page(session, query, after, limit, state=state)


async def _page(
    session: AsyncSession,
    query: Named,
    after: UUID | None,
    limit: int,
    *,
    state: State | None,
    offering: str | None = None,
) -> list[Found]:
    if after is not None:
        query = query.where(Request.id > after)
    if state is not None:
        query = query.where(Request.state == state)
    if offering is not None:
        query = query.where(Request.offering == offering)
    rows = await session.execute(query.order_by(Request.id).limit(limit + 1))
    return [Found(*row) for row in rows]


async def newest(
    session: AsyncSession, caller: Caller, *, before: UUID | None, limit: int
) -> list[Found]:
    """The requests that the caller may see, newest first; one more than `limit`."""
    query = _with_names().where(await seen_by(session, caller))
    if before is not None:
        query = query.where(Request.id < before)
    rows = await session.execute(query.order_by(Request.id.desc()).limit(limit + 1))
    return [Found(*row) for row in rows]


class Sought(NamedTuple):
    """What a clerk looks for in the queue; what is empty does not narrow.

    `held_by` are the requests on one desk, `not_among` those that lie on any.
    """

    offering: str = ""
    number: str = ""
    held_by: Select[UUID] | None = None
    not_among: Select[UUID] | None = None


ALL = Sought()


async def by_urgency(
    session: AsyncSession,
    partner_id: UUID | None,
    states: Sequence[State],
    limit: int,
    sought: Sought = ALL,
    skip: int = 0,
) -> list[Found]:
    """What a partner has in these states, what runs out first in front; one more than `limit`."""
    due = _first_due(OWN_LEGS)
    query = _with_names().where(Request.partner_id == partner_id, Request.state.in_(states))
    query = _narrowed(query, sought)
    query = query.order_by(Request.ended_at.desc(), due.nulls_last(), Request.id)
    return [Found(*row) for row in await session.execute(query.offset(skip).limit(limit + 1))]


def _first_due(legs: Sequence[str]) -> ScalarSelect[datetime | None]:
    """When the first of a request's running clocks of these legs runs out."""
    own = aliased(Clock)
    return (
        select(func.min(own.due_at))
        .where(own.request_id == Request.id, own.leg.in_(legs), own.stopped_at.is_(None))
        .scalar_subquery()
    )


def _narrowed(query: Named, sought: Sought) -> Named:
    if sought.offering:
        query = query.where(Request.offering == sought.offering)
    if sought.number:
        query = query.where(Request.number.icontains(sought.number, autoescape=True))
    if sought.held_by is not None:
        query = query.where(Request.id.in_(sought.held_by))
    if sought.not_among is not None:
        query = query.where(Request.id.not_in(sought.not_among))
    return query


async def offerings_at(
    session: AsyncSession, partner_id: UUID | None, states: Sequence[State]
) -> list[tuple[str, str]]:
    """Codes and names of what a partner has in these states, by code."""
    query = (
        select(Request.offering, func.max(OfferingVersion.name_zh))
        .join(OfferingVersion, OfferingVersion.id == Request.offering_version_id)
        .where(Request.partner_id == partner_id, Request.state.in_(states))
        .group_by(Request.offering)
        .order_by(Request.offering)
    )
    return [(code, name) for code, name in await session.execute(query)]


async def of_holders(
    session: AsyncSession, people: Collection[UUID], states: Sequence[State], limit: int
) -> list[tuple[Found, datetime | None]]:
    """What these people have in these states with what runs out next, soonest first.

    A correction that the holder owes counts before the promise. One more than `limit`.
    """
    due = _first_due(HOLDER_LEGS)
    query = _with_names().add_columns(due)
    query = query.where(Request.person_id.in_(people), Request.state.in_(states))
    rows = await session.execute(query.order_by(due.nulls_last(), Request.id).limit(limit + 1))
    return [(Found(*row[:4]), row[4]) for row in rows]


async def at_partner(session: AsyncSession, partner_id: UUID | None, request_id: UUID) -> Found:
    """One request that this partner has now; raises NotFound, also after it moved on."""
    query = _with_names().where(Request.id == request_id, Request.partner_id == partner_id)
    found = (await session.execute(query)).first()
    if found is None:
        raise NotFound
    return Found(*found)


async def clocks_of(session: AsyncSession, request_ids: Sequence[UUID]) -> dict[UUID, list[Clock]]:
    """The running clocks of requests, by request."""
    query = select(Clock).where(Clock.request_id.in_(request_ids), Clock.stopped_at.is_(None))
    found: dict[UUID, list[Clock]] = {}
    for clock in await session.scalars(query.order_by(Clock.due_at.nulls_last(), Clock.id)):
        found.setdefault(clock.request_id, []).append(clock)
    return found


def said_with(partner_id: UUID) -> ColumnElement[bool]:
    """Notes that a partner may read: its own and those from before anybody had the request."""
    return or_(Note.partner_id.is_(None), Note.partner_id == partner_id)


async def notes_of(
    session: AsyncSession, request_id: UUID, *kinds: str, partner_id: UUID | None = None
) -> Sequence[Note]:
    """Messages, progress notes and rulings, oldest first; as that partner may read them."""
    query = select(Note).where(Note.request_id == request_id)
    if kinds:
        query = query.where(Note.kind.in_(kinds))
    if partner_id is not None:
        query = query.where(said_with(partner_id))
    return (await session.scalars(query.order_by(Note.id))).all()


async def dispatches_of(session: AsyncSession, request_id: UUID) -> Sequence[tuple[Dispatch, str]]:
    """Each offer of a request with its partner's name, oldest first."""
    query = (
        select(Dispatch, Partner.name)
        .join(Partner, Partner.id == Dispatch.partner_id)
        .where(Dispatch.request_id == request_id)
        .order_by(Dispatch.round)
    )
    return [(dispatch, name) for dispatch, name in await session.execute(query)]


async def summary_counts(session: AsyncSession) -> dict[str, int]:
    """How many requests are in each state; states that none is in are 0."""
    query = select(Request.state, func.count()).group_by(Request.state)
    counted = {state: number for state, number in await session.execute(query)}
    return {state.value: counted.get(state.value, 0) for state in State}
