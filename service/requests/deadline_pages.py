"""The page that explains a request's deadline day by day, made to be printed (time.md D1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.offerings.models import OfferingVersion
from service.pages.show import page, span
from service.requests import deadlines, models
from service.requests.timeline import LEGS
from service.requests.words import AT_DESK, STATES
from service.worktime.reckoning import AnyBudget, WorkingDays, parts_of
from service.worktime.words import WEEKDAYS

CLOCKS = {"running": "计时中", "paused": "暂停", "stopped": "已结束"}
STRETCHES = {
    "routing": "派送", "acceptance": "接件", "first_review": "初审", "handling": "办理",
    "pause": "暂停",
}  # fmt: skip
PAUSES = {
    "correction": "补正", "publicity": "公示", "statutory": "法定程序", "ruling": "专家中心裁定",
}  # fmt: skip
DAYS = {"workday": "工作日", "weekend": "休息日", "holiday": "放假", "makeup": "调休上班"}
MICROSECONDS = 1_000_000


@get("/requests/{request_id:uuid}/deadline", opt={"page": True}, include_in_schema=False)
async def deadline_page(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一件申请的时限是怎么算的:申请人、服务专员、办理单位和专家中心可看,可打印。"""
    found = await deadlines.of_request(session, caller, request_id, now)
    about = select(models.Request.number, OfferingVersion.name_zh).join(
        OfferingVersion, OfferingVersion.id == models.Request.offering_version_id
    )
    number, offering = (await session.execute(about.where(models.Request.id == request_id))).one()
    return page(
        request,
        "requests/templates/deadline.html",
        found=found,
        number=number,
        offering=offering,
        now=now,
        printed_by=caller.name,
        budget=budget_words,
        legs=LEGS,
        states=STATES if caller.has(Role.TALENT) else AT_DESK,
        clocks=CLOCKS,
        stretches=STRETCHES,
        pauses=PAUSES,
        day_kinds=DAYS,
        weekdays=WEEKDAYS,
        length=lambda microseconds: span(microseconds / MICROSECONDS),
    )


def budget_words(budget: AnyBudget) -> str:
    """`16 个工作小时,再 20 个工作日`."""
    return ",再 ".join(
        f"{part.n} 个工作日"
        if isinstance(part, WorkingDays)
        else (f"{part.n // 60} 个工作小时" if part.n % 60 == 0 else f"{part.n} 个工作分钟")
        for part in parts_of(budget)
    )


ROUTES: list[Any] = [deadline_page]
