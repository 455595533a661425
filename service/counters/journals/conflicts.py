"""Conflicts of journals: listed for 专家中心 and the counter's agency, settled by the centre."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service.auth.callers import Caller, Role
from service.counters.journals.models import CONFLICT, OfflineEntry
from service.etag import check_revision, etag
from service.offerings.models import OfferingVersion
from service.pages.show import SHANGHAI
from service.partners.models import Partner, ServicePoint
from service.problems import NotFound
from service.reference import regions


class Settlement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found out, for the record."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class ConflictView(msgspec.Struct, frozen=True, kw_only=True):
    """A benefit that was given though the token had been used, or nothing was left.

    `reason` is `token-replayed` or `quota-exhausted`; times in Shanghai.
    """

    id: UUID
    entry_id: str | None
    reason: str
    offering: str
    offering_name: str
    partner: str
    service_point: str
    service_point_name: str
    region: str
    companions: int
    scanned_at: datetime
    received_at: datetime
    redemption: UUID | None
    settled_at: datetime | None
    note: str | None
    etag: str


async def seen_by(session: AsyncSession, caller: Caller) -> sa.ColumnElement[bool]:
    """专家中心 sees its region's, an agency its own."""
    known = await regions.of(session)
    theirs: list[sa.ColumnElement[bool]] = [sa.false()]
    for place in caller.regions(Role.CENTRE):
        theirs.append(OfflineEntry.region.in_(known.children(place)))
    if caller.partner_id is not None:
        theirs.append(OfflineEntry.partner_id == caller.partner_id)
    return sa.and_(OfflineEntry.outcome == CONFLICT, sa.or_(*theirs))


async def listed(
    session: AsyncSession,
    caller: Caller,
    *,
    after: UUID | None,
    limit: int,
    settled: bool | None = None,
) -> Sequence[OfflineEntry]:
    """The caller's conflicts, oldest first, one row more than `limit`."""
    query = sa.select(OfflineEntry).where(await seen_by(session, caller))
    if settled is not None:
        mark = OfflineEntry.settled_at
        query = query.where(mark.is_not(None) if settled else mark.is_(None))
    if after is not None:
        query = query.where(OfflineEntry.id > after)
    return (await session.scalars(query.order_by(OfflineEntry.id).limit(limit + 1))).all()


async def settle(
    session: AsyncSession,
    entry_id: UUID,
    by: Caller,
    revision: int,
    given: Settlement,
    now: datetime,
) -> OfflineEntry:
    """Close a conflict with a note. Raises NotFound, Stale, WrongState."""
    query = sa.select(OfflineEntry).where(OfflineEntry.id == entry_id, await seen_by(session, by))
    found: OfflineEntry | None = await session.scalar(query.with_for_update())
    if found is None:
        raise NotFound
    check_revision(found.revision, revision)
    event = found.settle(by.account_id, given.note, now)
    await session.flush()
    await log.append(session, event, by=by.author(Role.CENTRE), region=found.region, now=now)
    return found


async def views(session: AsyncSession, rows: Sequence[OfflineEntry]) -> list[ConflictView]:
    """Conflicts with the names that people know things by."""
    partners = await _names(session, Partner, {each.partner_id for each in rows})
    points = await _names(session, ServicePoint, {each.service_point_id for each in rows})
    codes = {each.offering for each in rows}
    newest = sa.select(OfferingVersion.code, OfferingVersion.name_zh).where(
        OfferingVersion.code.in_(codes)
    )
    named = dict((await session.execute(newest.order_by(OfferingVersion.id))).tuples().all())
    return [_view(each, partners, points, named) for each in rows]


async def _names(
    session: AsyncSession, kind: type[Partner] | type[ServicePoint], wanted: set[UUID]
) -> dict[UUID, str]:
    query = sa.select(kind.id, kind.name).where(kind.id.in_(wanted))
    return dict((await session.execute(query)).tuples().all())


def _view(
    each: OfflineEntry,
    partners: dict[UUID, str],
    points: dict[UUID, str],
    named: dict[str, str],
) -> ConflictView:
    offering, settled_at = each.offering or "", each.settled_at
    return ConflictView(
        id=each.id,
        entry_id=each.entry_id,
        reason=each.reason or "",
        offering=offering,
        offering_name=named.get(offering, offering),
        partner=partners.get(each.partner_id, ""),
        service_point=str(each.service_point_id),
        service_point_name=points.get(each.service_point_id, ""),
        region=each.region,
        companions=each.companions or 0,
        scanned_at=(each.scanned_at or each.received_at).astimezone(SHANGHAI),
        received_at=each.received_at.astimezone(SHANGHAI),
        redemption=each.redemption_id,
        settled_at=settled_at.astimezone(SHANGHAI) if settled_at else None,
        note=each.note,
        etag=etag(each.revision),
    )
