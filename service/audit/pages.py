"""The auditor's page: sealed days to take away, the trail to read, who opened whose files."""

from datetime import date, datetime
from typing import Any

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
from service.pages.show import SHANGHAI, page

SHOWN = 50
SEALS = 14


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
    looks = [] if wanted.subject else await trail.looks(session, wanted.day, None, None, SHOWN)
    who = [each.actor for each in lines.items] + [f"accounts/{each.account_id}" for each in looks]
    return page(
        request,
        "audit/templates/audit.html",
        wanted=wanted,
        lines=lines,
        looks=looks[:SHOWN],
        more_looks=len(looks) > SHOWN,
        logins=await trail.logins_of(session, who),
        seals=await _seals(session),
    )


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
