"""The forecast's pages: the clerk's own work first, 专家中心's by partner."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.show import page
from service.requests.forecasting.past import LEAST
from service.requests.forecasting.queries import DAYS, Forecast, forecast
from service.requests.timeline import LEGS
from service.worktime.words import until

DESK, CENTRE = "/desk/forecast", "/centre/forecast"


def show(
    request: Request[Any, Any, Any], found: Forecast, *, of_centre: bool = False
) -> Response[Any]:
    """The page; a clerk's cases lead to the desk."""
    return page(
        request,
        "requests/forecasting/templates/forecast.html",
        found=found,
        of_centre=of_centre,
        legs=LEGS,
        deadline=until,
        days=DAYS,
        least=LEAST,
    )


@get(DESK, guards=[roles(Role.PARTNER_CLERK)], opt={"page": True}, include_in_schema=False)
async def of_partner(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """本单位的超期预测。"""
    return show(request, await forecast(session, now, partner_id=caller.partner_id))


@get(CENTRE, guards=[roles(Role.CENTRE)], opt={"page": True}, include_in_schema=False)
async def of_centre(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """各单位的超期预测。"""
    found = await forecast(session, now, within=caller.regions(Role.CENTRE))
    return show(request, found, of_centre=True)


ROUTES: list[Any] = [of_partner, of_centre]
