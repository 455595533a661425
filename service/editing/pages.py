"""专家中心's editor: the catalogue, an offering's versions, a draft with preview and dry run."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.editing import comparing, drafting, stopping, trying, views
from service.editing import content as contents
from service.editing.models import OPEN, OfferingDraft
from service.editing.typed import (
    OWN,
    drafted_of,
    errors_of,
    narrowing,
    opened_of,
    stop_of,
    texts_of,
)
from service.offerings import queries
from service.offerings.catalogue import FAMILY
from service.offerings.entitlement import UNITS
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import SHANGHAI, page
from service.problems import NotFound, Problem
from service.requests import fields
from service.satisfaction import names
from service.talents.applications import categories

LIST, DRAFTS = "/centre/offerings", "/centre/offerings/drafts"
PAGE: dict[str, Any] = {
    "guards": [roles(Role.CENTRE)],
    "opt": {"page": True},
    "include_in_schema": False,
}
SECTORS = {"public": "公共", "social": "社会", "market": "市场"}
PEOPLE = {
    "holder": "本人", "spouse": "配偶", "child": "子女", "parent": "父母", "companion": "随行人员",
}  # fmt: skip
MODES = {"case": "申请办理", "benefit": "出示卡即享"}
STATES = {"open": "待发布", "published": "已发布", "dropped": "已放弃"}
SOURCES = {"table": "目录表", "editor": "编辑", "merged": "目录表(表单、依据沿用编辑)"}


@get(LIST, **PAGE)
async def offerings(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """服务事项与草稿。"""
    today = now.astimezone(SHANGHAI).date()
    open_drafts = await views.listed(session, OPEN, None, 200)
    return page(
        request,
        "editing/templates/offerings.html",
        versions=await queries.in_force(session, today),
        today=today,
        drafts={each.code: each for each in open_drafts},
        sectors=SECTORS,
    )


@get(LIST + "/{code:str}", **PAGE)
async def offering(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一个事项的版本,和起草新版本的表单。"""
    return await show_offering(request, session, code, now)


async def show_offering(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    code: str,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
    stopped: FormSent | None = None,
) -> Response[Any]:
    """The offering; the form begins with what the newest version says."""
    history = await views.history(session, code)
    versions = {each.version: each for each in await queries.versions_of(session, code)}
    newest = versions[history[0].version]
    wanted = request.query_params.get("from", "")
    start = {str(number): each for number, each in versions.items()}.get(wanted, newest)
    today = now.astimezone(SHANGHAI).date()
    typed = given.texts if given else texts_of(contents.of(start), max(today, newest.valid_from))
    return page(
        request,
        "editing/templates/offering.html",
        problem=problem,
        errors={} if stopped else errors_of(problem),
        stop=stopped.firsts if stopped else {},
        wrong=errors_of(problem) if stopped else {},
        newest=newest,
        start=start,
        changed=comparing.with_previous(list(versions.values())),
        history=history,
        draft=await views.open_of(session, code),
        sources=SOURCES,
        today=today,
        **await _form(session, code, typed, newest.mode),
    )


@post(LIST + "/{code:str}", **PAGE, status_code=303)
async def begin(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """起草。"""
    given = await sent(request)
    made: list[OfferingDraft] = []

    async def act() -> None:
        made.append(await drafting.begin(session, code, caller, drafted_of(given), now))

    if problem := await attempt(session, act()):
        return await show_offering(request, session, code, now, problem, given)
    return Redirect(f"{DRAFTS}/{made[0].id}", status_code=303)


@get(DRAFTS + "/{draft_id:uuid}", **PAGE)
async def draft(
    request: Request[Any, Any, Any],
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """一份草稿:改了什么、试算、预览、发布或放弃。"""
    return await show_draft(request, session, draft_id, caller)


async def show_draft(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    draft_id: UUID,
    caller: Caller,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The draft with what is open to the caller."""
    kept = await views.got(session, draft_id)
    [view] = await views.views(session, [kept], caller)
    base = await trying.version_of(session, kept.code, kept.base_version)
    mode = trying.mode_of(kept, base)
    typed = given.texts if given else texts_of(contents.kept(kept.content), kept.valid_from)
    typed = typed if given else {**typed, "why": [kept.why]}
    return page(
        request,
        "editing/templates/draft.html",
        problem=problem,
        errors=errors_of(problem),
        each=view,
        revision=kept.revision,
        offering=base.name_zh if base else view.content["name_zh"],
        states=STATES,
        run=await trying.dry_run(session, kept),
        partner_names=await names.partners(session),
        preview=fields.of(kept.content["form_schema"]) if kept.content["form_schema"] else [],
        **await _form(session, kept.code, typed, mode),
    )


@post(DRAFTS + "/{draft_id:uuid}", **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """修改、发布、放弃。"""
    given = await sent(request)
    if problem := await attempt(session, _act(session, draft_id, caller, given, now)):
        typed = given if given.text("do") == "change" else None
        return await show_draft(request, session, draft_id, caller, problem, typed)
    return Redirect(f"{DRAFTS}/{draft_id}", status_code=303)


def _act(
    session: AsyncSession, draft_id: UUID, by: Caller, given: FormSent, now: datetime
) -> Awaitable[OfferingDraft]:
    match given.text("do"):
        case "change":
            wanted = drafted_of(given)
            return drafting.change(session, draft_id, by, given.revision, wanted, now)
        case "publish":
            return drafting.publish(session, draft_id, by, given.revision, now)
        case "drop":
            return drafting.drop(session, draft_id, by, given.revision, now)
    raise NotFound


async def _form(
    session: AsyncSession, code: str, typed: dict[str, list[str]], mode: str
) -> dict[str, Any]:
    known = await categories.of(session)
    named = [name.removeprefix(OWN) for name in typed if name.startswith(OWN)]
    partners = await views.partners(session, code, named) if mode == "case" else []
    return {
        "narrowing": narrowing(partners, typed),
        "others": [each for each in (await names.offerings(session)).items() if each[0] != code],
        "typed": {name: (texts or [""])[0] for name, texts in typed.items()},
        "chosen": typed,
        "mode": mode,
        "titles": contents.TITLES,
        "categories": [(str(each.category), each.name_zh) for each in known.values()],
        "people": [(each, PEOPLE[each]) for each in FAMILY],
        "sectors": SECTORS,
        "units": UNITS,
    }


@post(LIST + "/{code:str}/stop", **PAGE, status_code=303)
async def stop(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """起草停办:其余照现行版本。"""
    given = await sent(request)
    made: list[OfferingDraft] = []

    async def act() -> None:
        drafted = await stopping.drafted(session, code, stop_of(given), given.text("why"), now)
        made.append(await drafting.begin(session, code, caller, drafted, now))

    if problem := await attempt(session, act()):
        return await show_offering(request, session, code, now, problem, stopped=given)
    return Redirect(f"{DRAFTS}/{made[0].id}", status_code=303)


@get(LIST + "/new", **PAGE)
async def new(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """新增一个事项。"""
    return await show_new(request, session, now)


async def show_new(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The form of a wholly new offering; it begins with the plain form for a request."""
    mode = given.text("mode") if given else request.query_params.get("mode", "case")
    mode = mode if mode in MODES else "case"
    today = now.astimezone(SHANGHAI).date()
    typed = given.texts if given else texts_of(contents.beginning(mode), today)
    return page(
        request,
        "editing/templates/new.html",
        problem=problem,
        errors=errors_of(problem),
        modes=MODES,
        **await _form(session, given.text("code") if given else "", typed, mode),
    )


@post(LIST + "/new", **PAGE, status_code=303)
async def open_new(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """起草新事项。"""
    given = await sent(request)
    made: list[OfferingDraft] = []

    async def act() -> None:
        made.append(await drafting.open_new(session, caller, opened_of(given), now))

    if problem := await attempt(session, act()):
        return await show_new(request, session, now, problem, given)
    return Redirect(f"{DRAFTS}/{made[0].id}", status_code=303)


ROUTES: list[Any] = [offerings, new, open_new, offering, begin, stop, draft, act]
