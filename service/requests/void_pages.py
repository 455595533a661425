"""专家中心的超期页: which breaches should not count, and the other's ruling (time.md E3)."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions
from service.requests import voids
from service.requests.actions import voiding
from service.requests.timeline import LEGS

PAGE = "/centre/breaches"
SHOWN = 50
OPTIONS: dict[str, Any] = {
    "guards": [roles(Role.CENTRE)],
    "opt": {"page": True},
    "include_in_schema": False,
}
STATES = {"open": "待裁定", "void": "已作废", "upheld": "维持"}


@get(PAGE, **OPTIONS)
async def breaches(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """最近的超期,和作废的申请。"""
    return await show(request, session, caller)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    problem: Problem | None = None,
    form: FormSent | None = None,
) -> Response[Any]:
    """The page; the form that met a problem as it was typed."""
    asked = await voids.listed(session, caller, None, None, 200)
    return page(
        request,
        "requests/templates/breaches.html",
        problem=problem,
        waiting=[each for each in asked if each.state == voids.OPEN],
        decided=[each for each in reversed(asked) if each.state != voids.OPEN][:SHOWN],
        found=await voids.breaches(session, caller, SHOWN),
        place=(await regions.of(session)).full_name,
        reasons=voids.REASONS,
        states=STATES,
        legs=LEGS,
        typed=form.firsts if form else {},
    )


@post(PAGE, **OPTIONS, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """申请作废,或裁定。"""
    form = await sent(request)
    if problem := await attempt(session, _act(session, caller, form, now)):
        return await show(request, session, caller, problem, form)
    return Redirect(PAGE, status_code=303)


async def _act(session: AsyncSession, by: Caller, form: FormSent, now: datetime) -> None:
    if clock_id := form.uuid("clock_id"):
        note = form.text("note")
        if not 2 <= len(note) <= 2000:
            raise InvalidBody(FieldError("/note", "missing", "请写明情况(2 至 2000 字)。"))
        asked = voiding.Asking(form.text("reason"), note)
        await voiding.ask(session, clock_id, by, asked, now)
    elif (void_id := form.uuid("void_id")) and form.text("do") in ("void", "uphold"):
        given = msgspec.convert({"decision": form.text("do")}, voiding.Deciding)
        await voiding.decide(session, void_id, by, given, now)
    else:
        raise NotFound


ROUTES: list[Any] = [breaches, act]
