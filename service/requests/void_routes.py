"""Doors of breaches that should not count: one of 专家中心 asks, another decides (E3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.paging import Cursor, Limit, Page
from service.requests import void_pages, voids
from service.requests.actions import voiding
from service.requests.voids import BreachView, VoidView

centre = guards.roles(Role.CENTRE)


class Breaches(msgspec.Struct, frozen=True):
    """The latest breaches that nobody has asked to void."""

    items: Sequence[BreachView]


@get("/v1/centre/breaches", guards=[centre])
async def breaches(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
) -> Breaches:
    """最近的超期,尚无人申请作废的。"""
    return Breaches(await voids.breaches(session, caller, limit))


@post("/v1/centre/breaches/{clock_id:uuid}/void", guards=[centre])
async def ask(
    clock_id: FromPath[UUID],
    data: voiding.Asking,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> VoidView:
    """申请作废一次超期,写明理由;由另一位同事裁定。 Problems: 404, 409 `void-asked`, 422."""
    void = await voiding.ask(session, clock_id, caller, data, now)
    return await _shown(session, caller, void.id)


@get("/v1/centre/breach-voids", guards=[centre])
async def asked(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    wanted: Annotated[
        Literal["open", "void", "upheld"] | None, QueryParameter(name="state")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[VoidView]]:
    """超期作废的申请与裁定。 Problems: 400."""
    found = await voids.listed(session, caller, wanted, paging.after(cursor), limit)
    return paging.answer(request, paging.page_of(found, limit, lambda each: each.id))


@post("/v1/centre/breach-voids/{void_id:uuid}", guards=[centre], status_code=200)
async def decide(
    void_id: FromPath[UUID],
    data: voiding.Deciding,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> VoidView:
    """另一人裁定:作废或维持;超期记录不删,指标两种口径并列。 Problems: 404, 409 `wrong-state`."""
    await voiding.decide(session, void_id, caller, data, now)
    return await _shown(session, caller, void_id)


async def _shown(session: AsyncSession, caller: Caller, void_id: UUID) -> VoidView:
    before = UUID(int=void_id.int - 1)
    return (await voids.listed(session, caller, None, before, 1))[0]


ROUTES: list[Any] = [breaches, ask, asked, decide, *void_pages.ROUTES]
