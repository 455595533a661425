"""专家中心 rules where no partner took a request on (api.md 5.2, 6.2)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from service.auth.callers import Caller, Role
from service.partners.models import Route
from service.problems import FieldError, InvalidBody
from service.requests import clocks
from service.requests.actions import reach, routing
from service.requests.actions.notes import add_note
from service.requests.batches import joining
from service.requests.models import Request
from service.requests.states import Party


class Ruling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`assign` to a partner, or `end`; always with a reason that the holder reads."""

    decision: Literal["assign", "end"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    partner_id: UUID | None = None


async def rule(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int,
    ruling: Ruling,
    now: datetime,
) -> Request:
    """Assign a request to a partner, which gets a fresh offer, or end it.

    Raises NotFound, Stale, WrongState, InvalidBody where the partner does not handle the offering.
    """
    request = await reach.seen(session, request_id, by, revision)
    request.check(ruling.decision, Party.CENTRE)
    author = by.author(Role.CENTRE)
    add_note(session, request, "ruling", ruling.reason, author, now)
    if ruling.decision == "end":
        event = request.rule_ended(ruling.reason, now)
        await joining.leave(session, request, "ended")
        await clocks.stop_all(session, request, now)
        await _tell(session, request, event, author, now)
    else:
        await _assign(session, request, ruling.partner_id, author, now)
    return request


async def _assign(
    session: AsyncSession,
    request: Request,
    named: UUID | None,
    author: log.Author,
    now: datetime,
) -> None:
    partner_id = await _handler(session, request, named)
    choice = await routing.weigh(session, request, now)
    await _tell(session, request, request.rule_assigned(partner_id), author, now)
    await clocks.resume(session, request, now)
    await routing.give(session, request, partner_id, choice, now, author)


async def _handler(session: AsyncSession, request: Request, partner_id: UUID | None) -> UUID:
    if partner_id is None:
        raise InvalidBody(FieldError("/partner_id", "missing", "请指定办理单位。"))
    handles = exists().where(Route.partner_id == partner_id, Route.offering == request.offering)
    if not await session.scalar(select(handles)):
        text = "该单位不办理此事项,请从办理此事项的单位中指定。"
        raise InvalidBody(FieldError("/partner_id", "not-a-handler", text))
    return partner_id


async def _tell(
    session: AsyncSession, request: Request, event: Event, by: log.Author, now: datetime
) -> None:
    await session.flush()
    await log.append(session, event, by=by, region=request.region, now=now)
