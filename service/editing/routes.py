"""Doors of the offerings' editor: 专家中心 drafts, another of them publishes (api.md 2.3, 4.2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.editing import drafting, pages, trying, views
from service.editing.content import Drafted
from service.editing.drafting import Opened
from service.editing.models import OfferingDraft
from service.editing.rules import pages as rule_pages
from service.editing.trying import DryRun
from service.editing.views import DraftView, VersionLine
from service.etag import etag, revision_of
from service.paging import Cursor, Limit, Page

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="读到的 ETag")]
centre = guards.roles(Role.CENTRE)
BASE = "/v1/offering-drafts"
ONE = BASE + "/{draft_id:uuid}"


class Versions(msgspec.Struct, frozen=True):
    """An offering's versions, the newest first."""

    items: Sequence[VersionLine]


async def shown(session: AsyncSession, draft: OfferingDraft, caller: Caller) -> Response[DraftView]:
    """A draft with its ETag."""
    [view] = await views.views(session, [draft], caller)
    return Response(view, headers={"ETag": etag(draft.revision)})


@get("/v1/offerings/{code:str}/versions", guards=[centre])
async def versions(code: FromPath[str], session: NamedDependency[AsyncSession]) -> Versions:
    """一个事项的全部版本:何时起、为什么、谁起草谁发布。 Problems: 404."""
    return Versions(await views.history(session, code))


@post("/v1/offerings/{code:str}/drafts", guards=[centre])
async def begin(
    code: FromPath[str],
    data: Drafted,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[DraftView]:
    """起草新版本:`content` 是整份内容(从现行版本改起),`valid_from` 不早于今天。

    Problems: 404, 409 `draft-open`, 422.
    """
    return await shown(session, await drafting.begin(session, code, caller, data, now), caller)


@post(BASE, guards=[centre])
async def open_new(
    data: Opened,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[DraftView]:
    """起草一个新事项;另一人发布后才是事项。停办是内容中 `stopped_on` 等项的新版本。

    Problems: 409 `draft-open` `offering-exists`, 422.
    """
    return await shown(session, await drafting.open_new(session, caller, data, now), caller)


@get(BASE, guards=[centre])
async def drafts(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    wanted: Annotated[
        Literal["open", "published", "dropped"] | None, QueryParameter(name="state")
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
async def dry_run(draft_id: FromPath[UUID], session: NamedDependency[AsyncSession]) -> DryRun:
    """试算:改了什么,影响谁;最近的申请按新表单是否合格。不写入任何东西。 Problems: 404."""
    return await trying.dry_run(session, await views.got(session, draft_id))


@patch(ONE, guards=[centre])
async def change(
    draft_id: FromPath[UUID],
    data: Drafted,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[DraftView]:
    """起草人修改。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    draft = await drafting.change(session, draft_id, caller, revision_of(if_match), data, now)
    return await shown(session, draft, caller)


@post(ONE + "/publish", guards=[centre], status_code=200)
async def publish(
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[DraftView]:
    """另一人发布;在办申请仍按原版本办。

    Problems: 404, 409 `wrong-state` `draft-outdated`, 412, 422, 428.
    """
    draft = await drafting.publish(session, draft_id, caller, revision_of(if_match), now)
    return await shown(session, draft, caller)


@post(ONE + "/drop", guards=[centre], status_code=200)
async def drop(
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[DraftView]:
    """放弃草稿。 Problems: 404, 409 `wrong-state`, 412, 428."""
    draft = await drafting.drop(session, draft_id, caller, revision_of(if_match), now)
    return await shown(session, draft, caller)


ROUTES: list[Any] = [
    versions,
    begin,
    open_new,
    drafts,
    one,
    dry_run,
    change,
    publish,
    drop,
    *pages.ROUTES,
    *rule_pages.ROUTES,
]
