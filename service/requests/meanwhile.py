"""What happened to a request while a clerk was writing, and what the clerk had written.

Colleagues of one agency know each other by name; everybody else is named by their role.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, log
from service.auth.callers import Caller
from service.auth.models import Account
from service.pages.forms import FormSent
from service.problems import NotFound
from service.requests import timeline
from service.requests.fields import Line
from service.requests.queries import Found
from service.worktime.hours import SHANGHAI

TITLES = {
    "note": "说明",
    "items": "需补正的内容",
    "_reason": "原因",
    "text": "留言",
    "to": "公示至",
}


class Step(msgspec.Struct, frozen=True):
    """Who did what, when."""

    at: datetime
    by: str
    text: str


async def of(
    session: AsyncSession, caller: Caller, found: Found, given: FormSent | None
) -> dict[str, Any]:
    """The log as far as it is seen now; what came after the page that `given` was typed on."""
    rows = await log.of_subject(session, f"requests/{found.request.id}")
    seen = given.text("_seen") if given else ""
    late = [
        row
        for row in rows
        if seen.isdecimal() and len(seen) < 10 and row.sequence > int(seen)
    ]  # fmt: skip
    properties = found.version.result_schema.get("properties", {})
    titles = {name: str(part.get("title", name)) for name, part in properties.items()}
    return {
        "seen": rows[-1].sequence if rows else 0,
        "steps": await _steps(session, caller, late, found.partner_name or "办理单位"),
        "kept": kept(given, titles) if given else [],
    }


async def _steps(
    session: AsyncSession, caller: Caller, rows: Sequence[sa.Row[Any]], partner: str
) -> list[Step]:
    own = [row for row in rows if row.partner_id in (None, caller.partner_id)]
    names = await _names(session, own)
    return [
        Step(
            row.at.astimezone(SHANGHAI),
            names.get(row.actor) or timeline.ROLES.get(row.role, "工作人员"),
            timeline.words(catalogue.read(row.type, row.data), partner),
        )
        for row in own
    ]


async def _names(session: AsyncSession, rows: Sequence[sa.Row[Any]]) -> Mapping[str, str]:
    """Names of the agency's own clerks among the authors."""
    ids = {row.actor.removeprefix("accounts/") for row in rows if row.role == "partner_clerk"}
    query = sa.select(Account).where(Account.id.in_([UUID(each) for each in ids]))
    return {f"accounts/{each.id}": each.name for each in await session.scalars(query)}


async def sent_away(session: AsyncSession, caller: Caller, request_id: UUID) -> list[Step]:
    """The agency's last step with a request that it no longer has.

    Raises NotFound where it never had it.
    """
    rows = await log.of_subject(session, f"requests/{request_id}")
    own = [row for row in rows if caller.partner_id and row.partner_id == caller.partner_id]
    if not own:
        raise NotFound
    return await _steps(session, caller, own[-1:], "本单位")


def kept(given: FormSent, titles: Mapping[str, str]) -> list[Line]:
    """What was typed, for a page that has no form for it any more."""
    known = {**titles, **TITLES}
    return [
        Line(known.get(name, name), "、".join(texts))
        for name, texts in given.texts.items()
        if (name in known or not name.startswith("_")) and "".join(texts).strip()
    ]
