"""The province window's page for importing holders: send a table, read the report, apply it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.pages.forms import attempt, sent
from service.pages.show import page
from service.problems import FieldError, Forbidden, InvalidBody, Problem
from service.talents.importing import actions, routes, sheets
from service.talents.importing.models import CardImport

LIST = "/imports"
ONE = LIST + "/{import_id:uuid}"
PAGE: dict[str, Any] = {
    "guards": [guards.roles(Role.REVIEWER)],
    "opt": {"page": True},
    "include_in_schema": False,
}
SHOWN, FAULTS = 30, 200
STATES = {"checked": "已检查,未生效", "applied": "已生效"}
TITLES = dict(sheets.COLUMNS)


@get(LIST, **PAGE)
async def imports(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """上传,和最近的几次。"""
    await actions.check_may(session, caller)
    return await show(request, session)


async def show(
    request: Request[Any, Any, Any], session: AsyncSession, problem: Problem | None = None
) -> Response[Any]:
    """The page, with what was refused."""
    query = select(CardImport).order_by(CardImport.id.desc()).limit(SHOWN)
    found = [routes.view(each) for each in await session.scalars(query)]
    template = "talents/templates/imports.html"
    return page(request, template, problem=problem, imports=found, states=STATES)


@post(LIST, **PAGE, status_code=303)
async def send(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """上传并检查。"""
    await actions.check_may(session, caller)
    upload = (await sent(request)).upload("file")
    octets = await upload.read() if upload else b""
    made: list[CardImport] = []

    async def act() -> None:
        if caller.account_id is None:
            raise Forbidden
        if not octets:
            raise InvalidBody(FieldError("/file", "missing", "请选择要上传的表格。"))
        kept, _ = await actions.look_over(session, octets, caller.account_id, now)
        made.append(kept)

    if problem := await attempt(session, act()):
        return await show(request, session, problem)
    return Redirect(f"{LIST}/{made[0].id}", status_code=303)


@get(ONE, **PAGE, shows="import")
async def one(
    request: Request[Any, Any, Any],
    import_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """一次导入的检查结果。"""
    await actions.check_may(session, caller)
    return await show_one(request, session, import_id)


async def show_one(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    import_id: UUID,
    problem: Problem | None = None,
) -> Response[Any]:
    """The report of one table."""
    kept = await actions.got(session, import_id)
    view = routes.view(kept)
    return page(
        request,
        "talents/templates/import_one.html",
        problem=problem,
        view=view,
        faults=view.faults[:FAULTS],
        has_rows=kept.rows is not None,
        revision=kept.revision,
        states=STATES,
        titles=TITLES,
    )


@post(ONE, **PAGE, status_code=303)
async def apply(
    request: Request[Any, Any, Any],
    import_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """全部生效。"""
    await actions.check_may(session, caller)
    given = await sent(request)
    if caller.account_id is None:
        raise Forbidden
    author = caller.author(Role.REVIEWER)

    async def act() -> None:
        await actions.apply(session, import_id, caller.account_id, author, given.revision, now)

    if problem := await attempt(session, act()):
        return await show_one(request, session, import_id, problem)
    return Redirect(f"{LIST}/{import_id}", status_code=303)


ROUTES: list[Any] = [imports, send, one, apply]
