"""Pages of the loop: 专家中心 calls back and rules, the rated agency mends (satisfaction.md 2)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, Problem
from service.satisfaction import case_queries, case_views, cases, rules
from service.satisfaction.cases import (
    NewAppeal,
    NewCallBack,
    NewDecision,
    NewRectification,
    NewRuling,
)
from service.satisfaction.models import Addition, CaseState, Decision, Ruling, Verdict
from service.worktime.words import until

LIST = "/centre/bad-ratings"
ONE = LIST + "/{case_id:uuid}"
OPTIONS: dict[str, Any] = {"opt": {"page": True}, "include_in_schema": False}
concerned = roles(Role.CENTRE, Role.PARTNER_CLERK)
centre = roles(Role.CENTRE)
clerk = roles(Role.PARTNER_CLERK)

STATES = {
    CaseState.OPEN: ("待回访", "warn"),
    CaseState.RECTIFYING: ("整改中", ""),
    CaseState.RECTIFIED: ("整改待审核", "warn"),
    CaseState.APPEALED: ("申诉中", "warn"),
    CaseState.CLOSED: ("已办结", "good"),
}
VERDICTS = {
    Verdict.SUBSTANTIATED: "属实,转单位整改",
    Verdict.UNSUBSTANTIATED: "不属实,办结",
    Verdict.NO_CONTACT: "未联系上",
}
RULINGS = {
    Ruling.ACCEPT: "认可整改",
    Ruling.SEND_BACK: "退回重改",
    Ruling.VOID: "作废评价",
}
DECISIONS = {
    Decision.UPHELD: "申诉成立,办结",
    Decision.REJECTED: "申诉不成立,继续整改",
}
ADDED = {Addition.SUPPLEMENT: "补充评价", Addition.FOLLOW_UP: "追评"}
WORDS: dict[str, Any] = {
    "states": STATES,
    "verdicts": VERDICTS,
    "rulings": RULINGS,
    "decisions": DECISIONS,
    "added": ADDED,
    "until": until,
}


@get(LIST, guards=[concerned], **OPTIONS)
async def bad_ratings(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """差评清单,先来的在前;不选状态时只看未办结的第一步。"""
    officer = caller.has(Role.CENTRE)
    first = CaseState.OPEN if officer else CaseState.RECTIFYING
    state = request.query_params.get("state", first)
    state = state if state in set(CaseState) else first
    after = paging.after(request.query_params.get("cursor"))
    found = await case_queries.page(session, caller, now, state=state, after=after, limit=30)
    shown = paging.page_of(found, 30, key=lambda each: each[0].id)
    return page(
        request,
        "satisfaction/templates/bad_ratings.html",
        officer=officer,
        chosen=state,
        lines=await case_views.views(session, shown.items, caller, now),
        next=shown.next,
        **WORDS,
    )


@get(ONE, guards=[concerned], **OPTIONS, shows="bad-rating")
async def bad_rating(
    request: Request[Any, Any, Any],
    case_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一件差评,及现在可办的一步。"""
    return await show(request, session, caller, now, case_id)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    case_id: UUID,
    form: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The case, with what was typed where an act met a problem."""
    case, rating = await case_queries.one(session, case_id, caller, now)
    return page(
        request,
        "satisfaction/templates/bad_rating.html",
        problem=problem,
        told="已记录。" if request.query_params.get("done") else None,
        case=await case_views.view(session, case, rating, caller, now),
        revision=case.revision,
        reasons=await rules.void_reasons(session),
        numbers=await rules.in_force(session),
        typed=form.texts if form else {},
        **WORDS,
    )


def read(form: FormSent, kind: Any, *members: str) -> Any:
    """A body of the form's texts; empty ones are left out. Raises InvalidBody."""
    plain = {name: form.text(name).strip() for name in members}
    try:
        return msgspec.convert({k: v for k, v in plain.items() if v}, kind)
    except msgspec.ValidationError as wrong:
        detail = "请选择一项并填写说明,每项不超过 2000 字。"
        raise InvalidBody(FieldError("", "invalid", detail), detail=detail) from wrong


def read_call_back(form: FormSent) -> NewCallBack:
    """What the call-back found, with the rater's consent where its box is ticked."""
    given: NewCallBack = read(form, NewCallBack, "verdict", "note")
    given.consent = bool(form.text("consent"))
    return given


async def _act(
    verb: Callable[..., Awaitable[Any]],
    given: Callable[[FormSent], Any],
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    case_id: UUID,
) -> Response[Any]:
    """Do what the form says; a refusal shows the page again with what was typed."""
    form = await sent(request)

    async def act() -> None:
        await verb(session, case_id, given(form), caller, form.revision, now)

    if problem := await attempt(session, act()):
        return await show(request, session, caller, now, case_id, form, problem)
    return Redirect(f"{LIST}/{case_id}?done=1", status_code=303)


@post(ONE + "/call-back", guards=[centre], status_code=303, **OPTIONS)
async def call_back(
    request: Request[Any, Any, Any],
    case_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """记录一次回访。"""
    return await _act(cases.call_back, read_call_back, request, session, caller, now, case_id)


@post(ONE + "/rectify", guards=[clerk], status_code=303, **OPTIONS)
async def rectify(
    request: Request[Any, Any, Any],
    case_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """提交整改情况。"""
    return await _act(
        cases.rectify,
        lambda form: read(form, NewRectification, "plan", "proof"),
        request,
        session,
        caller,
        now,
        case_id,
    )


@post(ONE + "/appeal", guards=[clerk], status_code=303, **OPTIONS)
async def appeal(
    request: Request[Any, Any, Any],
    case_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """对回访结论提出申诉。"""
    return await _act(
        cases.appeal,
        lambda form: read(form, NewAppeal, "reason"),
        request,
        session,
        caller,
        now,
        case_id,
    )


@post(ONE + "/decide-appeal", guards=[centre], status_code=303, **OPTIONS)
async def decide_appeal(
    request: Request[Any, Any, Any],
    case_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """决定申诉。"""
    return await _act(
        cases.decide_appeal,
        lambda form: read(form, NewDecision, "decision", "note"),
        request,
        session,
        caller,
        now,
        case_id,
    )


@post(ONE + "/rule", guards=[centre], status_code=303, **OPTIONS)
async def rule(
    request: Request[Any, Any, Any],
    case_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """审核整改,或作废评价。"""
    return await _act(
        cases.rule,
        lambda form: read(form, NewRuling, "ruling", "note", "reason"),
        request,
        session,
        caller,
        now,
        case_id,
    )


ROUTES = [bad_ratings, bad_rating, call_back, rectify, rule, appeal, decide_appeal]
