"""The queue: what waits for somebody, by what runs out first; what else they may see."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller, Role
from service.problems import BadCursor
from service.reference import regions
from service.reference.regions import Regions
from service.talents import queries
from service.talents.applications import steps
from service.talents.applications.application import Application
from service.talents.applications.returns import Return
from service.talents.models import Unit

SEARCHED = 5000
"""Names are sealed, so a search opens them one by one: at most so many, what runs out first."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of the queue. Of `view`, `mine` is what waits for the caller."""

    view: Literal["mine", "all"] = "mine"
    step: str | None = None
    category: int | None = None
    region: str | None = None
    unit_id: UUID | None = None
    overdue: bool = False
    q: str = ""


class Found(NamedTuple):
    """One page, how many there are in all, and whether the search stopped before the end."""

    rows: Sequence[Application]
    total: int
    cut: bool


class Counts(msgspec.Struct, frozen=True):
    """How much waits for the caller, is late, runs out by the end of the day, came back mended."""

    waiting: int
    overdue: int
    today: int
    again: int


AT = case(
    (Application.step == steps.RETURNED, func.coalesce(Application.mend_at, "")),
    else_=Application.step,
)
"""The step whose holder must act (application.py `at`)."""
BY_DUE: tuple[ColumnElement[Any], ...] = (
    Application.due_at.asc().nulls_last(), Application.id.asc(),
)  # fmt: skip
NEWEST_FIRST: tuple[ColumnElement[Any], ...] = (
    Application.step_since.desc(), Application.id.asc(),
)  # fmt: skip


def waits_for(known: Regions, caller: Caller) -> ColumnElement[bool]:
    """What the caller's staff roles must act on now: `holding.held_by` as a condition."""
    theirs: list[ColumnElement[bool]] = [false()]
    for step in steps.STEPS.values():
        if step.role is None or step.role is Role.TALENT:
            continue
        theirs += [and_(AT.in_((step.step,)), each) for each in _grants(known, caller, step)]
    mends_for = and_(Application.step == steps.RETURNED, Application.mend_at == steps.DRAFT)
    theirs.append(and_(mends_for, _is_specialist(caller)))
    return or_(*theirs)


def _grants(known: Regions, caller: Caller, step: steps.Step) -> list[ColumnElement[bool]]:
    match step.role:
        case Role.UNIT_MANAGER:
            return [Application.unit_id.in_(caller.organisations(Role.UNIT_MANAGER))]
        case Role.UNIT_SPECIALIST:
            return [_is_specialist(caller)]
    found: list[ColumnElement[bool]] = []
    for place in caller.regions(step.role) if step.role else ():
        region = known.get(place)
        if region is not None and step.level in ("", region.level):
            found.append(Application.region.in_(known.children(place)))
    return found


def _is_specialist(caller: Caller) -> ColumnElement[bool]:
    if not (units := caller.organisations(Role.UNIT_SPECIALIST)):
        return false()
    return and_(Application.unit_id.in_(units), Application.specialist_id == caller.account_id)


async def _asked(
    session: AsyncSession, caller: Caller, asked: Asked, now: datetime
) -> Select[Application]:
    known = await regions.of(session)
    query = select(Application).where(await queries.seen_by(session, caller))
    if asked.view == "mine":
        query = query.where(waits_for(known, caller))
    if asked.step:
        query = query.where(Application.step == asked.step)
    if asked.category:
        query = query.where(Application.category == asked.category)
    if asked.region:
        query = query.where(Application.region.in_(known.children(asked.region)))
    if asked.unit_id:
        query = query.where(Application.unit_id == asked.unit_id)
    if asked.overdue:
        query = query.where(Application.due_at <= now)
    return query


async def page_of(
    session: AsyncSession, caller: Caller, asked: Asked, now: datetime, *, skip: int, limit: int
) -> Found:
    """One page of the queue and how many there are in all.

    What waits comes by what runs out first; of everything, the last to move comes first.
    """
    query = await _asked(session, caller, asked, now)
    order = BY_DUE if asked.view == "mine" else NEWEST_FIRST
    if asked.q:
        searched = (await session.scalars(query.order_by(*order).limit(SEARCHED))).all()
        found = await _matching(session, searched, asked.q)
        return Found(found[skip : skip + limit], len(found), len(searched) == SEARCHED)
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    rows = await session.scalars(query.order_by(*order).offset(skip).limit(limit))
    return Found(rows.all(), total or 0, False)


async def _matching(
    session: AsyncSession, rows: Sequence[Application], q: str
) -> list[Application]:
    """Those whose applicant's or unit's name has `q` in it, or whose id begins with it."""
    people = await queries.people_of(session, {each.person_id for each in rows})
    units = await queries.units_of(session, {each.unit_id for each in rows})
    wanted = q.strip().lower()
    return [
        each
        for each in rows
        if wanted in people[each.person_id].name.lower()
        or wanted in units[each.unit_id].name.lower()
        or str(each.id).startswith(wanted)
    ]


async def counts(
    session: AsyncSession, caller: Caller, now: datetime, midnight: datetime
) -> Counts:
    """The numbers above the queue; `midnight` is the end of the day."""
    known = await regions.of(session)
    again = exists().where(Return.application_id == Application.id)
    runs_out = and_(Application.due_at > now, Application.due_at <= midnight)
    query = select(
        func.count(),
        func.count().filter(Application.due_at <= now),
        func.count().filter(runs_out),
        func.count().filter(and_(again, Application.step != steps.RETURNED)),
    ).where(await queries.seen_by(session, caller), waits_for(known, caller))
    return Counts(*(await session.execute(query)).one())


async def units_seen(session: AsyncSession, caller: Caller, limit: int = 200) -> Sequence[Unit]:
    """The units whose files the caller may see, to choose from."""
    theirs = select(Application.unit_id).where(await queries.seen_by(session, caller))
    query = select(Unit).where(Unit.id.in_(theirs)).order_by(Unit.name).limit(limit)
    return (await session.scalars(query)).all()


async def regions_seen(session: AsyncSession, caller: Caller) -> Sequence[str]:
    """The places whose files the caller may see."""
    query = select(Application.region).where(await queries.seen_by(session, caller)).distinct()
    return (await session.scalars(query)).all()


async def some(session: AsyncSession, caller: Caller, ids: Sequence[UUID]) -> Sequence[Application]:
    """Those of these that the caller may see."""
    query = select(Application).where(Application.id.in_(ids))
    return (await session.scalars(query.where(await queries.seen_by(session, caller)))).all()


async def waiting_among(session: AsyncSession, caller: Caller, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these that wait for the caller."""
    known = await regions.of(session)
    query = select(Application.id).where(Application.id.in_(ids), waits_for(known, caller))
    return set(await session.scalars(query))


After = tuple[datetime | None, UUID]


async def listed(
    session: AsyncSession,
    caller: Caller,
    asked: Asked,
    now: datetime,
    *,
    cursor: str | None,
    limit: int,
    by_due: bool,
) -> Sequence[Application]:
    """A list that goes on from a cursor, one row more than `limit` (paging.py).

    In the order of birth, or by what runs out first; where nobody is on the clock comes last then.
    """
    query = await _asked(session, caller, asked, now)
    if not by_due:
        after = paging.after(cursor)
        query = query if after is None else query.where(Application.id > after)
        return (await session.scalars(query.order_by(Application.id).limit(limit + 1))).all()
    if cursor is not None:
        query = query.where(_behind(*_read_cursor(cursor)))
    return (await session.scalars(query.order_by(*BY_DUE).limit(limit + 1))).all()


def _behind(due_at: datetime | None, last_id: UUID) -> ColumnElement[bool]:
    no_time = Application.due_at.is_(None)
    if due_at is None:
        return and_(no_time, Application.id > last_id)
    same = and_(Application.due_at == due_at, Application.id > last_id)
    return or_(no_time, Application.due_at > due_at, same)


def cursor_of(last: Application, *, by_due: bool) -> str:
    """Where a list goes on behind `last`."""
    text = last.id.bytes
    if by_due:
        text = msgspec.json.encode((last.due_at, last.id))
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _read_cursor(cursor: str) -> After:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        found: After = msgspec.json.decode(text, type=After)
        return found
    except (ValueError, binascii.Error, msgspec.MsgspecError) as wrong:
        raise BadCursor from wrong
