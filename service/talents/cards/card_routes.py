"""Doors of cards (api.md 3.5)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from cards import number as numbers
from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.etag import etag, revision_of, unchanged
from service.paging import Cursor, Limit, Page
from service.problems import FieldError, InvalidBody, NotFound
from service.talents import queries
from service.talents.cards import card_acts, card_views
from service.talents.cards.card import Card
from service.talents.cards.card_acts import Act
from service.talents.cards.card_views import CardSummary, CardView

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="读到的 ETag")]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match")]
StateName = Literal["active", "suspended", "revoked", "replaced", "expired"]
ONE = "/v1/cards/{card_id:uuid}"
STAFF = (
    Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.REVIEWER, Role.OFFICE, Role.STEWARD, Role.CENTRE,
)  # fmt: skip
staff = guards.roles(*STAFF)
readers = guards.roles(Role.TALENT, *STAFF)
windows = guards.roles(Role.REVIEWER)
stoppers = guards.roles(Role.REVIEWER, Role.TALENT)


async def shown(session: AsyncSession, caller: Caller, card: Card) -> Response[CardView]:
    """The card with its ETag."""
    view = await card_views.view_of(session, caller, card)
    return Response(view, headers={"ETag": etag(card.revision)})


async def unless_known(
    session: AsyncSession, caller: Caller, card: Card, if_none_match: str | None
) -> Response[CardView]:
    """The card, or 304 where the reader has it."""
    tag = etag(card.revision)
    if unchanged(if_none_match, tag):
        return Response(None, status_code=304, headers={"ETag": tag})  # type: ignore[arg-type]
    return await shown(session, caller, card)


@get("/v1/me/card", guards=[guards.talent])
async def my_card(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    if_none_match: IfNoneMatch = None,
) -> Response[CardView]:
    """我的惠才卡;没有有效的卡时给出最近的一张。 Problems: 404."""
    card = await queries.card_of_person(session, caller.person_id)
    if card is None:
        raise NotFound("您还没有惠才卡,可在“办卡申请”中提出申请。")
    return await unless_known(session, caller, card, if_none_match)


@get("/v1/cards", guards=[staff], shows="cards")
async def cards(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
    card_state: Annotated[StateName | None, QueryParameter(name="state")] = None,
    region: Annotated[str | None, QueryParameter(pattern=r"^\d{6}$")] = None,
    number: Annotated[str | None, QueryParameter(max_length=40)] = None,
) -> Response[Page[CardSummary]]:
    """本区域(本单位、所服务)人才的卡;可按状态、区域、卡号查找。"""
    typed = None
    if number is not None:
        typed = numbers.typed(number)
        if typed is None:
            raise InvalidBody(FieldError("/number", "invalid", "卡号不对,请核对后再查。"))
    found = await queries.cards_listed(
        session, caller, after=paging.after(cursor), limit=limit, state=card_state,
        region=region, number=typed,
    )  # fmt: skip
    lines = await card_views.summaries(session, caller, found)
    return paging.answer(request, paging.page_of(lines, limit, lambda each: each.id))


@get(ONE, guards=[readers], shows="card")
async def card(
    card_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    if_none_match: IfNoneMatch = None,
) -> Response[CardView]:
    """一张卡。 Problems: 404."""
    found = await queries.visible_card(session, caller, card_id)
    return await unless_known(session, caller, found, if_none_match)


@post(ONE + "/suspend", guards=[stoppers], status_code=200)
async def suspend(
    card_id: FromPath[UUID],
    data: Act,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CardView]:
    """暂停使用;持卡人遗失时可自行暂停,立即生效。 Problems: 404, 409, 412, 428."""
    found = await card_acts.suspend(session, card_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, found)


@post(ONE + "/reinstate", guards=[windows], status_code=200)
async def reinstate(
    card_id: FromPath[UUID],
    data: Act,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CardView]:
    """恢复使用。 Problems: 404, 409, 412, 428."""
    found = await card_acts.reinstate(session, card_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, found)


@post(ONE + "/revoke", guards=[windows], status_code=200)
async def revoke(
    card_id: FromPath[UUID],
    data: Act,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CardView]:
    """注销,不可恢复;由省级办理。 Problems: 403, 404, 409, 412, 428."""
    found = await card_acts.revoke(session, card_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, found)


@post(ONE + "/renew", guards=[windows], status_code=200)
async def renew(
    card_id: FromPath[UUID],
    data: Act,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CardView]:
    """延期至 `valid_until`(不写为五年),只延长不缩短;由市、省办理。

    Problems: 403, 404, 409, 412, 422, 428.
    """
    found = await card_acts.renew(session, card_id, caller, revision_of(if_match), data, now)
    return await shown(session, caller, found)


@post(ONE + "/replace", guards=[windows], status_code=200)
async def replace(
    card_id: FromPath[UUID],
    data: Act,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CardView]:
    """换发:答复是新卡(新卡号),旧卡即时作废。 Problems: 404, 409, 412, 428."""
    new = await card_acts.replace(session, card_id, caller, revision_of(if_match), data, now)
    answer = await shown(session, caller, new)
    answer.headers["Location"] = f"/v1/cards/{new.id}"
    return answer


ROUTES = [my_card, cards, card, suspend, reinstate, revoke, renew, replace]
