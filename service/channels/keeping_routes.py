"""Doors and page of outward messages: the system administrator's."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.channels import keeping, switched
from service.channels.keeping import SendingView
from service.channels.topics import CHANNEL_NAMES
from service.pages.forms import attempt, sent
from service.pages.show import page
from service.paging import Cursor, Limit, Page
from service.problems import NotFound

BASE = "/v1/sendings"
PAGE = "/sendings"
SHOWN = 100
keepers = guards.roles(Role.SYSTEM_ADMIN)
readers = guards.roles(Role.SYSTEM_ADMIN, Role.AUDITOR)
States = Literal["gathering", "waiting", "sent", "failed", "dropped"]


@get(BASE, guards=[readers])
async def sendings(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    in_state: Annotated[States, QueryParameter(name="state", description="状态")] = "failed",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[SendingView]]:
    """外发消息:渠道、状态、试了几次、错误代码;不含地址和内容。 Problems: 400."""
    found = await keeping.listed(session, in_state, paging.after(cursor), limit)
    return paging.answer(request, paging.page_of(found, limit, lambda each: each.id))


@post(BASE + "/{sending_id:uuid}/retry", guards=[keepers], status_code=202)
async def retry(
    sending_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> SendingView:
    """重新发送一条未送出的消息。 Problems: 404, 409 `wrong-state`."""
    return await keeping.retry(session, sending_id, caller.author(Role.SYSTEM_ADMIN), now)


@get(PAGE, guards=[keepers], opt={"page": True}, include_in_schema=False)
async def sendings_page(
    request: Request[Any, Any, Any], session: NamedDependency[AsyncSession]
) -> Response[Any]:
    """外发消息。"""
    found = await keeping.listed(session, "failed", None, SHOWN)
    return page(
        request,
        "channels/templates/sendings.html",
        told="已要求重新发送。" if request.query_params.get("done") else None,
        sendings=found[:SHOWN],
        more=len(found) > SHOWN,
        counts=await keeping.counts(session),
        names=CHANNEL_NAMES,
        on=switched.on(),
        said=keeping.said,
    )


@post(PAGE, guards=[keepers], opt={"page": True}, include_in_schema=False, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Redirect:
    """重新发送。"""
    sending_id = (await sent(request)).uuid("sending")
    if sending_id is None:
        raise NotFound
    author = caller.author(Role.SYSTEM_ADMIN)
    problem = await attempt(session, keeping.retry(session, sending_id, author, now))
    return Redirect(PAGE if problem else f"{PAGE}?done=retry", status_code=303)


ROUTES: list[Any] = [sendings, retry, sendings_page, act]
