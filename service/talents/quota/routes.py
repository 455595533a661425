"""Doors of the enterprise quota (guide.md 2.2): a city's lists, naming, dropping."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.talents.quota import naming, pages, views
from service.talents.quota.naming import Naming
from service.talents.quota.views import QuotaView

Year = Annotated[int | None, QueryParameter(ge=2018, le=2100, description="年度,默认本年")]
City = Annotated[str | None, QueryParameter(pattern=r"^\d{6}$", description="市的区划代码")]


class QuotasView(msgspec.Struct, frozen=True):
    """The lists that the caller may see."""

    items: list[QuotaView]


@get("/v1/quotas", guards=[guards.roles(*views.READERS)])
async def quotas(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    year: Year = None,
    city: City = None,
) -> QuotasView:
    """各市某年度的企业名额:可列入几家、还剩几家、有哪些企业、名额用了没有。"""
    return QuotasView(await views.quotas(session, caller, year, city, now))


@post("/v1/quotas", guards=[guards.roles(Role.REVIEWER)])
async def name(
    data: Naming,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> QuotaView:
    """市级窗口把一家企业列入本年度(或下一年度)名单;答复是该市的名单。

    Problems: 403, 409 `quota-full`, `quota-named`, 422.
    """
    named = await naming.name(session, caller, data, now)
    return (await views.quotas(session, caller, named.year, named.city, now))[0]


@delete("/v1/quotas/{enterprise_id:uuid}", guards=[guards.roles(Role.REVIEWER)])
async def drop(
    enterprise_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> None:
    """把一家还没有推荐人才的企业移出名单。 Problems: 404, 409 `quota-held`."""
    await naming.drop(session, caller, enterprise_id, now)


ROUTES: list[Any] = [quotas, name, drop, *pages.ROUTES]
