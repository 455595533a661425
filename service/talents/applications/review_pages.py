"""Pages of whoever has a step: the unit, the windows, the office (api.md 3.3)."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, Problem
from service.reference import regions
from service.talents import queries
from service.talents.applications import (
    drafting,
    filling,
    holding,
    moving,
    routes,
    steps,
    timeline,
    views,
)
from service.talents.applications.application import Application
from service.talents.applications.moving import Assignment, Decision
from service.talents.applications.steps import Step

REVIEW = "/review"
ONE = REVIEW + "/{application_id:uuid}"
PAGE: dict[str, Any] = {
    "guards": [routes.handlers],
    "opt": {"page": True},
    "include_in_schema": False,
}
SHOWN = 200
HEADINGS = {"unit_assign": "不指派", "unit_complete": "退回申请人", "unit_endorse": "推荐意见"}
DECISIONS = {"pass": "通过", "return": "退回补充", "reject": "不予通过"}
LEVELS = {"province": "省级", "city": "市级", "county": "县级"}


@get(REVIEW, **PAGE)
async def queue(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """等我办理的,和我看得到的。"""
    found = await queries.newest(session, caller, SHOWN)
    known = await regions.of(session)
    lines = await views.summaries(session, caller, found)
    mine = {each.id for each in found if holding.acts_among(known, caller, each)}
    return page(
        request,
        "talents/templates/review.html",
        waiting=sorted((e for e in lines if e.id in mine), key=lambda e: e.step_since),
        others=[each for each in lines if each.id not in mine],
        places={each.region: known.full_name(each.region) for each in lines},
        badges=filling.BADGES,
    )


@get(ONE, **PAGE)
async def file(
    request: Request[Any, Any, Any],
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """一件申请的全部材料、经过和意见。"""
    return await show(request, session, caller, application_id)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    application_id: UUID,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The whole file, with the form of what the caller may do now."""
    application = await queries.visible(session, caller, application_id)
    view = await views.view_of(session, caller, application)
    known = await regions.of(session)
    step = steps.STEPS.get(application.step)
    specialists = []
    if "assign" in view.allowed:
        specialists = await moving.specialists_of(session, application.unit_id)
    return page(
        request,
        "talents/templates/review_one.html",
        problem=problem,
        view=view,
        revision=application.revision,
        story=await timeline.of(session, caller, application),
        place=known.full_name(application.region),
        level=LEVELS.get(view.unit.level, ""),
        specialists=specialists,
        decisions=_decisions(step),
        headings=HEADINGS,
        menders=_menders(application),
        typed=given.firsts if given else filling.texts_of(view),
        rows=filling.ROWS,
        where=filling.where(application),
        titles=steps.TITLES,
        badges=filling.BADGES,
    )


def _decisions(step: Step | None) -> list[tuple[str, str]]:
    """What to choose from; whoever completes it passes it on by the form of the completing."""
    names = step.decisions if step else ()
    passes_elsewhere = step is not None and "patch" in step.acts
    return [(n, DECISIONS[n]) for n in names if n != "pass" or not passes_elsewhere]


def _menders(application: Application) -> list[tuple[str, str]]:
    """To whom it may be returned: the usual one first."""
    step = steps.STEPS.get(application.step)
    if step is None or application.step not in application.path:
        return []
    earlier = application.path[: application.path.index(application.step)]
    usual = step.returns_to
    ordered = sorted((each for each in earlier if each != "unit_assign"), key=lambda e: e != usual)
    return [(each, WHO.get(each, steps.TITLES[each])) for each in ordered]


WHO = {"draft": "申请人", "unit_complete": "单位服务专员", "unit_endorse": "单位业务负责人"}


@post(ONE, **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """指派、补全、提交或作出决定。"""
    given = await sent(request)
    doing = _act(session, application_id, caller, given, now)
    if problem := await attempt(session, doing):
        return await show(request, session, caller, application_id, given, problem)
    return Redirect(f"{REVIEW}/{application_id}", status_code=303)


def _act(
    session: AsyncSession, application_id: UUID, by: Caller, given: FormSent, now: datetime
) -> Awaitable[Any]:
    match given.text("do"):
        case "assign":
            return _assign(session, application_id, by, given, now)
        case "save" | "submit":
            return _save(session, application_id, by, given, now)
    return _decide(session, application_id, by, given, now)


async def _assign(
    session: AsyncSession, application_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    chosen = Assignment(given.text("specialist")[:200])
    await moving.assign(session, application_id, by, given.revision, chosen, now)


async def _save(
    session: AsyncSession, application_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    application = await queries.visible(session, by, application_id)
    revision = given.revision
    if "contract_until" in given.texts:  # whoever only hands on has no fields to change
        patch = await filling.patch_of(session, by, given, application, now)
        changed = await drafting.patch(session, application_id, by, revision, patch, now)
        revision = changed.revision
    if given.text("do") == "submit":
        await moving.submit(session, application_id, by, revision, now)


async def _decide(
    session: AsyncSession, application_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    if given.text("decision") not in DECISIONS:
        raise InvalidBody(FieldError("/decision", "missing", "请选择决定。"))
    decision = Decision(
        decision=given.text("decision"),  # type: ignore[arg-type]  # one of DECISIONS
        opinion=given.text("opinion")[:2000],
        to=(given.text("to") or None) if given.text("decision") == "return" else None,
    )
    await moving.decide(session, application_id, by, given.revision, decision, now)


ROUTES = [queue, file, act]
