"""卡务 on the holder's own page: asking, taking back, stating one's case."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt, sent
from service.problems import NotFound
from service.talents import queries
from service.talents.cards import card_pages
from service.talents.matters import forms, opening

PAGE: dict[str, Any] = {
    "guards": [guards.talent], "opt": {"page": True}, "include_in_schema": False,
    "status_code": 303,
}  # fmt: skip
DONE = "/card?done={}#matters"


@post("/card/matters", **PAGE)
async def ask(
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """延期、补换、变更单位。"""
    given = await sent(request)
    if problem := await attempt(session, _ask(session, caller, given, now)):
        return await card_pages.show(request, state, session, caller, now, problem, given)
    return Redirect(DONE.format("opened"), status_code=303)


async def _ask(session: AsyncSession, caller: Caller, given: FormSent, now: datetime) -> None:
    card = await queries.card_of_person(session, caller.person_id)
    if card is None:
        raise NotFound
    await opening.open_(session, card.id, caller, forms.opening_of(given), now)


@post("/card/matters/{matter_id:uuid}/{act:str}", **PAGE)
async def act(
    request: Request[Any, Any, Any],
    matter_id: FromPath[UUID],
    act: FromPath[str],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """撤回、陈述。"""
    given = await sent(request)
    if problem := await attempt(session, forms.act(session, act, matter_id, caller, given, now)):
        return await card_pages.show(request, state, session, caller, now, problem, given)
    return Redirect(DONE.format(act), status_code=303)


ROUTES: list[Any] = [ask, act]
