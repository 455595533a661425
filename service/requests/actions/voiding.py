"""A breach that should not count: one of 专家中心 asks, another decides (time.md E3)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_deadlines import BreachUpheld, BreachVoidAsked, BreachVoided
from events.of_requests import DeadlineBreached
from service import ids
from service.auth.callers import Caller, Role
from service.problems import FieldError, Forbidden, InvalidBody, NotFound, Problem
from service.requests import voids
from service.requests.actions import reach
from service.requests.models import Clock, Request
from service.requests.voids import OPEN, UPHELD, VOID, BreachVoid


class AlreadyAsked(Problem):
    """Somebody asked for it, or it is void already."""

    code = "void-asked"
    status = 409
    title = "这次超期已有作废申请"
    advice = "请在作废申请中查看,由另一位同事裁定。"


class Asking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """为什么这次超期不应计入:理由代码和说明。"""

    reason: str
    note: Annotated[str, msgspec.Meta(min_length=2, max_length=2000)]


class Deciding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """作废(void),或维持(uphold)。"""

    decision: Literal["void", "uphold"]


async def ask(
    session: AsyncSession, clock_id: UUID, by: Caller, asked: Asking, now: datetime
) -> BreachVoid:
    """Hold that a breach should not count. Raises NotFound, InvalidBody, AlreadyAsked."""
    if asked.reason not in voids.REASONS:
        known = "、".join(f"{code}({text})" for code, text in voids.REASONS.items())
        raise InvalidBody(FieldError("/reason", "not-one-of", f"可选: {known}。"))
    clock = await session.get(Clock, clock_id)
    if clock is None or clock.breached_at is None:
        raise NotFound
    request = await reach.seen(session, clock.request_id, by, None)
    taken = sa.select(BreachVoid.id).where(
        BreachVoid.clock_id == clock_id, BreachVoid.state.in_((OPEN, VOID))
    )
    if await session.scalar(taken) is not None:
        raise AlreadyAsked
    void = BreachVoid(
        id=ids.new_id(), clock_id=clock.id, request_id=request.id, state=OPEN, reason=asked.reason,
        note=asked.note, asked_by=_account(by), asked_at=now,
    )  # fmt: skip
    session.add(void)
    await session.flush()
    fact = await _fact(session, clock)
    event = BreachVoidAsked(**_about(request, clock, void), partner_id=fact.partner_id)
    await log.append(session, event, by=by.author(Role.CENTRE), region=request.region, now=now)
    return void


async def decide(
    session: AsyncSession, void_id: UUID, by: Caller, given: Deciding, now: datetime
) -> BreachVoid:
    """Another of them voids the breach, or upholds it. Raises NotFound, WrongState."""
    found = await session.get(BreachVoid, void_id)
    if found is None:
        raise NotFound
    request = await reach.seen(session, found.request_id, by, None)
    void = await session.get_one(BreachVoid, void_id, with_for_update=True, populate_existing=True)
    void.check(by.account_id)
    clock = await session.get_one(Clock, void.clock_id, populate_existing=True)
    void.state = VOID if given.decision == "void" else UPHELD
    void.decided_by, void.decided_at = _account(by), now
    if void.state == VOID:
        clock.breach_voided_at = now
    await session.flush()
    event = await _decided(session, request, clock, void)
    await log.append(session, event, by=by.author(Role.CENTRE), region=request.region, now=now)
    return void


async def _decided(
    session: AsyncSession, request: Request, clock: Clock, void: BreachVoid
) -> BreachVoided | BreachUpheld:
    fact, about = await _fact(session, clock), _about(request, clock, void)
    if void.state == UPHELD:
        return BreachUpheld(**about, partner_id=fact.partner_id)
    late = clock.leg == "promise" and not clock.past and request.in_time is False
    return BreachVoided(
        **about,
        partner_id=fact.partner_id,
        due_at=fact.due_at,
        completed_at=request.completed_at if late else None,
        completed_by=request.partner_id if late else None,
    )


def _about(request: Request, clock: Clock, void: BreachVoid) -> dict[str, Any]:
    return {
        "request_id": request.id, "offering": request.offering, "clock_id": clock.id,
        "leg": clock.leg, "reason": void.reason,
    }  # fmt: skip


async def _fact(session: AsyncSession, clock: Clock) -> DeadlineBreached:
    """The breach as it was told: figures have it under its day and partner."""
    query = sa.select(log.events.c.type, log.events.c.data).where(
        log.events.c.subject == f"requests/{clock.request_id}",
        log.events.c.type == "hck.deadline.breached.v1",
        log.events.c.data["clock_id"].astext == str(clock.id),
    )
    row = (await session.execute(query.order_by(log.events.c.sequence).limit(1))).one()
    return msgspec.convert({**row.data, "type": row.type}, DeadlineBreached)


def _account(by: Caller) -> UUID:
    if by.account_id is None:
        raise Forbidden
    return by.account_id
