"""The page of a unit's manager and specialists: their day (api.md 2.3)."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.pages.show import page
from service.talents.applications import filling, unit_day


@get(
    "/unit",
    guards=[guards.roles(Role.UNIT_MANAGER, Role.UNIT_SPECIALIST)],
    opt={"page": True},
    include_in_schema=False,
    shows="people",
)
async def unit(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """单位的一天:等我办理的、在办的、人才和他们的卡。"""
    return page(
        request,
        "talents/templates/unit.html",
        day=await unit_day.of(session, caller, now),
        manages=caller.has(Role.UNIT_MANAGER),
        badges=filling.BADGES,
        now=now,
    )


ROUTES = [unit]
