"""Doors of 卡务 and of a card's story (api.md 1.5–1.7, 3.5)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.etag import etag, revision_of, unchanged
from service.paging import Cursor, Limit, Page
from service.talents import queries as card_queries
from service.talents.cards.card_routes import ONE as CARD
from service.talents.cards.card_routes import IfMatch, IfNoneMatch, readers
from service.talents.matters import (
    deciding,
    holder_pages,
    opening,
    queries,
    queue_pages,
    staff_pages,
    timeline,
    views,
)  # fmt: skip
from service.talents.matters.deciding import Decision, Statement
from service.talents.matters.kinds import KindName, StateName
from service.talents.matters.models import Matter
from service.talents.matters.opening import Opening
from service.talents.matters.timeline import CardStory
from service.talents.matters.views import MatterSummary, MatterView

ALL = "/v1/card-matters"
ONE = ALL + "/{matter_id:uuid}"
openers = guards.roles(
    Role.TALENT, Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.STEWARD, Role.REVIEWER
)
windows = guards.roles(Role.REVIEWER)
holders = guards.talent


async def shown(
    session: AsyncSession, caller: Caller, matter: Matter, now: datetime
) -> Response[MatterView]:
    """The matter with its ETag."""
    view = await views.view_of(session, caller, matter, now)
    return Response(view, headers={"ETag": etag(matter.revision)})


@get(CARD + "/matters", guards=[readers], shows="card")
async def of_card(
    request: Request[Any, Any, Any],
    card_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[MatterSummary]]:
    """一张卡的全部卡务。 Problems: 404."""
    await card_queries.visible_card(session, caller, card_id)
    found = await queries.listed(
        session, caller, after=paging.after(cursor), limit=limit, card_id=card_id
    )
    lines = await views.summaries(session, caller, found, now)
    return paging.answer(request, paging.page_of(lines, limit, lambda each: each.id))


@post(CARD + "/matters", guards=[openers])
async def open_(
    card_id: FromPath[UUID],
    data: Opening,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[MatterView]:
    """提出延期、注销、离鲁、变更单位、去世、补换;办结前卡照常。

    Problems: 403, 404, 409 `matter-open`, `wrong-state`, `contract-over`, 422.
    """
    matter = await opening.open_(session, card_id, caller, data, now)
    answer = await shown(session, caller, matter, now)
    answer.headers["Location"] = f"{ALL}/{matter.id}"
    return answer


@get(ALL, guards=[readers])
async def matters(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    limit: Limit = 50,
    cursor: Cursor = None,
    matter_state: Annotated[StateName | None, QueryParameter(name="state")] = None,
    kind: KindName | None = None,
) -> Response[Page[MatterSummary]]:
    """看得到的卡务;可按状态、种类查找。"""
    found = await queries.listed(
        session, caller, after=paging.after(cursor), limit=limit, state=matter_state, kind=kind
    )
    lines = await views.summaries(session, caller, found, now)
    return paging.answer(request, paging.page_of(lines, limit, lambda each: each.id))


@get(ONE, guards=[readers], shows="matter")
async def matter(
    matter_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_none_match: IfNoneMatch = None,
) -> Response[MatterView]:
    """一件卡务。 Problems: 404."""
    found = await queries.visible(session, caller, matter_id)
    tag = etag(found.revision)
    if unchanged(if_none_match, tag):
        return Response(None, status_code=304, headers={"ETag": tag})  # type: ignore[arg-type]
    return await shown(session, caller, found, now)


@post(ONE + "/decisions", guards=[windows], status_code=200)
async def decide(
    matter_id: FromPath[UUID],
    data: Decision,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[MatterView]:
    """同意或不同意;同意的当即生效。

    Problems: 403, 404, 409 `card-unfit-for-matter`, `contract-over`, `wrong-state`, 412, 422, 428.
    """
    seen = revision_of(if_match)
    found = await deciding.decide(session, matter_id, caller, seen, data, now)
    return await shown(session, caller, found, now)


@post(ONE + "/withdraw", guards=[openers], status_code=200)
async def withdraw(
    matter_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[MatterView]:
    """提出人撤回。 Problems: 404, 409, 412, 428."""
    found = await deciding.withdraw(session, matter_id, caller, revision_of(if_match), now)
    return await shown(session, caller, found, now)


@post(ONE + "/statement", guards=[holders], status_code=200)
async def state_case(
    matter_id: FromPath[UUID],
    data: Statement,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[MatterView]:
    """持卡人就注销、离鲁作出陈述;办结前可改。 Problems: 404, 409, 412, 428."""
    seen = revision_of(if_match)
    found = await deciding.state_case(session, matter_id, caller, seen, data, now)
    return await shown(session, caller, found, now)


@get(CARD + "/timeline", guards=[readers])
async def story(
    card_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> CardStory:
    """一张卡从签发起的全部经过。 Problems: 404."""
    found = await card_queries.visible_card(session, caller, card_id)
    return CardStory(await timeline.of(session, caller, found))


ROUTES: list[Any] = [
    of_card, open_, matters, matter, decide, withdraw, state_case, story,
    *staff_pages.ROUTES, *queue_pages.ROUTES, *holder_pages.ROUTES,
]  # fmt: skip
