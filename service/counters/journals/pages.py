"""专家中心's page of conflicts: what counters gave without a network and should not have."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.counters.journals import conflicts
from service.counters.journals.conflicts import Settlement
from service.pages.forms import attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, Problem
from service.reference import regions

LIST = "/centre/conflicts"
SHOWN = 30
REASONS = {"token-replayed": "同一个码用了两次", "quota-exhausted": "本年度次数已用完仍给了"}
PAGE: dict[str, Any] = {
    "guards": [roles(Role.CENTRE)],
    "opt": {"page": True},
    "include_in_schema": False,
}


@get(LIST, **PAGE)
async def conflicts_page(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """待核对的和已核对的。"""
    return await show(request, session, caller)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    about: UUID | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The list; `about` is the conflict whose form met a problem."""
    settled = request.query_params.get("show") == "settled"
    after = paging.after(request.query_params.get("cursor"))
    rows = await conflicts.listed(session, caller, after=after, limit=SHOWN, settled=settled)
    lines = paging.page_of(await conflicts.views(session, rows), SHOWN, lambda each: each.id)
    known = await regions.of(session)
    return page(
        request,
        "counters/templates/conflicts.html",
        problem=problem,
        conflicts=lines.items,
        revisions={row.id: row.revision for row in rows},
        next=lines.next,
        settled=settled,
        reasons=REASONS,
        places={each.region: known.full_name(each.region) for each in lines.items},
        about=about,
    )


@post(LIST + "/{entry_id:uuid}", **PAGE, status_code=303)
async def settle(
    request: Request[Any, Any, Any],
    entry_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """记下核对结果。"""
    given = await sent(request)

    async def act() -> None:
        note = given.text("note")[:1000]
        if not note:
            raise InvalidBody(FieldError("/note", "missing", "请写明核对结果。"))
        doing = conflicts.settle(session, entry_id, caller, given.revision, Settlement(note), now)
        await doing

    if problem := await attempt(session, act()):
        return await show(request, session, caller, entry_id, problem)
    return Redirect(LIST, status_code=303)


ROUTES: list[Any] = [conflicts_page, settle]
