"""专家中心's page: today's risk first, then satisfaction, the funnel and each place."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.show import page
from service.reference import regions
from service.satisfaction import (
    breakdown,
    case_pages,
    charts,
    figures,
    loan_pages,
    promises,
    rating_pages,
    rules,
    ruling_pages,
    slip_pages,
    used_pages,
)
from service.satisfaction import overview as overviews
from service.satisfaction.breakdown import Dimension, Period, Place, Scope
from service.satisfaction.charts import Bar, Whisker
from service.satisfaction.figures import Counts, Share

PERIODS = {"month": "本月", "year": "本年", "all": "全部"}
DAYS_SHOWN = 31


def period_of(name: str, today: date) -> Period:
    """The period of a choice; anything else is the year."""
    match name:
        case "month":
            return Period(today.replace(day=1), None)
        case "all":
            return Period()
    return Period(today.replace(month=1, day=1), None)


class PlaceRow(msgspec.Struct, frozen=True):
    """One place of the table: what it completed, in time or not, and how it was rated."""

    key: str
    name: str
    good: Share
    satisfaction: Share
    on_time: Share
    counts: Counts


@get("/centre", guards=[roles(Role.CENTRE)], opt={"page": True}, include_in_schema=False)
async def centre(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    region: Place = None,
) -> Response[Any]:
    """总览。"""
    chosen = request.query_params.get("period", "year")
    chosen = chosen if chosen in PERIODS else "year"
    period = period_of(chosen, promises.day_of(now))
    scope = await breakdown.scope_of(session, caller, region)
    seen = await overviews.overview(session, scope, period, now)
    rows = await _places(session, scope, period)
    return page(
        request,
        "satisfaction/templates/centre.html",
        seen=seen,
        rows=rows,
        by_place=_place_chart(rows),
        steps=_steps(seen.funnel),
        funnel=charts.funnel("funnel", "办理漏斗", _steps(seen.funnel)),
        course=await _course(session, scope, period, now),
        periods=PERIODS,
        chosen=chosen,
        begins_on=period.begins_on,
        region=region,
        up=await _up(session, caller, scope),
        percent=charts.percent,
        interval=charts.interval,
    )


async def _places(session: AsyncSession, scope: Scope, period: Period) -> list[PlaceRow]:
    """Every place next below, those of which nothing is known too."""
    found = await breakdown.counts_by(session, Dimension.REGION, scope, period)
    weights = (await rules.in_force(session)).weights
    places = await regions.of(session)
    below = {
        code
        for code, each in places.by_code.items()
        if each.parent == scope.region and each.valid_to is None
    }
    keys = sorted(below | found.keys(), key=lambda code: (code == scope.region, code))
    return [_place_row(key, places, found, scope, weights) for key in keys]


def _place_row(
    key: str,
    places: regions.Regions,
    found: Mapping[str, Counts],
    scope: Scope,
    weights: tuple[int, ...],
) -> PlaceRow:
    counts = found.get(key, Counts())
    own = {"370000": "省直"}.get(key, "本级")
    return PlaceRow(
        key,
        own if key == scope.region else places.name(key),
        figures.good_rate(counts),
        figures.satisfaction(counts, weights),
        figures.on_time(counts),
        counts,
    )


def _place_chart(rows: list[PlaceRow]) -> Any:
    shown = [Whisker(row.name, row.good) for row in rows if row.counts.n]
    return charts.whiskers("places", "各地好评率与 95% 区间", shown) if shown else None


def _steps(funnel: overviews.Funnel) -> list[Bar]:
    return [
        Bar("提交", funnel.submitted),
        Bar("接件", funnel.accepted),
        Bar("办结", funnel.completed),
        Bar("已评价", funnel.rated),
    ]


async def _course(
    session: AsyncSession, scope: Scope, period: Period, now: datetime
) -> dict[str, Any]:
    """The last month's ratings day by day, the days without any too."""
    today = promises.day_of(now)
    first = max(today - timedelta(days=DAYS_SHOWN - 1), period.begins_on or date.min)
    found = await breakdown.counts_by(session, Dimension.DAY, scope, Period(first, today))
    days = [first + timedelta(days=k) for k in range((today - first).days + 1)]
    counts = [found.get(day.isoformat(), Counts()) for day in days]
    bars = [
        Bar(f"{day.month}/{day.day}", each.good, each.n - each.good)
        for day, each in zip(days, counts, strict=True)
    ]
    return {
        "bars": bars,
        "any": any(each.n for each in counts),
        "svg": charts.columns("course", "每日评价数", bars, ("好评", "差评")),
    }


async def _up(session: AsyncSession, caller: Caller, scope: Scope) -> str | None:
    """The place above, where the caller may look at it; what the way back leads to."""
    places = await regions.of(session)
    here = places.get(scope.region)
    mine = await breakdown.scope_of(session, caller, None)
    if here is None or here.parent is None or here.parent not in (mine.codes or ()):
        return None
    return here.parent


ROUTES = [
    centre,
    *loan_pages.ROUTES,
    *case_pages.ROUTES,
    *rating_pages.ROUTES,
    *ruling_pages.ROUTES,
    *slip_pages.ROUTES,
    *used_pages.ROUTES,
]
