"""Doors of escalation: what the caller was told of, and taking note of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller
from service.auth.guards import signed_in
from service.escalation import acknowledging, inbox_pages
from service.escalation.acknowledging import EscalationView

BASE = "/v1/me/escalations"


@get(BASE, guards=[signed_in])
async def escalations(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    open: Annotated[bool, QueryParameter(description="只看还会重复提醒的")] = False,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> Response[paging.Page[EscalationView]]:
    """时限提醒:我被告知的各档,从旧到新。 Problems: 400."""
    found = await acknowledging.of_account(
        session, caller.account_id, open_only=open, after=paging.after(cursor), limit=limit
    )
    page = paging.page_of(found, limit, key=lambda each: each.id)
    views = [acknowledging.view(each) for each in page.items]
    return paging.answer(request, paging.Page(views, page.next))


@post(BASE + "/{escalation_id:uuid}/acknowledge", guards=[signed_in], status_code=200)
async def acknowledge(
    escalation_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> EscalationView:
    """知悉:本方不再为这一档重复提醒;更晚的档会另行提醒。 Problems: 404."""
    row = await acknowledging.acknowledge(session, escalation_id, caller, now)
    return acknowledging.view(row)


ROUTES: list[Any] = [escalations, acknowledge, *inbox_pages.ROUTES]
