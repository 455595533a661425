"""What a draft says is held against the rules and against what else there is."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.editing import content as contents
from service.editing.content import Content, Drafted
from service.editing.grounds import Ground
from service.offerings import queries
from service.pages.show import SHANGHAI
from service.partners.models import Partner
from service.problems import FieldError, InvalidBody
from service.talents.applications import categories


async def checked(
    session: AsyncSession, given: Drafted, ground: Ground, now: datetime
) -> dict[str, Any]:
    """The content as it is kept; raises InvalidBody with every place that is wrong."""
    try:
        content = msgspec.convert(given.content, Content)
    except msgspec.ValidationError as wrong:
        raise InvalidBody(_place(str(wrong))) from None
    found = [
        *contents.faults(content, ground.mode, await categories.of(session)),
        *await _partners(session, content.partner_fields),
        *await _stop(session, content, ground, given),
    ]
    if given.valid_from < now.astimezone(SHANGHAI).date():
        found.append(FieldError("/valid_from", "past", "生效日期不能早于今天。"))
    if given.valid_from < ground.valid_from:
        advice = f"上一版自 {ground.valid_from} 起生效,新版不能早于它。"
        found.append(FieldError("/valid_from", "before-newest", advice))
    if found:
        raise InvalidBody(*(_under(each) for each in found))
    plain: dict[str, Any] = msgspec.to_builtins(content)
    return plain


async def _partners(session: AsyncSession, narrowed: Collection[str]) -> list[FieldError]:
    if not narrowed:
        return []
    known = {str(each) for each in await session.scalars(select(Partner.id))}
    return [
        FieldError(f"/partner_fields/{name[:36]}", "unknown", "没有这个办理单位。")
        for name in narrowed
        if name not in known
    ]


async def _stop(
    session: AsyncSession, content: Content, ground: Ground, given: Drafted
) -> list[FieldError]:
    """A stop is not dated back, and what is named instead can be asked for."""
    found = []
    stops = content.stopped_on
    if stops is not None and stops != ground.stopped_on and stops < given.valid_from:
        advice = "停办日期不能早于此版的生效日期。"
        found.append(FieldError("/stopped_on", "before-valid", advice))
    if stops is not None and content.instead is not None:
        other = await queries.current(session, content.instead.replace("\0", ""), stops)
        if content.instead == ground.code or other is None or other.has_stopped(stops):
            advice = "替代事项应是届时仍在办的另一事项。"
            found.append(FieldError("/instead", "unknown", advice))
    return found


def _under(fault: FieldError) -> FieldError:
    if fault.pointer == "/valid_from":
        return fault
    return FieldError(f"/content{fault.pointer}", fault.code, fault.detail)


def _place(said: str) -> FieldError:
    """Where msgspec found something of another shape; its words are not for officials."""
    path = said.rpartition("at `$")[2].rstrip("`")
    steps = path.replace("[...]", "").replace("[", "/").replace("]", "").replace(".", "/")
    name = next((part for part in steps.split("/") if part), "")
    title = contents.TITLES.get(name, name[:40])
    detail = f"“{title}”填写不符合要求。" if title else "内容缺项或有多余的项,请对照现行版本。"
    return FieldError(f"/content{steps}"[:200], "invalid", detail)
