"""Doors of journals and their conflicts (card-token.md 13.3, 13.4)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller, Role
from service.auth.guards import roles, scope
from service.counters.door import door_of
from service.counters.journals import conflicts, recording
from service.counters.journals.conflicts import ConflictView, Settlement
from service.counters.journals.entries import Journal, Results
from service.etag import etag, revision_of
from service.paging import Cursor, Limit, Page

BODY = 1024 * 1024
"""500 lines with tokens of the longest kind that is looked at."""
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="读到的 ETag")]


@post(
    "/v1/offline-journals",
    status_code=200,
    guards=[scope("cards:redeem", Role.PARTNER_CLERK)],
    request_max_body_size=BODY,
)
async def take_journal(
    data: Journal,
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Results]:
    """上传离线日志,最多 500 条,逐条答复 (card-token.md 13.3–13.5)。

    Problems: 413, 422 `unknown-service-point`.
    """
    results = await recording.take(door_of(state), data, caller, now)
    return Response(Results(results), headers={"Cache-Control": "no-store"})


@get("/v1/offline-conflicts", guards=[scope("cards:redeem", Role.PARTNER_CLERK)])
async def own_conflicts(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
    settled: bool | None = None,
) -> Response[Page[ConflictView]]:
    """本单位离线核销的冲突。"""
    return await _listed(request, session, caller, limit, cursor, settled)


@get("/v1/centre/conflicts", guards=[roles(Role.CENTRE)])
async def centre_conflicts(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
    settled: bool | None = None,
) -> Response[Page[ConflictView]]:
    """本区域离线核销的冲突:重复使用的码、次数已用完仍给了的。"""
    return await _listed(request, session, caller, limit, cursor, settled)


async def _listed(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    limit: int,
    cursor: str | None,
    settled: bool | None,
) -> Response[Page[ConflictView]]:
    rows = await conflicts.listed(
        session, caller, after=paging.after(cursor), limit=limit, settled=settled
    )
    lines = await conflicts.views(session, rows)
    return paging.answer(request, paging.page_of(lines, limit, lambda each: each.id))


@post("/v1/centre/conflicts/{entry_id:uuid}/settle", guards=[roles(Role.CENTRE)], status_code=200)
async def settle(
    entry_id: FromPath[UUID],
    data: Settlement,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[ConflictView]:
    """记下核对结果,了结一件冲突。 Problems: 404, 409 `wrong-state`, 412, 428."""
    row = await conflicts.settle(session, entry_id, caller, revision_of(if_match), data, now)
    (view,) = await conflicts.views(session, [row])
    return Response(view, headers={"ETag": etag(row.revision)})


ROUTES: list[Any] = [take_journal, own_conflicts, centre_conflicts, settle]
