"""The deadline's door (time.md D1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.requests import deadline_pages, deadlines


@get("/v1/requests/{request_id:uuid}/deadline")
async def show_deadline(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> deadlines.DeadlineView:
    """办理时限及其逐日说明;申请人、服务专员、办理单位和专家中心可看。 Problems: 404."""
    return await deadlines.of_request(session, caller, request_id, now)


ROUTES: list[Any] = [show_deadline, *deadline_pages.ROUTES]
