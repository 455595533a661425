"""Doors of the import of holders: the province's window."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
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
T = TypeVar("T", str, bytes)


class FaultView(msgspec.Struct, frozen=True):
    """What is wrong with a line, counted as a spreadsheet does; never what stands there."""

    line: int
    column: str
    code: str
    detail: str


class ImportView(msgspec.Struct, frozen=True):
    """A table: how many lines, how many bad; the first 2,000 faults.

    `notes` are lines to look at that are not bad: somebody alike is there already.
    """

    id: UUID
    state: str
    lines: int
    bad: int
    faults: Sequence[FaultView]
    notes: Sequence[FaultView]
    created_at: datetime
    applied_at: datetime | None
    allowed: list[str]


def view(kept: CardImport) -> ImportView:
    """The import for its window."""
    applied = kept.applied_at.astimezone(SHANGHAI) if kept.applied_at else None
    return ImportView(
        kept.id, kept.state, kept.lines, kept.bad, [FaultView(**each) for each in kept.faults],
        [FaultView(**each) for each in kept.notes],
        kept.created_at.astimezone(SHANGHAI), applied, kept.allowed,
    )  # fmt: skip


def shown(kept: CardImport) -> Response[ImportView]:
    """The import with its ETag."""
    return Response(view(kept), headers={"ETag": etag(kept.revision)})


@post(BASE, guards=[windows], opt={"form": "file"})
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


@get(BASE + "/template.xlsx", guards=[windows], media_type=sheets.XLSX)
async def template_workbook() -> Response[bytes]:
    """表格模板,XLSX。"""
    return _file(sheets.template_workbook(), sheets.XLSX, "holders.xlsx")


@get(ONE, guards=[windows], shows="import")
async def one(
    import_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[ImportView]:
    """一次导入的检查结果。 Problems: 403, 404."""
    await actions.check_may(session, caller)
    return shown(await actions.got(session, import_id))


@get(ONE + "/bad-rows.csv", guards=[windows], media_type=CSV, shows="import")
async def bad_rows(
    import_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[str]:
    """有问题的行,最后一列写明问题;改好后重新上传。 Problems: 403, 404."""
    rows, said = await _bad(session, caller, import_id, now)
    return _file(sheets.bad_rows(rows, said), CSV, "bad-rows.csv")


@get(ONE + "/bad-rows.xlsx", guards=[windows], media_type=sheets.XLSX, shows="import")
async def bad_workbook(
    import_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """同上,XLSX:每格都是文本,证件号码不会被表格软件改成数字。 Problems: 403, 404."""
    rows, said = await _bad(session, caller, import_id, now)
    content = await asyncio.to_thread(sheets.bad_workbook, rows, said)
    return _file(content, sheets.XLSX, "bad-rows.xlsx")


async def _bad(
    session: AsyncSession, caller: Caller, import_id: UUID, now: datetime
) -> tuple[list[sheets.Row], dict[int, str]]:
    """All rows of an import, and what is wrong with the bad ones; raises Forbidden, NotFound."""
    await actions.check_may(session, caller)
    kept = await actions.got(session, import_id)
    if kept.rows is None:
        raise NotFound("这份表格的内容已按期删除,请重新上传。")
    return kept.rows, (await checking.check(session, kept.rows, now)).said


def _file(content: T, media_type: str, name: str) -> Response[T]:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store",
    }  # fmt: skip
    return Response(content, media_type=media_type, headers=headers)


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


ROUTES: list[Any] = [look_over, template, template_workbook, one, bad_rows, bad_workbook, apply]
