"""The list is made: once at its time, and again where an objection was upheld (ADR 0022).

The batch is locked first, then its requests in the order of their ids; whoever holds one of them
never waits for the batch.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_batches import BatchRanked, RequestListed
from service.auth.callers import Caller, Role
from service.problems import Problem
from service.requests import clocks, lapsing
from service.requests.actions import reach
from service.requests.batches import joining, rules
from service.requests.batches.models import Batch, BatchState, Entry, Objection, Place
from service.requests.batches.opening import entries_by_request, of_batch, own, tell
from service.requests.batches.rules import Fact, Key, Standing
from service.requests.members import RequestMember
from service.requests.models import Request
from service.requests.states import State
from service.talents.cards.card import Card
from service.worktime import reckoning
from service.worktime.current import current
from service.worktime.hours import SHANGHAI
from service.worktime.reckoning import WorkingDays


class NotReady(Problem):
    """Requests on the list are still on their way; by the batch's time they must be there."""

    code = "batch-not-ready"
    status = 409
    title = "还不能排序"
    advice = "受理截止后、名单上的申请都已接件且无待补正时才能提前排序;到最迟排序时刻将自动排序。"


async def rank_early(session: AsyncSession, batch_id: UUID, by: Caller, now: datetime) -> Batch:
    """A clerk makes the list before its latest time, as soon as nobody is missing.

    Raises NotFound, WrongState, NotReady.
    """
    batch = await own(session, batch_id, by)
    batch.check(BatchState.GATHERING)
    await rank_complete(session, batch, now, by.author(Role.PARTNER_CLERK))
    return batch


async def rank_complete(
    session: AsyncSession, batch: Batch, now: datetime, by: log.Author = log.SYSTEM
) -> None:
    """Make the list of a batch that has closed and misses nobody; raises NotReady."""
    if now < batch.closes_at or await pending(session, batch):
        raise NotReady
    await rank(session, batch, now, by)


async def pending(session: AsyncSession, batch: Batch) -> int:
    """How many on the list the agency has not accepted yet, or wait for a correction."""
    query = (
        select(func.count())
        .select_from(Entry)
        .join(Request, Request.id == Entry.request_id)
        .where(Entry.batch_id == batch.id, Entry.state == Place.WAITING)
        .where((Request.state != State.ACCEPTED) | (Request.partner_id != batch.partner_id))
    )
    return await session.scalar(query) or 0


async def rank(
    session: AsyncSession, batch: Batch, now: datetime, by: log.Author = log.SYSTEM
) -> None:
    """Make the list and show it for the batch's working days of publicity. The batch is locked."""
    batch.check(BatchState.GATHERING, BatchState.SHOWN)
    batch.round += 1
    found = await _take_part(session, batch, now)
    await _place(session, batch, found, now)
    calendar = (await current(session)).of(batch.region)
    until = reckoning.due(now, WorkingDays(batch.publicity_wd), calendar).due_at
    if until is None:
        raise NotReady
    batch.state, batch.ranked_at, batch.shown_until = BatchState.SHOWN, now, until
    batch.next_at = until
    for entry, request in found:
        await _show(session, batch, entry, request, until, now)
    event = BatchRanked(
        **of_batch(batch), round=batch.round, listed=len(found), seed=batch.seed, shown_until=until
    )
    await session.flush()
    await tell(session, batch, event, by, now)


Found = list[tuple[Entry, Request]]


async def _take_part(session: AsyncSession, batch: Batch, now: datetime) -> Found:
    """Who is on the list: all that the agency has accepted; the others leave it, locked all."""
    out = await _excluded(session, batch)
    found: Found = []
    for entry_id, request_id in await entries_by_request(session, batch.id):
        request = await reach.locked(session, request_id)
        entry = await session.get_one(Entry, entry_id, populate_existing=True)
        if not entry.is_live:
            continue
        if request.state == State.IN_PUBLICITY:
            await lapsing.end_publicity(session, request.id, now)
        if entry.id in out:
            await joining.unlist(session, request, entry, "excluded", now)
        elif request.state != State.ACCEPTED or request.partner_id != batch.partner_id:
            over = Place.CARRIED if batch.leftover == "carry" else Place.LEFT
            await joining.unlist(session, request, entry, "unready", now, over)
        else:
            found.append((entry, request))
        entry.stirred = False
    await session.flush()
    former = sa.update(Entry).where(Entry.batch_id == batch.id, Entry.rank.is_not(None))
    await session.execute(former.values(rank=None))
    return found


async def _place(session: AsyncSession, batch: Batch, found: Found, now: datetime) -> None:
    corrected = await corrections(session, batch)
    facts = await facts_of(session, batch.keys, found)
    standing = []
    for entry, request in found:
        entry.facts = facts[entry.id] | corrected.get(entry.id, {})
        entry.draw = rules.draw(batch.seed, request.id)
        standing.append(Standing(request.id, entry.group, entry.facts))
    places = rules.ranked(batch.keys, batch.seed, standing)
    for entry, request in found:
        entry.rank, entry.state = places[request.id], Place.LISTED


async def _show(
    session: AsyncSession,
    batch: Batch,
    entry: Entry,
    request: Request,
    until: datetime,
    now: datetime,
) -> None:
    """公示 of one request, as part of the list (time.md P1)."""
    await clocks.go_on(session, request, now)
    ends_on = until.astimezone(SHANGHAI).date() - timedelta(days=1)
    listed = RequestListed(**joining.of_place(request, batch.id), rank=entry.rank or 0)
    await log.append(session, listed, by=log.SYSTEM, region=request.region, now=now)
    await clocks.pause(session, request, "publicity", now, ends_at=until)
    event = request.begin_publicity(now.astimezone(SHANGHAI).date(), ends_on)
    await session.flush()
    await log.append(session, event, by=log.SYSTEM, region=request.region, now=now)


async def facts_of(
    session: AsyncSession, keys: Sequence[Key], found: Found
) -> dict[UUID, dict[str, Fact]]:
    """What the rule reads of each, by entry."""
    wanted = {key.key for key in keys}
    cards = await _cards_since(session, found) if "card_since" in wanted else {}
    people = await _people(session, found) if "people" in wanted else {}
    facts: dict[UUID, dict[str, Fact]] = {}
    for entry, request in found:
        known: dict[str, Any] = {
            "tier": request.category,
            "card_since": cards.get(request.card_id),
            "waiting_since": entry.since_at.astimezone(SHANGHAI).date().isoformat(),
            "people": people.get(request.id, 0),
        }
        facts[entry.id] = {
            key.name: request.form.get(key.field) if key.key == "form" else known[key.key]
            for key in keys
        }
    return facts


async def _cards_since(session: AsyncSession, found: Found) -> Mapping[UUID, str]:
    query = select(Card.id, Card.issued_on).where(Card.id.in_({r.card_id for _, r in found}))
    return {card_id: on.isoformat() for card_id, on in await session.execute(query)}


async def _people(session: AsyncSession, found: Found) -> Mapping[UUID, int]:
    query = (
        select(RequestMember.request_id, func.count())
        .where(RequestMember.request_id.in_([request.id for _, request in found]))
        .group_by(RequestMember.request_id)
    )
    return {request_id: number for request_id, number in await session.execute(query)}


async def upheld(session: AsyncSession, batch: Batch) -> Sequence[Objection]:
    """The objections that were upheld, oldest ruling first."""
    query = select(Objection).where(Objection.batch_id == batch.id, Objection.ruling == "upheld")
    return (await session.scalars(query.order_by(Objection.ruled_at, Objection.id))).all()


async def corrections(session: AsyncSession, batch: Batch) -> dict[UUID, dict[str, Fact]]:
    """The facts that rulings put right, by entry; the later ruling has the last word."""
    found: dict[UUID, dict[str, Fact]] = {}
    for each in await upheld(session, batch):
        if each.entry_id is not None and each.facts:
            found[each.entry_id] = found.get(each.entry_id, {}) | each.facts
    return found


async def _excluded(session: AsyncSession, batch: Batch) -> set[UUID]:
    return {o.entry_id for o in await upheld(session, batch) if o.exclude and o.entry_id}


async def open_objections(session: AsyncSession, batch: Batch) -> bool:
    """Whether one waits for its ruling."""
    waiting = exists().where(Objection.batch_id == batch.id, Objection.ruling.is_(None))
    return bool(await session.scalar(select(waiting)))


async def must_rank_again(session: AsyncSession, batch: Batch) -> bool:
    """Whether an objection to the list as it is shown was upheld."""
    query = exists().where(
        Objection.batch_id == batch.id,
        Objection.ruling == "upheld",
        Objection.round == batch.round,
    )
    return bool(await session.scalar(select(query)))
