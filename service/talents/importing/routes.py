"""Doors of the import of holders: the province's window."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.etag import etag, revision_of
from service.pages.show import SHANGHAI
from service.problems import Forbidden, NotFound
from service.talents.cards.card_routes import IfMatch
from service.talents.file_routes import uploaded
from service.talents.importing import actions, checking, sheets
from service.talents.importing.models import CardImport

BASE = "/v1/card-imports"
ONE = BASE + "/{import_id:uuid}"
windows = guards.roles(Role.REVIEWER)
CSV = "text/csv; charset=utf-8"


class FaultView(msgspec.Struct, frozen=True):
    """What is wrong with a line, counted as a spreadsheet does; never what stands there."""

    line: int
    column: str
    code: str
    detail: str


class ImportView(msgspec.Struct, frozen=True):
    """A table: how many lines, how many bad; the first 2,000 faults."""

    id: UUID
    state: str
    lines: int
    bad: int
    faults: Sequence[FaultView]
    created_at: datetime
    applied_at: datetime | None
    allowed: list[str]


def view(kept: CardImport) -> ImportView:
    """The import for its window."""
    applied = kept.applied_at.astimezone(SHANGHAI) if kept.applied_at else None
    return ImportView(
        kept.id, kept.state, kept.lines, kept.bad, [FaultView(**each) for each in kept.faults],
        kept.created_at.astimezone(SHANGHAI), applied, kept.allowed,
    )  # fmt: skip


def shown(kept: CardImport) -> Response[ImportView]:
    """The import with its ETag."""
    return Response(view(kept), headers={"ETag": etag(kept.revision)})


@post(BASE, guards=[windows])
async def look_over(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[ImportView]:
    """上传持卡人表格(multipart,XLSX 或 CSV)并逐行检查,暂不生效。

    Problems: 403, 409 `already-imported`, 413, 415, 422 `sheet-refused`.
    """
    await actions.check_may(session, caller)
    if caller.account_id is None:
        raise Forbidden
    kept, _ = await actions.look_over(session, await uploaded(request), caller.account_id, now)
    return shown(kept)


@get(BASE + "/template.csv", guards=[windows], media_type=CSV)
async def template() -> Response[str]:
    """表格模板。"""
    headers = {"Content-Disposition": 'attachment; filename="holders.csv"'}
    return Response(sheets.template(), media_type=CSV, headers=headers)


@get(ONE, guards=[windows])
async def one(
    import_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[ImportView]:
    """一次导入的检查结果。 Problems: 403, 404."""
    await actions.check_may(session, caller)
    return shown(await actions.got(session, import_id))


@get(ONE + "/bad-rows.csv", guards=[windows], media_type=CSV)
async def bad_rows(
    import_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[str]:
    """有问题的行,最后一列写明问题;改好后重新上传。 Problems: 403, 404."""
    await actions.check_may(session, caller)
    kept = await actions.got(session, import_id)
    if kept.rows is None:
        raise NotFound("这份表格的内容已按期删除,请重新上传。")
    found = await checking.check(session, kept.rows, now)
    headers = {
        "Content-Disposition": 'attachment; filename="bad-rows.csv"', "Cache-Control": "no-store",
    }  # fmt: skip
    return Response(sheets.bad_rows(kept.rows, found.said), media_type=CSV, headers=headers)


@post(ONE + "/apply", guards=[windows], status_code=200)
async def apply(
    import_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[ImportView]:
    """全部生效:每行一张卡,要么全成要么全不成。

    Problems: 403, 404, 409 `wrong-state` `already-imported` `import-stale`, 412, 428.
    """
    await actions.check_may(session, caller)
    if caller.account_id is None:
        raise Forbidden
    author = caller.author(Role.REVIEWER)
    revision = revision_of(if_match)
    kept = await actions.apply(session, import_id, caller.account_id, author, revision, now)
    return shown(kept)


ROUTES: list[Any] = [look_over, template, one, bad_rows, apply]
