"""通知: everybody's own inbox as a page, with what waits for them to take note."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import signed_in
from service.channels.topics import topic_of
from service.escalation import acknowledging
from service.pages.forms import attempt
from service.pages.show import page
from service.satisfaction.models import Notice

PAGE = "/me/notices"
OPTIONS: dict[str, Any] = {
    "guards": [signed_in], "opt": {"page": True}, "include_in_schema": False,
}  # fmt: skip
SHOWN = 100
DONE = {"acknowledged": "已记下您的知悉,不再为此重复提醒。", "read": "已全部标为已读。"}
WHERE = (
    (Role.TALENT, "/my/requests/"),
    (Role.PARTNER_CLERK, "/desk/"),
    (Role.STEWARD, "/my/requests/"),
)
"""Where a role looks at a request."""


@get(PAGE, **OPTIONS)
async def inbox(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """我的通知。"""
    waiting = await acknowledging.of_account(session, caller.account_id, open_only=True)
    notices = await _newest(session, caller.account_id)
    return page(
        request,
        "escalation/templates/notices.html",
        told=DONE.get(request.query_params.get("done", "")),
        waiting=[acknowledging.view(each) for each in waiting],
        notices=notices[:SHOWN],
        more=len(notices) > SHOWN,
        unread=any(each.read_at is None for each in notices),
        topics={each.kind: topic_of(each.kind).title for each in notices},
        where=next((path for role, path in WHERE if caller.has(role)), ""),
    )


async def _newest(session: AsyncSession, account_id: UUID | None) -> Sequence[Notice]:
    query = select(Notice).where(Notice.account_id == account_id)
    return (await session.scalars(query.order_by(Notice.id.desc()).limit(SHOWN + 1))).all()


@post(PAGE + "/{escalation_id:uuid}/acknowledge", **OPTIONS, status_code=303)
async def acknowledge(
    request: Request[Any, Any, Any],
    escalation_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Redirect:
    """知悉。"""
    await attempt(session, acknowledging.acknowledge(session, escalation_id, caller, now))
    return Redirect(f"{PAGE}?done=acknowledged", status_code=303)


@post(PAGE + "/read", **OPTIONS, status_code=303)
async def read_all(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Redirect:
    """全部标为已读。"""
    mine = (Notice.account_id == caller.account_id) & Notice.read_at.is_(None)
    await session.execute(update(Notice).where(mine).values(read_at=now))
    return Redirect(f"{PAGE}?done=read", status_code=303)


ROUTES: list[Any] = [inbox, acknowledge, read_all]
