"""Doors of the calendar: what is in force, drafts, dry run, applying by a second person (R1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.calendars import drafting, pages, sheet, trying, views
from service.calendars.models import CalendarDraft
from service.calendars.reading import Given
from service.calendars.trying import DryRun
from service.calendars.views import DraftView, VersionView, YearView
from service.etag import etag, revision_of
from service.paging import Cursor, Limit, Page

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="读到的 ETag")]
centre = guards.roles(Role.CENTRE)
BASE = "/v1/calendar-drafts"
ONE = BASE + "/{draft_id:uuid}"


class Calendars(msgspec.Struct, frozen=True):
    """The version in force, its years, and how each version came to be."""

    version: int
    years: Sequence[YearView]
    versions: Sequence[VersionView]


class Applying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """试算时的现行版本号;其间有了新版本则须重新试算。"""

    calendar_version: int


async def shown(session: AsyncSession, draft: CalendarDraft, caller: Caller) -> Response[DraftView]:
    """A draft with its ETag."""
    [view] = await views.views(session, [draft], caller)
    return Response(view, headers={"ETag": etag(draft.revision)})


@get("/v1/calendars", guards=[centre])
async def calendars(session: NamedDependency[AsyncSession]) -> Calendars:
    """现行工作日历:各年是已公布(文号、日期、来源)还是暂定,历次版本由谁起草和生效。"""
    found = await views.versions(session)
    return Calendars(found[0].version, await views.years(session), found)


@post(BASE, guards=[centre])
async def begin(
    data: Given,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[DraftView]:
    """起草:一个年度的放假通知(`notice`,全省),或地区的单日调整(`overlay`,本地区及下级)。

    Problems: 403, 422(逐行指出).
    """
    return await shown(session, await drafting.begin(session, data, caller, now), caller)


@get(BASE, guards=[centre])
async def drafts(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    wanted: Annotated[
        Literal["open", "applied", "dropped"] | None, QueryParameter(name="state")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[DraftView]]:
    """草稿。 Problems: 400."""
    found = await views.listed(session, wanted, paging.after(cursor), limit)
    lines = await views.views(session, found, caller)
    return paging.answer(request, paging.page_of(lines, limit, lambda each: each.id))


@get(ONE, guards=[centre])
async def one(
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[DraftView]:
    """一份草稿。 Problems: 404."""
    return await shown(session, await views.got(session, draft_id), caller)


@get(ONE + "/dry-run", guards=[centre])
async def dry_run(
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> DryRun:
    """试算:哪些未结时限会变,从何时到何时。不写入任何东西。 Problems: 404."""
    return await trying.dry_run(session, await views.got(session, draft_id), now)


@get(ONE + "/moves.csv", guards=[centre], media_type="text/csv")
async def moves(
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """试算的全部结果,一行一个时限。 Problems: 404."""
    draft = await views.got(session, draft_id)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="calendar-{draft_id}.csv"',
    }
    return Response(await sheet.of(session, draft, now), headers=headers, media_type="text/csv")


@post(ONE + "/apply", guards=[centre], status_code=200)
async def apply(
    draft_id: FromPath[UUID],
    data: Applying,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[DraftView]:
    """另一人生效:新时限即用新版,未结的随后重算并告知各方;已结束的不动,已发生的超期仍是事实。

    Problems: 403, 404, 409 `wrong-state` `calendar-moved-on` `recomputing` `nothing-changes`,
    412, 422, 428.
    """
    seen, revision = data.calendar_version, revision_of(if_match)
    draft = await drafting.apply(session, draft_id, caller, revision, seen, now)
    return await shown(session, draft, caller)


@post(ONE + "/drop", guards=[centre], status_code=200)
async def drop(
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[DraftView]:
    """放弃草稿。 Problems: 403, 404, 409 `wrong-state`, 412, 428."""
    draft = await drafting.drop(session, draft_id, caller, revision_of(if_match), now)
    return await shown(session, draft, caller)


ROUTES: list[Any] = [
    calendars, begin, drafts, one, dry_run, moves, apply, drop, *pages.ROUTES
]  # fmt: skip
