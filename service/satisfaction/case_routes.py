"""Doors of the loop: bad ratings, call-back, rectification, ruling (api.md 6.2)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller, Role
from service.auth.guards import partner, roles, scope
from service.etag import etag, revision_of, unchanged
from service.satisfaction import case_queries, case_views, cases
from service.satisfaction.case_views import CaseView
from service.satisfaction.cases import (
    NewAppeal,
    NewCallBack,
    NewDecision,
    NewRectification,
    NewRuling,
)
from service.satisfaction.models import BadRating, CaseState

centre = roles(Role.CENTRE)
concerned = scope("requests:handle", Role.PARTNER_CLERK, Role.CENTRE)
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match")]


@get("/v1/centre/bad-ratings", guards=[concerned])
async def bad_ratings(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    case_state: Annotated[CaseState | None, QueryParameter(name="state")] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> Response[paging.Page[CaseView]]:
    """差评清单:专家中心看本区域的全部,办理单位看属实后转来整改的。"""
    found = await case_queries.page(
        session, caller, now, state=case_state, after=paging.after(cursor), limit=limit
    )
    page = paging.page_of(found, limit, key=lambda each: each[0].id)
    views = await case_views.views(session, page.items, caller, now)
    return paging.answer(request, paging.Page(views, page.next))


@get("/v1/centre/bad-ratings/{case_id:uuid}", guards=[concerned], shows="bad-rating")
async def bad_rating(
    case_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_none_match: Annotated[str | None, HeaderParameter(name="If-None-Match")] = None,
) -> Response[CaseView | None]:
    """一件差评的全过程。 Problems: 404."""
    case, rating = await case_queries.one(session, case_id, caller, now)
    tag = etag(case.revision)
    if unchanged(if_none_match, tag):
        return Response(None, status_code=304, headers={"ETag": tag})
    view = await case_views.view(session, case, rating, caller, now)
    return Response(view, headers={"ETag": tag, "Cache-Control": "no-store"})


async def _answer(
    session: AsyncSession, case: BadRating, caller: Caller, now: datetime
) -> Response[CaseView]:
    _, rating = await case_queries.one(session, case.id, caller, now)
    view = await case_views.view(session, case, rating, caller, now)
    return Response(view, headers={"ETag": etag(case.revision)})


@post("/v1/centre/bad-ratings/{case_id:uuid}/call-back", guards=[centre], status_code=200)
async def call_back(
    case_id: FromPath[UUID],
    data: NewCallBack,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CaseView]:
    """记录一次回访:属实转整改,不属实办结;联系不上须在三个日子各试一次。

    Problems: 404, 409 `wrong-state`, 412, 422, 428.
    """
    seen = revision_of(if_match)
    case = await cases.call_back(session, case_id, data, caller, seen, now)
    return await _answer(session, case, caller, now)


@post("/v1/centre/bad-ratings/{case_id:uuid}/rectify", guards=[partner], status_code=200)
async def rectify(
    case_id: FromPath[UUID],
    data: NewRectification,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CaseView]:
    """办理单位提交整改情况和证明。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    seen = revision_of(if_match)
    case = await cases.rectify(session, case_id, data, caller, seen, now)
    return await _answer(session, case, caller, now)


@post("/v1/centre/bad-ratings/{case_id:uuid}/rule", guards=[centre], status_code=200)
async def rule(
    case_id: FromPath[UUID],
    data: NewRuling,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CaseView]:
    """认可整改、退回重改,或按清单中的理由作废评价。

    Problems: 404, 409 `wrong-state`, 412, 422 `unknown-void-reason`, 428.
    """
    seen = revision_of(if_match)
    case = await cases.rule(session, case_id, data, caller, seen, now)
    return await _answer(session, case, caller, now)


@post("/v1/centre/bad-ratings/{case_id:uuid}/appeal", guards=[partner], status_code=200)
async def appeal(
    case_id: FromPath[UUID],
    data: NewAppeal,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CaseView]:
    """办理单位对回访结论申诉,3 个工作日内一次;答复前整改时限暂停 (satisfaction.md L3)。

    Problems: 404, 409 `wrong-state` `appeal-window-over`, 412, 422, 428.
    """
    seen = revision_of(if_match)
    case = await cases.appeal(session, case_id, data, caller, seen, now)
    return await _answer(session, case, caller, now)


@post("/v1/centre/bad-ratings/{case_id:uuid}/decide-appeal", guards=[centre], status_code=200)
async def decide_appeal(
    case_id: FromPath[UUID],
    data: NewDecision,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[CaseView]:
    """由另一位工作人员决定申诉:成立即办结,不成立则继续整改 (satisfaction.md L3)。

    Problems: 404, 409 `wrong-state` `same-officer`, 412, 422, 428.
    """
    seen = revision_of(if_match)
    case = await cases.decide_appeal(session, case_id, data, caller, seen, now)
    return await _answer(session, case, caller, now)


ROUTES = [bad_ratings, bad_rating, call_back, rectify, rule, appeal, decide_appeal]
