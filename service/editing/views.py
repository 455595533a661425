"""Drafts as 专家中心 sees them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.models import Account
from service.editing.models import OPEN, OfferingDraft
from service.offerings.models import OfferingVersion
from service.pages.forms import uuid_of
from service.pages.show import SHANGHAI
from service.partners.models import Partner, Route
from service.problems import NotFound


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """A draft: what the next version says, from when, why, who drafted and who decided; `opening`
    is what a wholly new offering is for good.
    """

    id: UUID
    code: str
    base_version: int
    content: dict[str, Any]
    opening: dict[str, Any] | None
    why: str
    valid_from: date
    state: str
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    allowed: list[str]


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One version in an offering's history; drafted and published by whom, where by editing."""

    version: int
    valid_from: date
    published_at: datetime
    source: str
    why: str | None
    drafted_by: str | None
    published_by: str | None


async def got(session: AsyncSession, draft_id: UUID) -> OfferingDraft:
    """A draft; raises NotFound."""
    draft = await session.get(OfferingDraft, draft_id)
    if draft is None:
        raise NotFound
    return draft


async def views(
    session: AsyncSession, drafts: Sequence[OfferingDraft], by: Caller
) -> list[DraftView]:
    """The drafts with the names of those who had a hand in them."""
    names = await _names(session, drafts)
    return [
        DraftView(
            id=each.id,
            code=each.code,
            base_version=each.base_version,
            content=each.content,
            opening=each.opening,
            why=each.why,
            valid_from=each.valid_from,
            state=each.state,
            drafted_by=names[each.drafted_by],
            drafted_at=each.drafted_at.astimezone(SHANGHAI),
            decided_by=names[each.decided_by] if each.decided_by else None,
            decided_at=each.decided_at.astimezone(SHANGHAI) if each.decided_at else None,
            allowed=each.acts(by.account_id),
        )
        for each in drafts
    ]


async def _names(session: AsyncSession, drafts: Sequence[OfferingDraft]) -> dict[UUID, str]:
    ids = {each.drafted_by for each in drafts} | {d.decided_by for d in drafts if d.decided_by}
    rows = await session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {account_id: name for account_id, name in rows.all()}


async def listed(
    session: AsyncSession, state: str | None, after: UUID | None, limit: int
) -> Sequence[OfferingDraft]:
    """Drafts, oldest first; one more than `limit`."""
    query = select(OfferingDraft).order_by(OfferingDraft.id).limit(limit + 1)
    if state:
        query = query.where(OfferingDraft.state == state)
    if after:
        query = query.where(OfferingDraft.id > after)
    return (await session.scalars(query)).all()


async def open_of(session: AsyncSession, code: str) -> OfferingDraft | None:
    """The offering's open draft."""
    query = select(OfferingDraft).where(OfferingDraft.code == code, OfferingDraft.state == OPEN)
    found: OfferingDraft | None = await session.scalar(query)
    return found


async def partners(
    session: AsyncSession, code: str, named: Collection[str]
) -> list[tuple[UUID, str]]:
    """Who takes an offering, and those named beside, by name: of whom the editor may say that they
    get fewer fields."""
    routed = select(Route.partner_id).where(Route.offering == code)
    wanted = or_(Partner.id.in_(routed), Partner.id.in_(keys_of(named)))
    query = select(Partner.id, Partner.name).where(wanted).order_by(Partner.name, Partner.id)
    return [(key, name) for key, name in await session.execute(query)]


def keys_of(named: Collection[str]) -> list[UUID]:
    """Those that are ids."""
    return [found for each in named if (found := uuid_of(each))]


async def history(session: AsyncSession, code: str) -> list[VersionLine]:
    """Every version of an offering, the newest first; raises NotFound."""
    query = (
        select(OfferingVersion, OfferingDraft)
        .outerjoin(OfferingDraft, OfferingDraft.version_id == OfferingVersion.id)
        .where(OfferingVersion.code == code)
        .order_by(OfferingVersion.version.desc())
    )
    rows = (await session.execute(query)).all()
    if not rows:
        raise NotFound
    names = await _names(session, [draft for _, draft in rows if draft])
    return [
        VersionLine(
            version=version.version,
            valid_from=version.valid_from,
            published_at=version.published_at.astimezone(SHANGHAI),
            source=version.source,
            why=draft.why if draft else None,
            drafted_by=names[draft.drafted_by] if draft else None,
            published_by=names[draft.decided_by] if draft and draft.decided_by else None,
        )
        for version, draft in rows
    ]
