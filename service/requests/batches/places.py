"""Where one request stands in its batch, for its holder and for the clerk who has it."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.requests import queries
from service.requests.batches import words
from service.requests.batches.models import UNDECIDED, Batch, BatchState, Entry, Place
from service.requests.batches.views import ObjectionView, objections_of
from service.requests.models import Request
from service.requests.views import local
from service.worktime.hours import SHANGHAI


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """本人在批次中的位置。`ahead` 为排在前面仍在等候的人数,`words` 为一句话说明。"""

    batch_id: UUID
    entry_id: UUID
    title: str
    state: str
    state_words: str
    words: str
    rank: int | None
    ahead: int
    places: int
    waiting: int
    since_at: datetime
    closes_at: datetime
    shown_until: datetime | None
    answer_by: datetime | None
    objections: list[ObjectionView]
    allowed: list[str]


class DeskPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A request's batch as the clerk sees it beside the request; `decides`: the batch has yet to
    say whether there is a place."""

    batch_id: UUID
    title: str
    state: str
    state_words: str
    rank: int | None
    answer_by: datetime | None
    decides: bool


async def at_desk(session: AsyncSession, request_id: UUID) -> DeskPlace | None:
    """Where a request stands in its newest batch; None where it is in none."""
    found = (await session.execute(_newest(request_id))).first()
    if found is None:
        return None
    entry, batch = found
    return DeskPlace(
        batch_id=batch.id, title=batch.title, state=entry.state,
        state_words=words.standing(
            entry.state, entry.rank, batch.quotas.get(entry.group, 0),
            shown=batch.state == BatchState.SHOWN,
        ),
        rank=entry.rank, answer_by=local(entry.answer_by),
        decides=entry.state in UNDECIDED,
    )  # fmt: skip


def _newest(request_id: UUID) -> Select[Entry, Batch]:
    return (
        select(Entry, Batch)
        .join(Batch, Batch.id == Entry.batch_id)
        .where(Entry.request_id == request_id)
        .order_by(Entry.id.desc())
        .limit(1)
    )


async def place_of(
    session: AsyncSession, caller: Caller, request_id: UUID, now: datetime
) -> PlaceView | None:
    """Where a request that the caller may see stands in its newest batch; None where in none."""
    seen = await queries.seen_by(session, caller)
    query = _newest(request_id).join(Request, Request.id == Entry.request_id).where(seen)
    found = (await session.execute(query)).first()
    return None if found is None else await _place(session, found[0], found[1], now)


async def _place(session: AsyncSession, entry: Entry, batch: Batch, now: datetime) -> PlaceView:
    query = select(Entry.state, Entry.rank)
    query = query.where(Entry.batch_id == batch.id, Entry.group == entry.group)
    beside = (await session.execute(query)).all()
    queueing = (Place.LISTED, Place.OFFERED) if batch.state == BatchState.SHOWN else (Place.LISTED,)
    ahead = sum(1 for s, r in beside if s in queueing and entry.rank and r and r < entry.rank)
    waiting = sum(1 for s, _ in beside if s in (Place.WAITING, Place.LISTED, Place.OFFERED))
    shown_until = local(batch.shown_until) if batch.state == BatchState.SHOWN else None
    places = batch.quotas.get(entry.group, 0)
    return PlaceView(
        batch_id=batch.id, entry_id=entry.id, title=batch.title, state=entry.state,
        state_words=words.standing(
            entry.state, entry.rank, places, shown=shown_until is not None
        ),
        rank=entry.rank, ahead=ahead, places=places,
        waiting=waiting, since_at=entry.since_at.astimezone(SHANGHAI),
        closes_at=batch.closes_at.astimezone(SHANGHAI), shown_until=shown_until,
        answer_by=local(entry.answer_by),
        words=words.place(
            entry.state, rank=entry.rank, ahead=ahead, waiting=waiting, places=places,
            closes_at=batch.closes_at, answer_by=entry.answer_by, shown_until=shown_until,
        ),
        objections=await objections_of(session, batch.id, entry.id),
        allowed=_open_to_holder(entry, batch, now),
    )  # fmt: skip


def _open_to_holder(entry: Entry, batch: Batch, now: datetime) -> list[str]:
    if entry.state == Place.OFFERED and entry.answer_by and now < entry.answer_by:
        return ["accept", "decline"]
    shown = batch.state == BatchState.SHOWN and batch.shown_until and now < batch.shown_until
    return ["object"] if entry.state == Place.LISTED and shown else []
