"""专家中心's page of rulings: requests that no partner took on, each with what was tried."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.partners.models import Partner, Route
from service.problems import FieldError, InvalidBody, Problem
from service.reference import regions
from service.requests import queries, words
from service.requests.actions import ruling
from service.requests.actions.ruling import Ruling
from service.requests.queries import Found
from service.requests.states import BOUNCES, State
from service.worktime.words import until

LIST = "/centre/rulings"
SHOWN = 20
OPTIONS: dict[str, Any] = {
    "guards": [roles(Role.CENTRE)],
    "opt": {"page": True},
    "include_in_schema": False,
}


class Tried(msgspec.Struct, frozen=True):
    """One partner that did not take it on."""

    name: str
    end: str
    reason: str
    note: str | None
    ended_at: datetime | None


class Waiting(msgspec.Struct, frozen=True):
    """One request that waits for a ruling."""

    found: Found
    place: str
    tried: Sequence[Tried]
    able: Sequence[tuple[UUID, str]]


@get(LIST, **OPTIONS)
async def rulings(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """等待裁定的申请。"""
    return await show(request, session, caller)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    form: FormSent | None = None,
    about: UUID | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The list; `about` is the request whose form met a problem, with what was typed."""
    after = paging.after(request.query_params.get("cursor"))
    found = await queries.of_caller(
        session, caller, after=after, limit=SHOWN, state=State.IN_RULING
    )
    shown = paging.page_of(found, SHOWN, key=lambda each: each.request.id)
    return page(
        request,
        "satisfaction/templates/rulings.html",
        problem=problem,
        told="已裁定。" if request.query_params.get("done") else None,
        waiting=[await _waiting(session, each) for each in shown.items],
        next=shown.next,
        typed=form.texts if form else {},
        about=about,
        until=until,
    )


async def _waiting(session: AsyncSession, found: Found) -> Waiting:
    known = await regions.of(session)
    tried = [
        Tried(
            name,
            words.ENDS.get(dispatch.end or "", dispatch.end or ""),
            BOUNCES.get(dispatch.reason or "", ""),
            dispatch.note,
            dispatch.ended_at,
        )
        for dispatch, name in await queries.dispatches_of(session, found.request.id)
    ]
    query = (
        select(Partner.id, Partner.name)
        .where(Partner.id.in_(select(Route.partner_id).where(Route.offering == found.version.code)))
        .order_by(Partner.name)
    )
    able = [(partner_id, name) for partner_id, name in await session.execute(query)]
    return Waiting(found, known.full_name(found.request.region), tried, able)


@post(LIST + "/{request_id:uuid}", status_code=303, **OPTIONS)
async def rule(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """裁定:指定单位,或终止。"""
    form = await sent(request)

    async def act() -> None:
        given = _given(form)
        await ruling.rule(session, request_id, caller, form.revision, given, now)

    if problem := await attempt(session, act()):
        return await show(request, session, caller, form, request_id, problem)
    return Redirect(f"{LIST}?done=1", status_code=303)


def _given(form: FormSent) -> Ruling:
    decision, reason = form.text("decision"), form.text("reason").strip()
    if decision not in ("assign", "end") or not 0 < len(reason) <= 2000:
        detail = "请选择裁定并写明理由(不超过 2000 字),申请人会看到。"
        raise InvalidBody(FieldError("/reason", "missing", detail), detail=detail)
    partner_id = form.uuid("partner_id") if decision == "assign" else None
    return msgspec.convert(
        {"decision": decision, "reason": reason, "partner_id": partner_id}, Ruling
    )


ROUTES = [rulings, rule]
