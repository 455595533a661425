"""Doors of the forecast: a partner's own, and 专家中心's of its regions."""

from datetime import datetime
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.requests.forecasting import pages
from service.requests.forecasting.queries import Forecast, forecast

FRESH = {"Cache-Control": "no-store"}


@get("/v1/partner/forecast", guards=[guards.partner])
async def of_partner(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Forecast]:
    """本单位今后五个工作日可能超期的申请,由本单位过往推算。 Problems: 422 `calendar-unknown`."""
    found = await forecast(session, now, partner_id=caller.partner_id)
    return Response(found, headers=FRESH)


@get("/v1/centre/forecast", guards=[guards.roles(Role.CENTRE)])
async def of_centre(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Forecast]:
    """所辖地区今后五个工作日各单位预计的超期。 Problems: 422 `calendar-unknown`."""
    found = await forecast(session, now, within=caller.regions(Role.CENTRE))
    return Response(found, headers=FRESH)


ROUTES: list[Any] = [of_partner, of_centre, *pages.ROUTES]
