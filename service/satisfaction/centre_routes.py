"""专家中心's doors: overview, tables of figures, the stream; what is published (api.md 6)."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.problems import FieldError, InvalidBody
from service.reference.tables import PROVINCE
from service.satisfaction import (
    breakdown,
    case_routes,
    figure_views,
    promises,
    rules,
    sheets,
    stream,
)
from service.satisfaction.breakdown import Dimension, From, Period, Place, Scope, To
from service.satisfaction.figure_views import FigureTable, PublicTable, SlaTable
from service.satisfaction.overview import Overview
from service.satisfaction.overview import overview as look

centre = roles(Role.CENTRE)


@get("/v1/centre/overview", guards=[centre])
async def overview(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    region: Place = None,
    begins_on: From = None,
    ends_on: To = None,
) -> Response[Overview]:
    """总览:今日风险、办理漏斗、好评率与满意度、按时办结率。 Problems: 404, 422."""
    scope = await breakdown.scope_of(session, caller, region)
    found = await look(session, scope, breakdown.period_of(begins_on, ends_on), now)
    return Response(found, headers={"Cache-Control": "no-store"})


@get("/v1/centre/satisfaction", guards=[centre], opt={"sheet": True})
async def satisfaction(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    by: Dimension = Dimension.OFFERING,
    region: Place = None,
    begins_on: From = None,
    ends_on: To = None,
) -> Response[FigureTable]:
    """好评率、满意度、主动评价率,按一个维度;可要 CSV、XLSX。 Problems: 404, 406, 422."""
    scope = await breakdown.scope_of(session, caller, region)
    period = breakdown.period_of(begins_on, ends_on)
    found = await breakdown.counts_by(session, by, scope, period)
    names = await breakdown.names_of(session, by)
    numbers = await rules.in_force(session)
    table = figure_views.table(by, scope, period, found, names, numbers, now)
    return sheets.answer(request, table, sheets.FIGURES)


@get("/v1/centre/sla", guards=[centre], opt={"sheet": True})
async def sla(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    by: Dimension = Dimension.OFFERING,
    region: Place = None,
    begins_on: From = None,
    ends_on: To = None,
) -> Response[SlaTable]:
    """按时办结率和各段超期,按一个维度;可要 CSV、XLSX。 Problems: 404, 406, 422."""
    scope = await breakdown.scope_of(session, caller, region)
    period = breakdown.period_of(begins_on, ends_on)
    found = await breakdown.counts_by(session, by, scope, period)
    names = await breakdown.names_of(session, by)
    table = figure_views.sla_table(by, scope, period, found, names, now)
    return sheets.answer(request, table, sheets.SLA)


PUBLISHED = (
    Dimension.OFFERING,
    Dimension.PARTNER,
    Dimension.REGION,
    Dimension.SECTOR,
    Dimension.MONTH,
)
Year = Annotated[int | None, QueryParameter(ge=2020, le=2100, description="年份,默认本年")]


@get("/v1/public/satisfaction", opt={"open": True, "sheet": True})
async def public_satisfaction(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
    by: Dimension = Dimension.OFFERING,
    year: Year = None,
) -> Response[PublicTable]:
    """对外公布的好评率和满意度:一年的,截至昨天,评价少的隐去。 Problems: 404, 406, 422.

    Only whole years and days that are over: whoever could choose the days would find single
    answers by subtracting one answer from the next (satisfaction.md F6, G7).
    """
    if by not in PUBLISHED:
        raise InvalidBody(FieldError("/by", "not-published", "此维度不对外公布。"))
    yesterday = promises.day_of(now) - timedelta(days=1)
    of_year = year or yesterday.year
    through = min(yesterday, date(of_year, 12, 31))
    period = Period(date(of_year, 1, 1), through)
    found = await breakdown.counts_by(session, by, Scope(PROVINCE, None), period)
    rated = {key: counts for key, counts in found.items() if counts.n}
    names = await breakdown.names_of(session, by)
    numbers = await rules.in_force(session)
    table = figure_views.public_table(by, of_year, through, rated, names, numbers)
    return sheets.answer(request, table, sheets.PUBLISHED)


@get("/v1/centre/stream", guards=[centre], media_type="text/event-stream")
async def follow(
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    region: Place = None,
    begins_on: From = None,
    ends_on: To = None,
    last_event_id: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
) -> ServerSentEvent:
    """总览的变化(server-sent events):`fact` 是事实,`overview` 是变化后的总览。

    带 `Last-Event-ID` 重连时,从那里接着给,不缺不重。
    """
    period = breakdown.period_of(begins_on, ends_on)
    async with state.sessions() as session:
        scope = await breakdown.scope_of(session, caller, region)
    position = stream.position_of(last_event_id, now)
    teller = stream.Teller(state.sessions, state.clock, scope, period, position)
    return ServerSentEvent(
        stream.changes(teller, state.clock), headers={"Cache-Control": "no-store"}
    )


ROUTES = [overview, satisfaction, sla, public_satisfaction, follow, *case_routes.ROUTES]
