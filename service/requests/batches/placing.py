"""Places are offered from the top of the list down, taken, declined, or passed on to the next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_batches import (
    BatchEnded,
    PlaceDeclined,
    PlaceLapsed,
    PlaceOffered,
    PlaceTaken,
)
from service.auth.callers import Caller
from service.problems import NotFound, WrongState
from service.requests import clocks
from service.requests.actions import reach
from service.requests.batches import joining, rules
from service.requests.batches.models import SEATED, Batch, BatchState, Entry, Place
from service.requests.batches.opening import of_batch, tell
from service.requests.batches.rules import Queued
from service.requests.models import Request
from service.worktime import months
from service.worktime.current import current

MONTHS_TO_ANSWER = 1
"""How long a place is kept for whom it is offered to (guide.md 3.4)."""
FULL = "本批名额已按公布的规则分配完毕,未轮到您;可在下一批重新申请。"


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """接受名额,或放弃(放弃即撤回本件申请,名额给下一位)。"""

    answer: Literal["accept", "decline"]


async def answer(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int, given: Answer, now: datetime
) -> Request:
    """The holder takes the place or lets it go; too late is too late, also before the timers come.

    Raises NotFound, Stale, WrongState.
    """
    request = await reach.seen(session, request_id, by, revision)
    entry = await joining.entry_of(session, request.id)
    if entry is None:
        raise NotFound
    if entry.state != Place.OFFERED or entry.answer_by is None or now >= entry.answer_by:
        raise WrongState(entry.state, ())
    entry.answered_at = now
    author = reach.author_of(request, by)
    await (_take if given.answer == "accept" else _let_go)(session, request, entry, author, now)
    return request


async def _take(
    session: AsyncSession, request: Request, entry: Entry, by: log.Author, now: datetime
) -> None:
    """Theirs: the agency's time runs again until it is completed."""
    handling = await clocks.go_on(session, request, now)
    entry.state, entry.stirred = Place.TAKEN, True
    request.touch()
    await session.flush()
    due_at = handling.due_at if handling and handling.due_at else now
    event = PlaceTaken(**joining.of_place(request, entry.batch_id), due_at=due_at)
    await log.append(session, event, by=by, region=request.region, now=now)


async def _let_go(
    session: AsyncSession, request: Request, entry: Entry, by: log.Author, now: datetime
) -> None:
    """The next one's: with the place the request is taken back."""
    entry.leave(Place.DECLINED)
    declined = PlaceDeclined(**joining.of_place(request, entry.batch_id))
    await log.append(session, declined, by=by, region=request.region, now=now)
    event = request.withdraw(now)
    await clocks.stop_all(session, request, now)
    await session.flush()
    await log.append(session, event, by=by, region=request.region, now=now)


async def on_list(
    session: AsyncSession, batch: Batch, *states: Place
) -> list[tuple[Entry, Request]]:
    """Entries of these states with their requests, all locked; by place on the list."""
    query = select(Entry.id, Entry.request_id)
    query = query.where(Entry.batch_id == batch.id, Entry.state.in_(states))
    found = []
    for entry_id, request_id in (await session.execute(query.order_by(Entry.request_id))).all():
        request = await reach.locked(session, request_id)
        entry = await session.get_one(Entry, entry_id, populate_existing=True)
        if entry.state in states:
            found.append((entry, request))
    return sorted(found, key=lambda pair: (pair[0].group, pair[0].rank or 0))


async def go_round(session: AsyncSession, batch: Batch, now: datetime) -> None:
    """Take back what lapsed, offer what is free to the next in line, and see whether that is all.

    Only here is a place given, and the batch is locked: so no place is given twice, and nobody is
    passed over by who stands behind them.
    """
    # First: what is stirred from now on is seen by the next round.
    await _unstir(session, batch)
    waiting = await on_list(session, batch, Place.LISTED, Place.OFFERED)
    for entry, request in waiting:
        if entry.state == Place.OFFERED and entry.answer_by and entry.answer_by <= now:
            await _lapse(session, request, entry, now)
    await session.flush()
    queue = {entry.id: (entry, request) for entry, request in waiting if _waits(entry)}
    used = await _used_seats(session, batch)
    for entry_id, seat in rules.next_in_line(batch.quotas, used, map(_queued, queue.values())):
        entry, request = queue[entry_id]
        await _offer(session, batch, request, entry, seat, now)
    await session.flush()
    if await _is_over(session, batch):
        await _end(session, batch, now)


async def _lapse(session: AsyncSession, request: Request, entry: Entry, now: datetime) -> None:
    entry.leave(Place.LAPSED)
    about = joining.of_place(request, entry.batch_id)
    await log.append(session, PlaceLapsed(**about), by=log.SYSTEM, region=request.region, now=now)
    event = request.expire(now, "place")
    await clocks.stop_all(session, request, now)
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)


def _waits(entry: Entry) -> bool:
    return entry.state == Place.LISTED


def _queued(pair: tuple[Entry, Request]) -> Queued:
    return Queued(pair[0].id, pair[0].group, pair[0].rank or 0)


async def _used_seats(session: AsyncSession, batch: Batch) -> set[tuple[str, int]]:
    query = select(Entry.group, Entry.seat)
    query = query.where(Entry.batch_id == batch.id, Entry.state.in_(SEATED))
    return {(group, seat or 0) for group, seat in (await session.execute(query)).all()}


async def _offer(
    session: AsyncSession, batch: Batch, request: Request, entry: Entry, seat: int, now: datetime
) -> None:
    calendar = (await current(session)).of(batch.region)
    entry.state, entry.seat, entry.offered_at = Place.OFFERED, seat, now
    entry.answer_by = months.due(now, MONTHS_TO_ANSWER, calendar)
    request.touch()
    await session.flush()
    event = PlaceOffered(**joining.of_place(request, batch.id), due_at=entry.answer_by)
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)


async def _unstir(session: AsyncSession, batch: Batch) -> None:
    query = select(Entry).where(Entry.batch_id == batch.id, Entry.stirred)
    query = query.with_for_update(skip_locked=True)
    for entry in await session.scalars(query.execution_options(populate_existing=True)):
        entry.stirred = False
    await session.flush()


async def _states(session: AsyncSession, batch: Batch) -> Sequence[tuple[str, str]]:
    query = select(Entry.group, Entry.state).where(Entry.batch_id == batch.id)
    return [(group, state) for group, state in (await session.execute(query)).all()]


async def _is_over(session: AsyncSession, batch: Batch) -> bool:
    """Nobody is to answer or to be completed, and nobody waits for a place that may come free."""
    states = await _states(session, batch)
    if any(state in (Place.OFFERED, Place.TAKEN) for _, state in states):
        return False
    quotas = batch.quotas
    for group in {group for group, state in states if state == Place.LISTED}:
        given = sum(1 for each, state in states if each == group and state == Place.GIVEN)
        if given < quotas.get(group, 0):
            return False
    return True


async def _end(session: AsyncSession, batch: Batch, now: datetime) -> None:
    """Who got no place is carried into the next batch, or told that this one is full."""
    for entry, request in await on_list(session, batch, Place.LISTED):
        if batch.leftover == "carry":
            await joining.unlist(session, request, entry, "carried", now, Place.CARRIED)
        else:
            await _unserved(session, request, entry, now)
        entry.stirred = False
    batch.state, batch.ended_at, batch.next_at = BatchState.ENDED, now, None
    given = sum(1 for _, state in await _states(session, batch) if state == Place.GIVEN)
    await session.flush()
    await tell(session, batch, BatchEnded(**of_batch(batch), given=given), log.SYSTEM, now)


async def _unserved(session: AsyncSession, request: Request, entry: Entry, now: datetime) -> None:
    """办结, not granted: the places are gone (api.md 5.2)."""
    entry.leave(Place.UNSERVED)
    await clocks.go_on(session, request, now)
    await clocks.stop(session, request.id, "handling", now)
    promise = await clocks.stop(session, request.id, "promise", now)
    in_time = promise is None or promise.breached_at is None
    event = request.complete("declined", {}, FULL, in_time=in_time, now=now)
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)
