"""Pages of the one-to-one service: absences with a deputy, and handing over (guide.md 1, 4)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import SHANGHAI, page
from service.problems import FieldError, InvalidBody, Problem
from service.reference import regions
from service.talents.care import absences, handing, queries, unit_pages
from service.talents.care.absences import Away
from service.talents.care.handing import HandOver
from service.talents.care.models import Absence
from service.talents.care.routes import arranging, reach_of

PAGE = "/absences"
SHOWN: dict[str, Any] = {"guards": [arranging], "opt": {"page": True}, "include_in_schema": False}
ACT = SHOWN | {"status_code": 303}
DONE = {
    "noted": "离岗已登记,期间由代班人照看其人才。",
    "ended": "离岗已结束,代班随之结束。",
    "handed": "已移交,人才会收到通知。",
}


@get(PAGE, **SHOWN)
async def arranged(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """服务专员、离岗与代班。"""
    return await show(request, session, caller, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The page, with what was typed where an act met a problem."""
    stewards = await queries.stewards(session, await reach_of(session, caller))
    known = await regions.of(session)
    open_ = select(Absence).where(
        Absence.ended_at.is_(None), Absence.account_id.in_([each.id for each in stewards])
    )
    return page(
        request,
        "talents/templates/absences.html",
        problem=problem,
        told=DONE.get(request.query_params.get("done", "")),
        stewards=stewards,
        names={each.id: each.name for each in stewards},
        places={code: known.full_name(code) for code in known.by_code},
        absences=(await session.scalars(open_.order_by(Absence.begins_on, Absence.id))).all(),
        centre=caller.has(Role.CENTRE),
        me=caller.account_id,
        today=now.astimezone(SHANGHAI).date(),
        typed=given.firsts if given else {},
    )


@post(PAGE, **ACT)
async def note(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """登记离岗。"""
    given = await sent(request)
    if problem := await attempt(session, _note(session, caller, given, now)):
        return await show(request, session, caller, now, given, problem)
    return Redirect(f"{PAGE}?done=noted", status_code=303)


async def _note(session: AsyncSession, by: Caller, given: FormSent, now: datetime) -> None:
    begins, ends, deputy = given.day("begins_on"), given.day("ends_on"), given.uuid("deputy_id")
    if begins is None or ends is None or deputy is None:
        raise InvalidBody(FieldError("/begins_on", "missing", "请填写起止日期并选择代班人。"))
    steward = given.uuid("steward_id")
    await absences.note(session, by, Away(begins, ends, deputy, steward), now)


@post(PAGE + "/{absence_id:uuid}/end", **ACT)
async def end(
    request: Request[Any, Any, Any],
    absence_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """返岗或取消。"""
    if problem := await attempt(session, absences.end(session, caller, absence_id, now)):
        return await show(request, session, caller, now, None, problem)
    return Redirect(f"{PAGE}?done=ended", status_code=303)


@post(PAGE + "/hand-over", **ACT)
async def hand_over(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """离任移交。"""
    given = await sent(request)
    if problem := await attempt(session, _hand_over(session, caller, given, now)):
        return await show(request, session, caller, now, given, problem)
    return Redirect(f"{PAGE}?done=handed", status_code=303)


async def _hand_over(session: AsyncSession, by: Caller, given: FormSent, now: datetime) -> None:
    leaving, to = given.uuid("leaving"), given.uuid("to")
    if leaving is None or to is None:
        raise InvalidBody(FieldError("/to", "missing", "请选择离任人和接手人。"))
    await handing.hand_over(session, by, leaving, HandOver(to), now)


ROUTES = [arranged, note, end, hand_over, *unit_pages.ROUTES]
