"""The banks that a holder chose, and what became of each: for the holder's side alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings.models import OfferingVersion
from service.partners.models import Partner, Route
from service.requests import fields, queries
from service.requests.fields import Field
from service.requests.models import Dispatch, Request
from service.requests.routing import CHOICE_FIELDS, ORDER_FIELD, OTHERS_FIELD, wanted_of
from service.requests.states import BOUNCES, ENDED, Party
from service.worktime.hours import SHANGHAI

Stand = Literal[
    "waiting", "offered", "handling", "declined", "bounced", "lapsed", "withdrawn", "answered"
]
CHOOSING = (*CHOICE_FIELDS, ORDER_FIELD, OTHERS_FIELD)
WORDS: dict[str, str] = {
    "waiting": "尚未询问",
    "offered": "待接件",
    "handling": "办理中",
    "declined": "不予办理",
    "bounced": "已退回",
    "lapsed": "逾期未接",
    "withdrawn": "已收回",
    "answered": "已答复",
}


class Bank(msgspec.Struct, frozen=True, kw_only=True):
    """One bank, in the order in which it was or will be asked; `reason` as it told the holder,
    `files` what it handed over with a no."""

    id: UUID
    bank: str
    state: Stand
    reason: str | None = None
    at: datetime | None = None
    files: list[str] = []


async def of_request(session: AsyncSession, request: Request) -> list[Bank]:
    """Who was asked, then who will be; nothing where the holder chose nobody."""
    wanted = wanted_of(request.form)
    if not wanted:
        return []
    rounds = await queries.dispatches_of(session, request.id)
    asked = {dispatch.partner_id: _asked(dispatch, name, request) for dispatch, name in rounds}
    known = await banks_for(session, request.offering)
    ids, names = by_name(known), dict(known)
    named = dict.fromkeys(ids[each] for each in wanted.named if each in ids)
    waiting = [] if request.state in ENDED else [key for key in named if key not in asked]
    return [*asked.values(), *(Bank(id=k, bank=names[k], state="waiting") for k in waiting)]


def without(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A form's schema less whom to ask, which has a card and an act of its own."""
    kept = {k: v for k, v in schema.get("properties", {}).items() if k not in CHOOSING}
    return {**schema, "properties": kept}


async def order_form(
    session: AsyncSession, request: Request, version: OfferingVersion, banks: Sequence[Bank]
) -> list[Field]:
    """The fields in which the holder changes the order of those in `banks` that were not asked yet;
    none where nobody was chosen."""
    if "choice" not in request.acts(Party.HOLDER):
        return []
    parts = version.form_schema.get("properties", {})
    asked = {k: parts[k] for k in (ORDER_FIELD, OTHERS_FIELD) if k in parts}
    tried = {bank.id for bank in banks if bank.state != "waiting"}
    open_ones = [
        (k, name) for k, name in await banks_for(session, request.offering) if k not in tried
    ]
    ids, wanted = by_name(open_ones), wanted_of(request.form)
    posted = {
        ORDER_FIELD: [str(ids[each]) for each in wanted.named if each in ids],
        OTHERS_FIELD: ["yes"] if wanted.others else [],
    }
    options = [(str(k), name) for k, name in open_ones]
    return fields.of({"properties": asked}, posted=posted, choices={ORDER_FIELD: options})


async def banks_for(session: AsyncSession, offering: str) -> Sequence[tuple[UUID, str]]:
    """Who handles an offering, by name."""
    query = (
        select(Partner.id, Partner.name)
        .join(Route, Route.partner_id == Partner.id)
        .where(Route.offering == offering)
        .distinct()
        .order_by(Partner.name)
    )
    return [(key, name) for key, name in await session.execute(query)]


def by_name(banks: Sequence[tuple[UUID, str]]) -> dict[str, UUID]:
    """The ids of banks by what a form may call them: their id or their name."""
    return {called: key for key, name in banks for called in (name, str(key))}


def _asked(dispatch: Dispatch, name: str, request: Request) -> Bank:
    stand, reason, at = _stand(dispatch, request)
    told = at.astimezone(SHANGHAI) if at else None
    return Bank(
        id=dispatch.partner_id,
        bank=name,
        state=stand,
        reason=reason,
        at=told,
        files=_given(dispatch),
    )


def _given(dispatch: Dispatch) -> list[str]:
    return dispatch.result_files if dispatch.declined_at else []


def _stand(dispatch: Dispatch, request: Request) -> tuple[Stand, str | None, datetime | None]:
    match dispatch.end:
        case None:
            return "offered", None, dispatch.offered_at
        case "accepted" if dispatch.declined_at:
            return "declined", dispatch.declined_reason, dispatch.declined_at
        case "accepted" if request.state in ENDED:
            return _answered(request)
        case "accepted":
            return "handling", None, dispatch.ended_at
        case "bounced":
            return "bounced", BOUNCES.get(dispatch.reason or ""), dispatch.ended_at
        case "lapsed":
            return "lapsed", None, dispatch.ended_at
    return "withdrawn", None, dispatch.ended_at


def _answered(request: Request) -> tuple[Stand, str | None, datetime | None]:
    if request.outcome == "declined":
        return "declined", request.outcome_reason, request.completed_at
    return ("answered" if request.outcome else "withdrawn"), None, request.ended_at
