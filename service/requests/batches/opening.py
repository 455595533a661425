"""An agency announces places: how many, until when, by which rule; or calls them off again."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from events.of_batches import BatchCancelled, BatchOpened
from service import ids
from service.auth.callers import Caller, Role
from service.offerings import queries as offerings
from service.offerings.models import OfferingVersion
from service.partners.models import Route
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions
from service.requests.actions import reach
from service.requests.batches import joining, rules
from service.requests.batches.announcing import Opening, check_rule, check_times, titled, titles_of
from service.requests.batches.models import LIVE, Batch, BatchState, Entry, Group, Place
from service.worktime.hours import SHANGHAI

PUBLICITY_DAYS = 3
"""Where the offering says nothing (guide.md 3.4)."""


class BatchOverlaps(Problem):
    """A request must know which batch it joins."""

    code = "batch-overlaps"
    status = 409
    title = "已有时间重叠的批次"
    advice = "同一事项同一地区的批次,受理时段不能重叠;请调整时段,或先取消尚未截止的那一批。"


class NotBatched(Problem):
    """The offering's version does not foresee batches."""

    code = "not-batched"
    status = 409
    title = "此事项不按批次办理"
    advice = "需要按批次分配名额的,请联系专家中心在服务事项中注明。"


async def open_batch(session: AsyncSession, by: Caller, given: Opening, now: datetime) -> Batch:
    """Announce it. Who was carried over from the last one is on its list at once.

    The seed of the draw is made now and kept secret; what is published binds it. Raises
    InvalidBody, NotBatched, BatchOverlaps.
    """
    today = now.astimezone(SHANGHAI).date()
    version = await offerings.current(session, given.offering, today)
    if version is None:
        raise InvalidBody(FieldError("/offering", "unknown", "没有这个服务事项,请核对代码。"))
    if not version.batched:
        raise NotBatched
    await _check_handler(session, by, given)
    check_times(given, now)
    check_rule(given, version.form_schema)
    await _check_alone(session, by, given)
    batch = _batch(given, by, version, now)
    session.add(batch)
    await session.flush()
    event = BatchOpened(
        **of_batch(batch), places=batch.places, commitment=batch.commitment,
        opens_at=batch.opens_at, closes_at=batch.closes_at,
    )  # fmt: skip
    await tell(session, batch, event, by.author(Role.PARTNER_CLERK), now)
    await _take_over(session, batch, now)
    return batch


def _batch(given: Opening, by: Caller, version: OfferingVersion, now: datetime) -> Batch:
    seed = ids.random_bytes(32).hex()
    titles = titles_of(version.form_schema, given.group_field)
    classes = [
        Group(each.value, each.title or titles.get(each.value, each.value), each.places)
        for each in given.groups
    ]
    ranks_at = given.ranks_at or given.closes_at
    return Batch(
        id=ids.new_id(), offering=given.offering, region=given.region, partner_id=by.partner_id,
        title=given.title.strip(), places=sum(each.places for each in classes) or given.places,
        group_field=given.group_field, groups=msgspec.to_builtins(classes),
        rule=[msgspec.to_builtins(titled(key, version.form_schema)) for key in given.rule],
        leftover=given.leftover, publicity_wd=version.publicity_wd or PUBLICITY_DAYS,
        opens_at=given.opens_at, closes_at=given.closes_at, ranks_at=ranks_at,
        state=BatchState.GATHERING, seed=seed, commitment=rules.commitment(seed), round=0,
        opened_at=now, next_at=ranks_at,
    )  # fmt: skip


async def _check_handler(session: AsyncSession, by: Caller, given: Opening) -> None:
    """The agency handles the offering there, or in what it lies in."""
    chain = (await regions.of(session)).chain(given.region)
    handles = exists().where(
        Route.partner_id == by.partner_id,
        Route.offering == given.offering,
        Route.region.in_(chain),
    )
    if not await session.scalar(select(handles)):
        text = "本单位在该地区不办理此事项,请核对事项代码和地区。"
        raise InvalidBody(FieldError("/region", "not-a-handler", text))


async def _check_alone(session: AsyncSession, by: Caller, given: Opening) -> None:
    """One batch at a time for a place; of two clerks at once, one. Raises BatchOverlaps."""
    await session.execute(
        select(1).select_from(Route).where(
            Route.partner_id == by.partner_id, Route.offering == given.offering
        ).with_for_update()
    )  # fmt: skip
    beside = select(Batch.id).where(
        Batch.offering == given.offering,
        Batch.region == given.region,
        Batch.state == BatchState.GATHERING,
        Batch.opens_at < given.closes_at,
        Batch.closes_at > given.opens_at,
    )
    if await session.scalar(beside.limit(1)) is not None:
        raise BatchOverlaps


async def _take_over(session: AsyncSession, batch: Batch, now: datetime) -> None:
    """Who waited in vain in the agency's last batch waits on, since when they began to."""
    query = (
        select(Entry.id, Entry.request_id)
        .join(Batch, Batch.id == Entry.batch_id)
        .where(
            Batch.partner_id == batch.partner_id,
            Batch.offering == batch.offering,
            Batch.region == batch.region,
            Entry.state == Place.CARRIED,
        )
        .order_by(Entry.request_id)
    )
    for _, request_id in (await session.execute(query)).all():
        request = await reach.locked(session, request_id)
        entry = await joining.entry_of(session, request_id)
        if entry is None or entry.state != Place.CARRIED:
            continue
        entry.state = Place.MOVED
        await session.flush()
        await joining.queue(session, request, batch, now, entry.since_at)


async def cancel(session: AsyncSession, batch_id: UUID, by: Caller, now: datetime) -> Batch:
    """Call it off before its list is made; its requests go on one by one. Raises NotFound,
    WrongState."""
    batch = await own(session, batch_id, by)
    batch.check(BatchState.GATHERING)
    batch.state, batch.ended_at, batch.next_at = BatchState.CANCELLED, now, None
    for entry_id, request_id in await entries_by_request(session, batch.id):
        request = await reach.locked(session, request_id)
        entry = await session.get_one(Entry, entry_id, populate_existing=True)
        if entry.is_live:
            await joining.unlist(session, request, entry, "cancelled", now)
            entry.stirred = False
    await session.flush()
    author = by.author(Role.PARTNER_CLERK)
    await tell(session, batch, BatchCancelled(**of_batch(batch)), author, now)
    return batch


async def entries_by_request(session: AsyncSession, batch_id: UUID) -> list[tuple[UUID, UUID]]:
    """The live entries of a batch with their requests, in the order of locking."""
    query = select(Entry.id, Entry.request_id).where(
        Entry.batch_id == batch_id, Entry.state.in_(LIVE)
    )
    rows = await session.execute(query.order_by(Entry.request_id))
    return [(entry_id, request_id) for entry_id, request_id in rows]


async def locked(session: AsyncSession, batch_id: UUID) -> Batch:
    """A batch, locked before all of its requests; raises NotFound."""
    query = select(Batch).where(Batch.id == batch_id).with_for_update()
    batch: Batch | None = await session.scalar(query.execution_options(populate_existing=True))
    if batch is None:
        raise NotFound
    return batch


async def own(session: AsyncSession, batch_id: UUID, by: Caller) -> Batch:
    """A batch of the caller's agency, locked; raises NotFound."""
    batch = await locked(session, batch_id)
    if by.partner_id is None or batch.partner_id != by.partner_id:
        raise NotFound
    return batch


def of_batch(batch: Batch) -> dict[str, Any]:
    """What every event of a batch names."""
    return {"batch_id": batch.id, "offering": batch.offering, "partner_id": batch.partner_id}


async def tell(
    session: AsyncSession, batch: Batch, event: Event, by: log.Author, now: datetime
) -> None:
    """Append what happened to a batch that is locked."""
    await log.append(session, event, by=by, region=batch.region, now=now)
