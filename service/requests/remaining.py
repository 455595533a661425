"""How much working time a partner has left, in words: nights and feasts do not count."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests import clocks, queries
from service.requests.models import Clock, Pause
from service.worktime import reckoning

HOUR = 60


async def words(
    session: AsyncSession, request_ids: Sequence[UUID], now: datetime
) -> Mapping[UUID, str]:
    """`还有 3 个工作日` of what runs out next, by request; none where no clock runs."""
    running = await queries.clocks_of(session, request_ids)
    rows: dict[UUID, list[Pause]] = {}
    query = select(Pause).where(Pause.request_id.in_(request_ids))
    for pause in await session.scalars(query.order_by(Pause.began_at, Pause.id)):
        rows.setdefault(pause.request_id, []).append(pause)
    found = {}
    for request_id, own in running.items():
        first = next((c for c in own if c.leg in queries.OWN_LEGS and c.due_at), None)
        if first is not None:
            found[request_id] = await _said(session, first, rows.get(request_id, []), now)
    return found


async def _said(session: AsyncSession, clock: Clock, rows: Sequence[Pause], now: datetime) -> str:
    if clock.due_at is not None and clock.due_at <= now:
        return "已超时限"
    calendar = await clocks.calendar_of(session, clock)
    budget = reckoning.from_json(clock.budget)
    stood = clocks.stretches_of(clock, rows)
    return in_words(reckoning.left_at(now, clock.started_at, budget, calendar, stood))


def in_words(found: reckoning.Reckoned) -> str:
    """`还有 3 个工作日`, `还有 7 小时 30 分工作时间`."""
    last = found.parts[-1]
    if last.unit == "working_days":
        return f"还有 {last.left} 个工作日" if last.left > 1 else "最后 1 个工作日"
    hours, minutes = divmod(last.left, HOUR)
    parts = [f"{hours} 小时" if hours else "", f"{minutes} 分" if minutes or not hours else ""]
    return f"还有 {' '.join(part for part in parts if part)}工作时间"
