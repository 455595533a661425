"""A batch as its agency, everybody, and somebody on its list see it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.offerings import queries as offerings
from service.offerings.models import OfferingVersion
from service.partners.models import Partner
from service.problems import NotFound
from service.reference import regions
from service.requests.batches import words
from service.requests.batches.models import (
    Batch,
    BatchState,
    Entry,
    Group,
    Objection,
    Place,
)
from service.requests.batches.rules import Fact, Key
from service.requests.models import Request
from service.requests.views import local
from service.talents.cards.card import Card
from service.worktime.hours import SHANGHAI

ON_LIST = (
    Place.LISTED, Place.OFFERED, Place.TAKEN, Place.GIVEN, Place.DECLINED, Place.LAPSED,
    Place.UNSERVED, Place.CARRIED, Place.MOVED,
)  # fmt: skip


class Read(msgspec.Struct, frozen=True):
    """One key of the rule and what it read: as it was reckoned with, and in words."""

    key: str
    fact: Fact
    words: str


class BatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """One place of the list. `name` (masked) and `facts` are empty where the list is no longer
    shown; `draw` is the HMAC-SHA256 of `request_id` under the seed."""

    entry_id: UUID
    request_id: UUID
    rank: int
    group: str
    name: str | None
    facts: list[Read]
    draw: str
    state: str
    state_words: str


class BatchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """名额公告: `commitment` 为抽签种子的 SHA-256,截止前公布;`seed` 排序后公布。"""

    id: UUID
    title: str
    offering: str
    offering_name: str
    region: str
    place: str
    partner: str
    places: int
    group_field: str | None
    groups: list[Group]
    rule: list[Key]
    leftover: str
    opens_at: datetime
    closes_at: datetime
    ranks_at: datetime
    publicity_wd: int
    state: str
    state_words: str
    commitment: str
    seed: str | None
    round: int
    ranked_at: datetime | None
    shown_until: datetime | None
    ended_at: datetime | None


class PublicBatch(BatchSummary, frozen=True, kw_only=True):
    """With its list, once it is made."""

    lines: list[BatchLine]


class ObjectionView(msgspec.Struct, frozen=True, kw_only=True):
    """异议与裁定;`by` 与 `about` 为名单上的 entry_id。"""

    id: UUID
    by: UUID
    about: UUID | None
    round: int
    words: str
    made_at: datetime
    ruling: str | None
    answer: str | None
    ruled_at: datetime | None
    entry_id: UUID | None
    facts: dict[str, Any] | None
    exclude: bool


class PartnerBatch(PublicBatch, frozen=True, kw_only=True):
    """What its agency sees beside: how many stand where, who is missing, what was objected to."""

    counts: dict[str, int]
    pending: int
    objections: list[ObjectionView]
    allowed: list[str]


async def summary(session: AsyncSession, batch: Batch, now: datetime) -> BatchSummary:
    """The announcement."""
    return BatchSummary(**await _summary(session, batch, now))


async def _summary(session: AsyncSession, batch: Batch, now: datetime) -> dict[str, Any]:
    version = await version_of(session, batch)
    known = await regions.of(session)
    partner = await session.get_one(Partner, batch.partner_id)
    plain = {
        name: getattr(batch, name)
        for name in ("id", "title", "offering", "region", "places", "group_field", "leftover",
                     "publicity_wd", "state", "commitment", "round")
    }  # fmt: skip
    times = {
        name: local(getattr(batch, name))
        for name in ("opens_at", "closes_at", "ranks_at", "ranked_at", "shown_until", "ended_at")
    }
    return {
        **plain, **times, "offering_name": version.name_zh, "partner": partner.name,
        "place": known.full_name(batch.region), "groups": batch.classes, "rule": batch.keys,
        "state_words": words.state_of(batch.state, batch.opens_at, batch.closes_at, now),
        "seed": batch.seed if batch.round else None,
    }  # fmt: skip


async def version_of(session: AsyncSession, batch: Batch) -> OfferingVersion:
    """The offering as it was when the batch was announced; raises NotFound."""
    on = batch.opened_at.astimezone(SHANGHAI).date()
    found = await offerings.current(session, batch.offering, on)
    if found is None:
        raise NotFound
    return found


async def lines_of(session: AsyncSession, batch: Batch, *, named: bool) -> list[BatchLine]:
    """The list as it was made, first to last; with masked names and facts where it is shown."""
    if not batch.round:
        return []
    schema, shown = (await version_of(session, batch)).form_schema, batch.state == BatchState.SHOWN
    query = (
        select(Entry, Card.masked_name)
        .join(Request, Request.id == Entry.request_id)
        .join(Card, Card.id == Request.card_id)
        .where(Entry.batch_id == batch.id, Entry.rank.is_not(None))
        .where((Entry.state.in_(ON_LIST)) | (Entry.state == Place.LEFT))
        .order_by(Entry.group, Entry.rank, Entry.id)
    )
    return [
        BatchLine(
            entry_id=entry.id, request_id=entry.request_id, rank=entry.rank or 0,
            group=entry.group, name=name if named else None,
            facts=_read(batch.keys, entry.facts or {}, schema) if named else [],
            draw=entry.draw or "", state=entry.state,
            state_words=words.standing(
                entry.state, entry.rank, batch.quotas.get(entry.group, 0), shown=shown
            ),
        )
        for entry, name in (await session.execute(query)).all()
    ]  # fmt: skip


def _read(keys: Sequence[Key], facts: dict[str, Fact], schema: dict[str, Any]) -> list[Read]:
    return [
        Read(key.name, facts.get(key.name), words.fact(key, facts.get(key.name), schema))
        for key in keys
    ]


async def public(session: AsyncSession, batch_id: UUID, now: datetime) -> PublicBatch:
    """A batch as everybody sees it; names and facts only while the list is shown (guide.md 7.1).

    Raises NotFound.
    """
    batch = await session.get(Batch, batch_id)
    if batch is None:
        raise NotFound
    shown = batch.state == BatchState.SHOWN
    lines = await lines_of(session, batch, named=shown)
    return PublicBatch(**await _summary(session, batch, now), lines=lines)


async def of_partner(
    session: AsyncSession, caller: Caller, batch_id: UUID, now: datetime, pending: int
) -> PartnerBatch:
    """A batch as its own agency sees it; raises NotFound."""
    batch = await session.get(Batch, batch_id)
    if batch is None or caller.partner_id is None or batch.partner_id != caller.partner_id:
        raise NotFound
    states = await session.scalars(select(Entry.state).where(Entry.batch_id == batch.id))
    return PartnerBatch(
        **await _summary(session, batch, now),
        lines=await lines_of(session, batch, named=True),
        counts=dict(Counter(states)),
        pending=pending,
        objections=await objections_of(session, batch.id),
        allowed=_allowed(batch, pending, now),
    )


def _allowed(batch: Batch, pending: int, now: datetime) -> list[str]:
    if batch.state == BatchState.SHOWN:
        return ["rule"]
    if batch.state != BatchState.GATHERING:
        return []
    return ["cancel", "rank"] if now >= batch.closes_at and not pending else ["cancel"]


async def objections_of(
    session: AsyncSession, batch_id: UUID, by: UUID | None = None
) -> list[ObjectionView]:
    """What was objected to, oldest first; all, or those of one on the list."""
    query = select(Objection).where(Objection.batch_id == batch_id).order_by(Objection.id)
    if by is not None:
        query = query.where(Objection.by_entry_id == by)
    return [
        ObjectionView(
            id=each.id, by=each.by_entry_id, about=each.about_entry_id, round=each.round,
            words=each.words, made_at=each.made_at.astimezone(SHANGHAI), ruling=each.ruling,
            answer=each.answer, ruled_at=local(each.ruled_at), entry_id=each.entry_id,
            facts=each.facts, exclude=each.exclude,
        )
        for each in await session.scalars(query)
    ]  # fmt: skip
