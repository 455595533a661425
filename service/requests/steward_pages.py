"""The page of a 服务专员: the day, sorted by what runs out first (guide.md 1)."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.pages.show import page
from service.requests import steward_day, words
from service.requests.states import State


@get(
    "/steward",
    guards=[guards.roles(Role.STEWARD)],
    opt={"page": True},
    include_in_schema=False,
    shows="people",
)
async def steward(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """我服务的人才:在办的申请(先到期的在前)、每个人和他们的卡。"""
    return page(
        request,
        "requests/templates/steward.html",
        day=await steward_day.of(session, caller, now),
        states=words.AT_DESK,
        state_of=words.state_of,
        badges=words.BADGES,
        asked=State.AWAITING_CORRECTION,
        now=now,
    )


ROUTES = [steward]
