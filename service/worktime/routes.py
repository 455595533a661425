"""The deadline calculator's door, open to anybody (time.md D2)."""

from typing import Any

from litestar import post
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.worktime import asking
from service.worktime.current import current


@post("/v1/tools/deadline", status_code=200, opt={"open": True, "no_key": True})
async def reckon_deadline(
    data: asking.Question, session: NamedDependency[AsyncSession]
) -> asking.Answer:
    """时限计算器:起算时刻和时限得出截止时刻及逐日说明。 Problems: 422, 422 `calendar-unknown`."""
    return asking.answer(data, await current(session, data.calendar_version))


ROUTES: list[Any] = [reckon_deadline]
