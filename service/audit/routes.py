"""The auditor's doors: seals, their keys, a day's export, the trail (events.md 1.2)."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.audit import days, proof, trail
from service.audit.proof import Proof
from service.audit.trail import EventView, LookView, Wanted
from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.show import SHANGHAI
from service.paging import Cursor, Limit, Page

auditor = roles(Role.AUDITOR)
Day = Annotated[date | None, QueryParameter(name="day", description="日期(北京时间)")]
Words = Annotated[str | None, QueryParameter(max_length=200)]
NO_STORE = {"Cache-Control": "no-store"}


class SealKeys(msgspec.Struct, frozen=True):
    """JWKs that check the signatures of seals; none is ever taken out."""

    keys: list[dict[str, Any]]


@get("/v1/audit/proof", guards=[roles(Role.AUDITOR, Role.CENTRE)])
async def audit_proof(session: NamedDependency[AsyncSession], day: Day = None) -> Response[Proof]:
    """某日日志的封存:各地区的链、当日的哈希和签名;不写日期时是最近封存的一日。 Problems: 404."""
    sealed = await proof.sealed_day(session, day)
    return Response(await proof.proof_of(session, sealed), headers=NO_STORE)


@get("/v1/audit/keys", opt={"open": True})
async def audit_keys(session: NamedDependency[AsyncSession]) -> Response[SealKeys]:
    """验封存签名的公钥。"""
    found = SealKeys(await days.public_keys(session))
    return Response(found, headers={"Cache-Control": "max-age=3600"})


@get("/v1/audit/export", guards=[auditor], media_type="application/x-ndjson")
async def audit_export(
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    day: Day = None,
) -> Stream:
    """已封存一日的全部事件,每行一条,首行是封存记录;取用本身也记入日志。 Problems: 404."""
    sealed = await proof.sealed_day(session, day)
    await proof.record_export(session, sealed, caller, now)
    name = f"audit-{sealed.day}.jsonl"
    return Stream(
        proof.lines_of(state.sessions, sealed.day),
        media_type="application/x-ndjson",
        headers={**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'},
    )


@get("/v1/audit/events", guards=[auditor])
async def audit_events(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
    day: Day = None,
    subject: Words = None,
    actor: Words = None,
    type_: Annotated[str | None, QueryParameter(name="type", max_length=100)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[EventView]]:
    """日志:一件事物的全部(subject),或一日的(day,默认今天),可按人、按类型再筛。 Problems: 400."""
    wanted = Wanted(
        day=day or now.astimezone(SHANGHAI).date(), subject=subject, actor=actor, type=type_
    )
    found = await trail.happened(session, wanted, paging.after(cursor), limit)
    return paging.answer(request, paging.page_of(found, limit, lambda each: each.id))


@get("/v1/audit/looks", guards=[auditor])
async def audit_looks(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
    day: Day = None,
    actor: Words = None,
    thing: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[LookView]]:
    """谁在某日(默认今天)看过谁的信息,可只看一人(actor);或一件事物(thing)历来谁看过。

    Problems: 400.
    """
    of_day, after = day or now.astimezone(SHANGHAI).date(), paging.after(cursor)
    found = await trail.looks(session, of_day, after, limit, actor=actor, thing=thing)
    return paging.answer(request, paging.page_of(found, limit, lambda each: each.id))


ROUTES: list[Any] = [audit_proof, audit_keys, audit_export, audit_events, audit_looks]
