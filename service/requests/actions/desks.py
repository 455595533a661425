"""Which clerk of an agency has a request on the desk: take, hand over, lay back.

It is the agency's own order of work and moves no clock. A hold counts while its clerk still works
for the agency that has the request, since the last offer, and until `held_until`; whoever acts
holds on. A machine of the agency is not bound by it: its programme knows nothing of desks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.models import Account, GrantRow
from service.problems import FieldError, Forbidden, InvalidBody, Problem, WrongState
from service.requests.actions import reach
from service.requests.models import DeskHold, Dispatch, Request
from service.requests.states import ENDED

HELD_FOR = timedelta(days=7)
"""How long a hold lasts without an act; a clerk who stays away blocks nobody for longer."""


class Held(msgspec.Struct, frozen=True):
    """Who has it on the desk, since when."""

    account_id: UUID
    name: str
    taken_at: datetime


class HeldByColleague(Problem):
    """Another clerk works on it; two would undo one another."""

    code = "held-by-colleague"
    status = 409
    title = "同事正在办理这件申请"
    advice = "请先与同事商量;确需由您办理时,先“接手”再操作。您填写的内容已保留。"


def holds(now: datetime, partner_id: UUID | None) -> Select[DeskHold, Account]:
    """The holds that count at an agency, with their clerks."""
    offered = (
        select(func.max(Dispatch.offered_at))
        .where(Dispatch.request_id == DeskHold.request_id)
        .correlate(DeskHold)
        .scalar_subquery()
    )
    works_there = select(GrantRow.account_id).where(
        GrantRow.role == Role.PARTNER_CLERK, GrantRow.organisation_id == partner_id
    )
    return (
        select(DeskHold, Account)
        .join(Account, Account.id == DeskHold.account_id)
        .join(Request, Request.id == DeskHold.request_id)
        .where(
            Request.partner_id == partner_id,
            Request.state.not_in(ENDED),
            Account.id.in_(works_there),
            Account.disabled_at.is_(None),
            DeskHold.held_until > now,
            DeskHold.taken_at >= offered,
        )
    )


async def held(
    session: AsyncSession, partner_id: UUID | None, request_ids: Sequence[UUID], now: datetime
) -> Mapping[UUID, Held]:
    """Who has which of these requests of an agency; those that nobody has are left out."""
    query = holds(now, partner_id).where(DeskHold.request_id.in_(request_ids))
    return {
        hold.request_id: Held(account.id, account.name, hold.taken_at)
        for hold, account in await session.execute(query)
    }


async def colleagues(session: AsyncSession, by: Caller) -> Sequence[Account]:
    """The other clerks of the caller's agency, by login."""
    query = (
        select(Account)
        .join(GrantRow, GrantRow.account_id == Account.id)
        .where(
            GrantRow.role == Role.PARTNER_CLERK,
            GrantRow.organisation_id == by.partner_id,
            Account.disabled_at.is_(None),
            Account.id != by.account_id,
        )
    )
    return (await session.scalars(query.order_by(Account.login).distinct())).all()


async def check(session: AsyncSession, request: Request, by: Caller, now: datetime) -> None:
    """Raises HeldByColleague where another clerk has it; the caller's own hold lasts anew."""
    if by.account_id is None:
        return
    hold = (await held(session, request.partner_id, [request.id], now)).get(request.id)
    if hold is not None and hold.account_id != by.account_id:
        raise HeldByColleague
    if hold is not None:
        await _put(session, request.id, by.account_id, hold.taken_at, now)


async def take(
    session: AsyncSession, request_id: UUID, by: Caller, now: datetime, *, over: bool = False
) -> Request:
    """Lay it on the caller's desk; `over` takes it from a colleague, who sees that.

    Raises NotFound, WrongState once it has ended, HeldByColleague.
    """
    request = await _open(session, request_id, by)
    if not over:
        await check(session, request, by, now)
    await _put(session, request.id, _account(by), now, now)
    return request


async def hand_over(
    session: AsyncSession, request_id: UUID, by: Caller, to: UUID | None, now: datetime
) -> Request:
    """Lay it on a colleague's desk. Raises NotFound, WrongState, HeldByColleague, InvalidBody."""
    request = await _open(session, request_id, by)
    await check(session, request, by, now)
    if to is None or to not in {each.id for each in await colleagues(session, by)}:
        raise InvalidBody(FieldError("/to", "unknown", "请选择本单位的一位同事。"))
    await _put(session, request.id, to, now, now)
    return request


async def lay_back(session: AsyncSession, request_id: UUID, by: Caller, now: datetime) -> Request:
    """Nobody has it any more. Raises NotFound, WrongState, HeldByColleague."""
    request = await _open(session, request_id, by)
    await check(session, request, by, now)
    await session.execute(delete(DeskHold).where(DeskHold.request_id == request.id))
    return request


async def _open(session: AsyncSession, request_id: UUID, by: Caller) -> Request:
    request = await reach.at_partner(session, request_id, by, None)
    if request.state in ENDED:
        raise WrongState(request.state, [])
    return request


async def _put(
    session: AsyncSession, request_id: UUID, account_id: UUID, taken_at: datetime, now: datetime
) -> None:
    row: dict[str, Any] = {
        "account_id": account_id, "taken_at": taken_at, "held_until": now + HELD_FOR,
    }  # fmt: skip
    put = insert(DeskHold).values(request_id=request_id, **row)
    await session.execute(put.on_conflict_do_update(index_elements=["request_id"], set_=row))


def _account(by: Caller) -> UUID:
    if by.account_id is None:
        raise Forbidden
    return by.account_id
