"""Dead letters: the system administrator decides, the auditor reads (events.md 1.4)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.dead_letters import acts
from service.dead_letters.acts import LetterView
from service.pages.forms import attempt, sent
from service.pages.show import page
from service.paging import Cursor, Limit, Page
from service.problems import NotFound, Problem

BASE = "/v1/dead-letters"
ONE = BASE + "/{letter_id:uuid}"
PAGE = "/dead-letters"
SHOWN = 100
keepers = guards.roles(Role.SYSTEM_ADMIN)
readers = guards.roles(Role.SYSTEM_ADMIN, Role.AUDITOR)


@get(BASE, guards=[readers])
async def letters(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[LetterView]]:
    """死信:哪个消费者处理不了哪个事件,从何时起,错误的种类。 Problems: 400."""
    found = await acts.listed(session, paging.after(cursor), limit)
    return paging.answer(request, paging.page_of(found, limit, lambda each: each.id))


@post(ONE + "/retry", guards=[keepers], status_code=202)
async def retry(
    letter_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> None:
    """重试,几秒内执行。 Problems: 404."""
    await acts.retry(session, letter_id, caller.author(Role.SYSTEM_ADMIN), now)


@post(ONE + "/drop", guards=[keepers], status_code=200)
async def drop(
    letter_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> None:
    """跳过:该消费者不再处理这一事件,继续其后的。 Problems: 404."""
    await acts.drop(session, letter_id, caller.author(Role.SYSTEM_ADMIN), now)


@get(PAGE, guards=[readers], opt={"page": True}, include_in_schema=False)
async def letters_page(
    request: Request[Any, Any, Any], session: NamedDependency[AsyncSession]
) -> Response[Any]:
    """死信;审计员只看。"""
    return await show(request, session)


async def show(
    request: Request[Any, Any, Any], session: AsyncSession, problem: Problem | None = None
) -> Response[Any]:
    """The list; its buttons for whoever may decide."""
    caller: Caller = request.user
    found = await acts.listed(session, None, SHOWN)
    return page(
        request,
        "dead_letters/templates/dead_letters.html",
        problem=problem,
        letters=found[:SHOWN],
        more=len(found) > SHOWN,
        decides=caller.has(Role.SYSTEM_ADMIN),
        told=DONE.get(request.query_params.get("done", "")),
    )


DONE = {"retry": "已要求重试,几秒后刷新看结果。", "all": "已要求全部重试。", "drop": "已跳过。"}


@post(PAGE, guards=[keepers], opt={"page": True}, include_in_schema=False, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """重试、全部重试、跳过。"""
    given = await sent(request)
    by, do = caller.author(Role.SYSTEM_ADMIN), given.text("do")

    async def doing() -> None:
        if do == "all":
            await acts.retry_all(session, by, now)
            return
        try:
            letter_id = UUID(given.text("letter"))
        except ValueError:
            raise NotFound from None
        await (acts.drop if do == "drop" else acts.retry)(session, letter_id, by, now)

    if problem := await attempt(session, doing()):
        return await show(request, session, problem)
    return Redirect(f"{PAGE}?done={do if do in DONE else 'retry'}", status_code=303)


ROUTES: list[Any] = [letters, retry, drop, letters_page, act]
