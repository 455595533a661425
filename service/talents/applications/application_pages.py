"""The talent's own pages of an application: fill in, follow, mend (api.md 3.2, 3.3)."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import Problem
from service.talents import files, queries
from service.talents.applications import (
    categories,
    drafting,
    filling,
    moving,
    steps,
    timeline,
    views,
)
from service.talents.applications.application import Application
from service.talents.applications.drafting import Draft
from service.talents.applications.views import ApplicationView
from service.talents.models import Person

MINE = "/my/application"
TEMPLATE = "talents/templates/my_application.html"
ACT: dict[str, Any] = {
    "guards": [guards.talent],
    "opt": {"page": True},
    "include_in_schema": False,
    "status_code": 303,
}


@get(MINE, guards=[guards.talent], opt={"page": True}, include_in_schema=False)
async def my_application(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """我的办卡申请。"""
    return await show(request, session, caller)


async def newest(session: AsyncSession, caller: Caller) -> Application | None:
    """The caller's newest application."""
    query = select(Application).where(Application.account_id == caller.account_id)
    found: Application | None = await session.scalar(query.order_by(Application.id.desc()).limit(1))
    return found


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The newest application, and a form where one may be filled in."""
    application = await newest(session, caller)
    card = await queries.card_of_person(session, caller.person_id)
    live = card is not None and card.state in ("active", "suspended")
    again = application is None or not application.open
    view = await views.view_of(session, caller, application) if application else None
    person = await session.get(Person, caller.person_id) if caller.person_id else None
    return page(
        request,
        TEMPLATE,
        problem=problem,
        view=view,
        revision=application.revision if application else 0,
        story=await timeline.of(session, caller, application) if application else [],
        live=live,
        new=again and not live,
        categories=list((await categories.of(session)).values()),
        known=views.person_view(person, whole=True) if person else None,
        typed=given.firsts if given else filling.texts_of(view if not again else None),
        titles=steps.TITLES,
        badges=filling.BADGES,
        rows=filling.ROWS,
        notices=await files.notices_of(session, _files_of(view)),
        where=filling.where(application),
    )


def _files_of(view: ApplicationView | None) -> list[UUID]:
    """The files that go with an application."""
    return [each.file_id for each in view.evidence if each.file_id] if view else []


@post(MINE, **ACT)
async def begin(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """保存草稿,或保存并提交。"""
    given = await sent(request)
    return await _after(_begin(session, caller, given, now), request, session, caller, given)


async def _begin(session: AsyncSession, by: Caller, given: FormSent, now: datetime) -> None:
    draft = Draft(
        category=filling.category_of(given),
        unit_uscc=given.text("unit_uscc"),
        person=filling.person_of(given) if by.person_id is None else None,
        contract_until=given.day("contract_until"),
        management_until=given.day("management_until"),
        evidence=await filling.evidence_of(session, by, given, now),
        by_quota=given.text("by_quota") == "yes",
    )
    application = await drafting.begin(session, by, draft, now)
    if given.text("do") == "submit":
        await moving.submit(session, application.id, by, application.revision, now)


@post(MINE + "/{application_id:uuid}", **ACT)
async def act(
    request: Request[Any, Any, Any],
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """保存、提交或撤回。"""
    given = await sent(request)
    doing = _act(session, application_id, caller, given, now)
    return await _after(doing, request, session, caller, given)


async def _act(
    session: AsyncSession, application_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    if given.text("do") == "withdraw":
        await moving.withdraw(session, application_id, by, given.revision, now)
        return
    application = await queries.visible(session, by, application_id)
    patch = await filling.patch_of(session, by, given, application, now)
    changed = await drafting.patch(session, application_id, by, given.revision, patch, now)
    if given.text("do") == "submit":
        await moving.submit(session, application_id, by, changed.revision, now)


async def _after(
    doing: Awaitable[Any],
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    given: FormSent,
) -> Response[Any]:
    """Back to the page, or the same page with the refusal."""
    if problem := await attempt(session, doing):
        return await show(request, session, caller, given, problem)
    return Redirect(MINE, status_code=303)


ROUTES = [my_application, begin, act]
