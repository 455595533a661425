"""Slips: the counter's door and page that hand one out, and the page that it opens (G3)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from cards import qr
from service.auth.callers import STAFF, Caller, Role
from service.auth.guards import roles, scope
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import Forbidden, Problem
from service.satisfaction import names, rating, rating_pages, rules, slips
from service.satisfaction.slips import Slip

RATE = "/rate/{token:str}"
OPEN: dict[str, Any] = {"opt": {"open": True, "page": True}, "include_in_schema": False}


@post(
    "/v1/redemptions/{redemption_id:uuid}/slip", guards=[scope("cards:redeem", Role.PARTNER_CLERK)]
)
async def slip(
    redemption_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Slip:
    """评价码:网点交给持卡人或随行家属,扫码即可评价这一次服务,只能用一次 (satisfaction.md G3)。

    Problems: 404, 409 `already-rated` `rating-window-over`.
    """
    return await slips.make(session, redemption_id, state.settings.base_url, caller, now)


@post(
    "/counter/redemptions/{redemption_id:uuid}/slip",
    guards=[roles(Role.PARTNER_CLERK)],
    status_code=200,
    opt={"page": True},
    include_in_schema=False,
)
async def slip_page(
    request: Request[Any, Any, Any],
    redemption_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """网点页:屏幕上给持卡人扫,或打印交给他。"""
    made = await slips.make(session, redemption_id, state.settings.base_url, caller, now)
    return page(
        request,
        "satisfaction/templates/slip.html",
        made=made,
        code=qr.svg(made.url),
    )


def check_no_staff(caller: Caller | None) -> None:
    """Staff cannot rate, with a slip neither (G3). Raises Forbidden."""
    if caller is not None and caller.has(*STAFF):
        raise Forbidden


@get(RATE, **OPEN)
async def open_slip(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """扫评价码打开的页:不登录,评一次。"""
    return await show(request, session, token, now)


@post(RATE, status_code=303, **OPEN)
async def rate(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """提交评价;重复提交只算一次。"""
    check_no_staff(request.scope.get("user"))
    form = await sent(request)
    given = rating_pages.given_of(form)
    if given is None:
        return await show(request, session, token, now, form, rating_pages.NoGrade())
    problem = await attempt(session, slips.rate(session, token, given, now))
    if problem is not None and not isinstance(problem, rating.AlreadyRated):
        return await show(request, session, token, now, form, problem)
    return Redirect(f"/rate/{token}", status_code=303)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    token: str,
    now: datetime,
    form: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The form, or thanks. What was said is not shown again: the slip may lie about."""
    check_no_staff(request.scope.get("user"))
    about = await slips.about_of(session, token, now)
    partners, offerings = await names.partners(session), await names.offerings(session)
    return page(
        request,
        "satisfaction/templates/rate_by_slip.html",
        problem=problem,
        action=f"/rate/{token}",
        offering=offerings.get(about.offering, about.offering),
        partner=partners.get(str(about.partner_id), ""),
        done=about.completed_at,
        rated=await rating.of(session, about) is not None,
        **rating_pages.choices(await rules.tags(session), form),
    )


ROUTES = [slip, slip_page, open_slip, rate]
