"""The manager's page of the unit's specialists: who looks after whom, handing over (guide.md 1)."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, Problem
from service.talents.care import specialists
from service.talents.care.specialists import Specialist, SpecialistLeaves

PAGE = "/unit/specialists"
SHOWN: dict[str, Any] = {
    "guards": [roles(Role.UNIT_MANAGER)],
    "opt": {"page": True},
    "include_in_schema": False,
}
ACT = SHOWN | {"status_code": 303}
SET = "已指定,人才会收到通知。"


@get(PAGE, **SHOWN)
async def staff(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """本单位的服务专员、各自照看的人才、离任移交。"""
    return await show(request, session, caller)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The page, with what was chosen where an act met a problem."""
    return page(
        request,
        "talents/templates/unit_specialists.html",
        problem=problem,
        told=_told(request),
        staff=await specialists.staff_of(session, caller),
        holders=await specialists.holders_of(session, caller),
        typed=given.firsts if given else {},
    )


def _told(request: Request[Any, Any, Any]) -> str | None:
    """What an act said; of a hand-over, how much went over."""
    if request.query_params.get("done") == "set":
        return SET
    holders, files = (request.query_params.get(name, "") for name in ("holders", "applications"))
    if holders.isdecimal() and files.isdecimal() and len(holders + files) < 10:
        return f"已移交 {holders} 位人才、{files} 件在办的办卡申请;人才会收到通知。"
    return None


@post(PAGE, **ACT)
async def name_one(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """为一位人才指定服务专员。"""
    given = await sent(request)
    card_id = given.uuid("card_id")
    if card_id is None:
        problem: Problem = InvalidBody(FieldError("/card_id", "missing", "请选择人才。"))
        return await show(request, session, caller, given, problem)
    named = Specialist(given.text("specialist")[:200])
    doing = specialists.set_for(session, caller, card_id, named, now)
    if refused := await attempt(session, doing):
        return await show(request, session, caller, given, refused)
    return Redirect(f"{PAGE}?done=set", status_code=303)


@post(PAGE + "/hand-over", **ACT)
async def hand_over(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """离任移交:人才和在办的办卡申请一次交给接手人。"""
    given, taken = await sent(request), []

    async def act() -> None:
        taken.append(await specialists.hand_over(session, caller, _leaving(given), now))

    if problem := await attempt(session, act()):
        return await show(request, session, caller, given, problem)
    went = f"holders={taken[0].holders}&applications={taken[0].applications}"
    return Redirect(f"{PAGE}?{went}", status_code=303)


def _leaving(given: FormSent) -> SpecialistLeaves:
    leaving, to = given.uuid("leaving"), given.text("to")[:200]
    if leaving is None or not to:
        raise InvalidBody(FieldError("/to", "missing", "请选择离任人和接手人。"))
    return SpecialistLeaves(leaving=leaving, to=to)


ROUTES: list[Any] = [staff, name_one, hand_over]
