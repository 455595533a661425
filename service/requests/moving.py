"""Open clocks of requests under a new version of the calendar (time.md 6, E3).

A request that somebody is busy with is left for the next round; ended and paused clocks are not
looked at: what has ended stays as it was (R2), what stands still is reckoned when it resumes.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_deadlines import DeadlineRecomputed
from service.requests.clocks import PAUSED_LEGS
from service.requests.ladder import LADDER
from service.requests.models import Clock, Pause, Request, Rung
from service.worktime import pauses as stretches
from service.worktime import reckoning
from service.worktime.moves import Anew, Batch, Change, Move, Reckoner, Stretch


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of one clock; `fired` are rungs that will not fire again."""

    row: Any
    anew: Anew
    generation: int
    fired: frozenset[str]
    carried: tuple[tuple[str, datetime], ...] = ()

    @property
    def next(self) -> tuple[datetime | None, str | None]:
        """Its next rung."""
        left = next((each for each in self.anew.falls if each.rung not in self.fired), None)
        return (left.at, left.rung) if left else (None, None)


def _touched(change: Change) -> list[sa.ColumnElement[bool]]:
    """Clocks that run, and that the difference can touch; the newer ones go by it already."""
    span = change.difference
    found = [
        Clock.stopped_at.is_(None),
        Clock.due_at >= span.since,
        Clock.started_at < span.until,
        Clock.calendar_version < change.version,
    ]
    return [*found, Clock.region.in_(span.places)] if span.places is not None else found


def _among(column: Any, found: Collection[UUID]) -> sa.ColumnElement[bool]:
    """One of many ids as one parameter: a thousand of their own cost more than the query."""
    ids = sa.literal(list(found), ARRAY(sa.Uuid()))
    matches: sa.ColumnElement[bool] = column == sa.any_(ids)
    return matches


async def take(session: AsyncSession, change: Change, stretch: Stretch) -> Batch:
    """Reckon the next requests' clocks anew, and keep that if asked (R1)."""
    query = sa.select(Clock.request_id).where(*_touched(change)).distinct()
    if stretch.after:
        query = query.where(Clock.request_id > stretch.after)
    query = query.order_by(Clock.request_id).limit(stretch.limit)
    wanted = (await session.scalars(query)).all()
    if not wanted:
        return Batch(None)
    requests = await _requests(session, wanted, lock=stretch.keep)
    rows = await _clocks(session, change, list(requests))
    kept = await _anew(session, change, rows, stretch.now)
    if stretch.keep:
        await _keep(session, change, kept, requests, stretch.now)
    moves = [_move(each, requests[each.row.request_id], stretch.now) for each in kept]
    after = wanted[-1] if len(wanted) == stretch.limit else None
    moved = [each for each in moves if each.was_due_at != each.due_at]
    return Batch(after, len(rows), moved, len(wanted) - len(requests))


async def _requests(
    session: AsyncSession, wanted: Sequence[UUID], *, lock: bool
) -> Mapping[UUID, Any]:
    """Not the whole rows: nothing that somebody wrote, no seal opened."""
    columns = (Request.id, Request.offering, Request.partner_id, Request.region)
    query = sa.select(*columns).where(_among(Request.id, wanted)).order_by(Request.id)
    if lock:
        query = query.with_for_update(skip_locked=True, key_share=True)
    return {row.id: row for row in await session.execute(query)}


async def _clocks(session: AsyncSession, change: Change, found: Sequence[UUID]) -> Sequence[Any]:
    columns = (
        Clock.id, Clock.request_id, Clock.leg, Clock.region, Clock.started_at, Clock.due_at,
        Clock.generation, Clock.breached_at, sa.cast(Clock.budget, sa.Text).label("budget"),
    )  # fmt: skip
    query = sa.select(*columns).where(*_touched(change), _among(Clock.request_id, found))
    return (await session.execute(query.order_by(Clock.request_id, Clock.id))).all()


async def _anew(
    session: AsyncSession, change: Change, rows: Sequence[Any], now: datetime
) -> list[Kept]:
    reckoner = reckoner_of(change)
    pauses = await _pauses(session, [row.request_id for row in rows if row.leg in PAUSED_LEGS])
    fired = await _fired(session, [row.id for row in rows])
    found = []
    for row in rows:
        stood = pauses.get(row.request_id, []) if row.leg in PAUSED_LEGS else []
        budget = _budget(row.budget)
        anew = reckoner.anew(row.leg, budget, row.region, row.started_at, stood)
        if anew.due_at is not None:
            found.append(_kept(row, anew, fired.get((row.id, row.generation), {}), now))
    return found


def _kept(row: Any, anew: Anew, fired: Mapping[str, datetime], now: datetime) -> Kept:
    """A clock that moves is a new generation, whose rungs fire anew, save those whose time has
    passed by the new reckoning as well, and the breach, which is a fact already (E2, E3)."""
    if anew.due_at == row.due_at:
        return Kept(row=row, anew=anew, generation=row.generation, fired=frozenset(fired))
    past = {each.rung for each in anew.falls if each.at <= now}
    if row.breached_at is not None:
        past.add("breach")
    carried = tuple((rung, fell_at) for rung, fell_at in fired.items() if rung in past)
    done = frozenset(rung for rung, _ in carried)
    return Kept(row=row, anew=anew, generation=row.generation + 1, fired=done, carried=carried)


_reckoners: dict[int, tuple[Change, Reckoner]] = {}


def reckoner_of(change: Change) -> Reckoner:
    """One for all stretches of a change, as what it has reckoned serves the next."""
    if id(change.new) not in _reckoners or _reckoners[id(change.new)][0].new is not change.new:
        _reckoners.clear()
        _reckoners[id(change.new)] = (change, Reckoner(change.new, LADDER))
    return _reckoners[id(change.new)][1]


_budgets: dict[str, reckoning.AnyBudget] = {}


def _budget(text: str) -> reckoning.AnyBudget:
    if text not in _budgets:
        _budgets[text] = reckoning.from_json(msgspec.json.decode(text))
    return _budgets[text]


async def _pauses(
    session: AsyncSession, found: Sequence[UUID]
) -> Mapping[UUID, list[stretches.Pause]]:
    query = sa.select(Pause.request_id, Pause.began_at, Pause.ended_at)
    query = query.where(_among(Pause.request_id, set(found))).order_by(Pause.began_at, Pause.id)
    by_request: dict[UUID, list[stretches.Pause]] = {}
    for request_id, began_at, ended_at in await session.execute(query):
        by_request.setdefault(request_id, []).append(stretches.Pause(began_at, ended_at))
    return by_request


async def _fired(
    session: AsyncSession, found: Sequence[UUID]
) -> Mapping[tuple[UUID, int], dict[str, datetime]]:
    query = sa.select(Rung.clock_id, Rung.generation, Rung.rung, Rung.fell_at)
    by_clock: dict[tuple[UUID, int], dict[str, datetime]] = {}
    for clock_id, generation, rung, fell_at in await session.execute(
        query.where(_among(Rung.clock_id, found))
    ):
        by_clock.setdefault((clock_id, generation), {})[rung] = fell_at
    return by_clock


UPDATE = sa.text(
    """
UPDATE clocks c SET due_at = n.due_at, provisional = n.provisional, next_at = n.next_at,
       next_rung = n.next_rung, generation = n.generation, calendar_version = :version
FROM unnest(CAST(:ids AS uuid[]), CAST(:dues AS timestamptz[]), CAST(:provisional AS boolean[]),
            CAST(:nexts AS timestamptz[]), CAST(:rungs AS text[]), CAST(:generations AS int[]))
     AS n (id, due_at, provisional, next_at, next_rung, generation)
WHERE c.id = n.id
"""
)


async def _keep(
    session: AsyncSession,
    change: Change,
    kept: Sequence[Kept],
    requests: Mapping[UUID, Any],
    now: datetime,
) -> None:
    if not kept:
        return
    values = {
        "ids": [each.row.id for each in kept],
        "dues": [each.anew.due_at for each in kept],
        "provisional": [each.anew.provisional for each in kept],
        "nexts": [each.next[0] for each in kept],
        "rungs": [each.next[1] for each in kept],
        "generations": [each.generation for each in kept],
    }
    await session.execute(UPDATE, {**values, "version": change.version})
    carried = [
        {"clock_id": each.row.id, "generation": each.generation, "rung": rung,
         "fell_at": fell_at, "fired_at": now}
        for each in kept
        for rung, fell_at in each.carried
    ]  # fmt: skip
    if carried:
        await session.execute(sa.insert(Rung), carried)
    told = [
        (_event(each, requests[each.row.request_id], change.version), each.row.region)
        for each in kept
        if each.generation != each.row.generation
    ]
    await log.append_many(session, told, by=log.SYSTEM, now=now)


def _event(each: Kept, request: Any, version: int) -> DeadlineRecomputed:
    row = each.row
    assert each.anew.due_at is not None  # noqa: S101 - those without an end are left out
    return DeadlineRecomputed(
        clock_id=row.id,
        generation=each.generation,
        was_due_at=row.due_at,
        due_at=each.anew.due_at,
        leg=row.leg,
        calendar_version=version,
        offering=request.offering,
        partner_id=request.partner_id,
        request_id=row.request_id,
        was_late=row.breached_at is not None,
    )


def _move(each: Kept, request: Any, now: datetime) -> Move:
    row, due_at = each.row, each.anew.due_at
    assert due_at is not None  # noqa: S101 - as above
    return Move(
        leg=row.leg,
        clock_id=row.id,
        owner=f"requests/{row.request_id}",
        region=row.region,
        offering=request.offering,
        was_due_at=row.due_at,
        due_at=due_at,
        was_late=row.breached_at is not None,
        late=row.breached_at is None and due_at <= now < row.due_at,
    )
