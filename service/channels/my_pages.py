"""通知方式: everybody's own addresses and choices as a page."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.guards import signed_in
from service.channels import addresses, codes, views, wishes
from service.channels.codes import own_account
from service.channels.topics import CHANNEL_NAMES, CHANNELS
from service.limits import Limiter
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import NotFound, Problem

PAGE = "/me/channels"
OPTIONS: dict[str, Any] = {
    "guards": [signed_in], "opt": {"page": True}, "include_in_schema": False,
}  # fmt: skip
DONE = {
    "asked": "验证码已发出,请在 10 分钟内填写。",
    "confirmed": "地址已确认。",
    "removed": "地址已删除。",
    "chosen": "已保存。",
}


@get(PAGE, **OPTIONS)
async def channels(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """我的通知方式。"""
    return await show(request, session, caller)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    problem: Problem | None = None,
    at: str = "",
) -> Response[Any]:
    """The page; `at` is the channel whose form met a problem."""
    reach = await views.of(session, caller)
    by_topic: dict[str, list[views.WishView]] = {}
    for wish in reach.preferences:
        by_topic.setdefault(wish.title, []).append(wish)
    return page(
        request,
        "channels/templates/channels.html",
        problem=problem,
        told=DONE.get(request.query_params.get("done", "")),
        channels=reach.channels,
        names=CHANNEL_NAMES,
        topics=by_topic,
        at=at,
    )


@post(PAGE, **OPTIONS, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """登记、确认、删除地址;选择每类通知走哪些渠道。"""
    given = await sent(request)
    do = given.text("do")
    work = _work(session, state.limiter, caller, given, now)
    if problem := await attempt(session, work):
        return await show(request, session, caller, problem, given.text("channel"))
    return Redirect(f"{PAGE}?done={do if do in DONE else 'chosen'}", status_code=303)


async def _work(
    session: AsyncSession, limiter: Limiter, caller: Caller, given: FormSent, now: datetime
) -> None:
    channel = given.text("channel")
    match given.text("do"):
        case "asked":
            await codes.ask(session, limiter, caller, channel, given.text("address"), now)
        case "confirmed":
            await codes.confirm(session, limiter, caller, channel, given.text("code"), now)
        case "removed":
            await addresses.remove(session, own_account(caller), channel, caller.author(), now)
        case "chosen":
            await _choose(session, caller, given, now)
        case _:
            raise NotFound


async def _choose(session: AsyncSession, caller: Caller, given: FormSent, now: datetime) -> None:
    """Every box of the table: those that are ticked come with the form."""
    ticked = set(given.texts.get("wish", ()))
    account_id = own_account(caller)
    for topic in views.topics_of(caller):
        for channel in CHANNELS:
            if topic.by(channel) == "must":
                continue
            wanted = f"{topic.topic} {channel}" in ticked
            await wishes.choose(
                session, account_id, topic.topic, channel, wanted, caller.author(), now
            )


ROUTES: list[Any] = [channels, act]
