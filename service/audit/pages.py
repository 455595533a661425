"""The auditor's page: sealed days to take away, the trail to read, who was shown whose data."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from litestar import Request, Response, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.audit import trail
from service.audit.models import AuditDay, AuditRegion
from service.audit.trail import Wanted
from service.auth.callers import Role
from service.auth.guards import roles
from service.pages.forms import uuid_of
from service.pages.show import SHANGHAI, page

SHOWN = 50
SEALS = 14
KINDS = {
    "file": "材料", "application": "办卡申请", "request": "服务申请", "requests": "服务申请清单",
    "messages": "留言", "card": "惠才卡", "cards": "惠才卡清单", "card-face": "卡面",
    "matter": "卡务", "bad-rating": "差评", "import": "导入的表", "loan": "贷款",
    "people": "人才名单",
}  # fmt: skip
"""What a door shows (`opt={"shows": …}`), in Chinese."""


@get("/audit", guards=[roles(Role.AUDITOR)], opt={"page": True}, include_in_schema=False)
async def audit_page(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """审计。"""
    asked = request.query_params
    wanted = Wanted(
        day=_day_of(asked.get("day"), now.astimezone(SHANGHAI).date()),
        subject=asked.get("subject", "").strip()[:200] or None,
        actor=asked.get("actor", "").strip()[:200] or None,
    )
    after = paging.after(asked.get("cursor"))
    found = await trail.happened(session, wanted, after, SHOWN)
    lines = paging.page_of(found, SHOWN, lambda each: each.id)
    thing = thing_of(wanted.subject)
    looks = await trail.looks(session, wanted.day, None, SHOWN, actor=wanted.actor, thing=thing)
    who = [each.actor for each in lines.items] + [each.actor for each in looks]
    return page(
        request,
        "audit/templates/audit.html",
        wanted=wanted,
        lines=lines,
        looks=looks[:SHOWN],
        more_looks=len(looks) > SHOWN,
        kinds=KINDS,
        logins=await trail.logins_of(session, who),
        seals=await _seals(session),
    )


def thing_of(subject: str | None) -> UUID | None:
    """The id in `requests/<id>`."""
    return uuid_of((subject or "").rpartition("/")[2])


def _day_of(text: str | None, today: date) -> date:
    """The day asked for; anything else is today."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return today


async def _seals(session: AsyncSession) -> list[tuple[AuditDay, int]]:
    """The newest sealed days, each with the number of its events."""
    count = sa.func.coalesce(sa.func.sum(AuditRegion.count), 0)
    query = (
        sa.select(AuditDay, count)
        .outerjoin(AuditRegion, AuditRegion.day == AuditDay.day)
        .group_by(AuditDay.day)
        .order_by(AuditDay.day.desc())
        .limit(SEALS)
    )
    return [(day, int(n)) for day, n in (await session.execute(query)).all()]


ROUTES: list[Any] = [audit_page]
