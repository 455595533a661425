"""Versions and drafts as people see them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.models import Account
from service.calendars.models import CalendarDraft, Recomputation
from service.pages.show import SHANGHAI
from service.problems import NotFound
from service.worktime import current
from service.worktime.calendars import Kind
from service.worktime.current import WorkingTime
from service.worktime.models import CalendarVersion

OPERATOR = "命令行"


class YearView(msgspec.Struct, frozen=True, kw_only=True):
    """One year of a version: published, with its notice, or provisional (C3)."""

    year: int
    state: str
    notice: str | None
    published_on: date | None
    source: str | None
    holidays: int
    makeups: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the open deadlines have been reckoned by a version."""

    began_at: datetime
    finished_at: datetime | None
    looked_at: int
    moved: int


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the calendar and how it came to be; `progress` where it was applied."""

    version: int
    made_at: datetime
    kind: str | None
    drafted_by: str | None
    applied_by: str | None
    progress: Progress | None


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """A draft: what it changes, who drafted and who decided, and what is open to the caller."""

    id: UUID
    kind: str
    content: dict[str, Any]
    state: str
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    version: int | None
    allowed: list[str]


def years_of(working_time: WorkingTime) -> list[YearView]:
    """The years that a version holds, the newest first."""
    calendar = working_time.calendar
    kinds = [(on.year, day.kind) for on, day in calendar.special.items()]
    return [
        YearView(
            year=year,
            state=each.state,
            notice=each.notice.number if each.notice else None,
            published_on=each.notice.published_on if each.notice else None,
            source=each.notice.source if each.notice else None,
            holidays=kinds.count((year, Kind.HOLIDAY)),
            makeups=kinds.count((year, Kind.MAKEUP)),
        )
        for year, each in sorted(calendar.years.items(), reverse=True)
    ]


async def years(session: AsyncSession, version: int | None = None) -> list[YearView]:
    """The same by number; raises CalendarUnknown."""
    return years_of(await current.current(session, version))


async def versions(session: AsyncSession) -> list[VersionView]:
    """Every version, the newest first."""
    query = (
        select(CalendarVersion, CalendarDraft, Recomputation)
        .outerjoin(CalendarDraft, CalendarDraft.version == CalendarVersion.version)
        .outerjoin(Recomputation, Recomputation.version == CalendarVersion.version)
        .order_by(CalendarVersion.version.desc())
    )
    rows = (await session.execute(query)).all()
    names = await _names(session, [draft for _, draft, _ in rows if draft])
    return [
        VersionView(
            version=made.version,
            made_at=made.made_at.astimezone(SHANGHAI),
            kind=draft.kind if draft else None,
            drafted_by=names.get(draft.drafted_by, OPERATOR) if draft else None,
            applied_by=names.get(draft.decided_by) if draft else None,
            progress=_progress(job),
        )
        for made, draft, job in rows
    ]


def _progress(job: Recomputation | None) -> Progress | None:
    if job is None:
        return None
    return Progress(
        began_at=job.began_at.astimezone(SHANGHAI),
        finished_at=job.finished_at.astimezone(SHANGHAI) if job.finished_at else None,
        looked_at=job.looked_at,
        moved=job.moved,
    )


async def progress_of(session: AsyncSession, draft: CalendarDraft) -> Progress | None:
    """How far applying a draft has come."""
    if draft.version is None:
        return None
    return _progress(await session.get(Recomputation, draft.version))


async def got(session: AsyncSession, draft_id: UUID) -> CalendarDraft:
    """A draft; raises NotFound."""
    draft = await session.get(CalendarDraft, draft_id)
    if draft is None:
        raise NotFound
    return draft


async def listed(
    session: AsyncSession, state: str | None, after: UUID | None, limit: int
) -> Sequence[CalendarDraft]:
    """Drafts, oldest first; one more than `limit`."""
    query = select(CalendarDraft).order_by(CalendarDraft.id).limit(limit + 1)
    if state:
        query = query.where(CalendarDraft.state == state)
    if after:
        query = query.where(CalendarDraft.id > after)
    return (await session.scalars(query)).all()


async def views(
    session: AsyncSession, drafts: Sequence[CalendarDraft], by: Caller
) -> list[DraftView]:
    """The drafts with the names of those who had a hand in them."""
    names = await _names(session, drafts)
    return [
        DraftView(
            id=each.id,
            kind=each.kind,
            content=each.content,
            state=each.state,
            drafted_by=names.get(each.drafted_by, OPERATOR),
            drafted_at=each.drafted_at.astimezone(SHANGHAI),
            decided_by=names.get(each.decided_by),
            decided_at=each.decided_at.astimezone(SHANGHAI) if each.decided_at else None,
            version=each.version,
            allowed=each.acts(by.account_id),
        )
        for each in drafts
    ]


async def _names(session: AsyncSession, drafts: Sequence[CalendarDraft]) -> dict[UUID | None, str]:
    ids = {by for each in drafts for by in (each.drafted_by, each.decided_by) if by}
    rows = await session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {account_id: name for account_id, name in rows.all()}
