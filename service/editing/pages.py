"""专家中心's editor: the catalogue, an offering's versions, a draft with preview and dry run."""

import json
from collections.abc import Awaitable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.editing import comparing, drafting, trying, views
from service.editing import content as contents
from service.editing.drafting import Drafted
from service.editing.models import OPEN, OfferingDraft
from service.offerings import queries
from service.offerings.catalogue import FAMILY
from service.offerings.entitlement import UNITS
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import SHANGHAI, page
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.requests import fields
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
STATES = {"open": "待发布", "published": "已发布", "dropped": "已放弃"}
SOURCES = {"table": "目录表", "editor": "编辑"}
NUMBERS = (
    "accept_hours", "first_review_wd", "complete_wd", "correction_wd", "publicity_wd",
    "annual_limit", "companions_max",
)  # fmt: skip
SCHEMAS = ("form_schema", "result_schema")


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
        errors=errors_of(problem),
        newest=newest,
        start=start,
        changed=comparing.with_previous(list(versions.values())),
        history=history,
        draft=await views.open_of(session, code),
        sources=SOURCES,
        **await _form(session, typed, newest.mode),
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
    typed = given.texts if given else texts_of(contents.kept(kept.content), kept.valid_from)
    typed = typed if given else {**typed, "why": [kept.why]}
    return page(
        request,
        "editing/templates/draft.html",
        problem=problem,
        errors=errors_of(problem),
        each=view,
        revision=kept.revision,
        offering=base.name_zh,
        states=STATES,
        run=await trying.dry_run(session, kept),
        preview=fields.of(kept.content["form_schema"]) if kept.content["form_schema"] else [],
        **await _form(session, typed, base.mode),
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


async def _form(session: AsyncSession, typed: dict[str, list[str]], mode: str) -> dict[str, Any]:
    known = await categories.of(session)
    return {
        "typed": {name: (texts or [""])[0] for name, texts in typed.items()},
        "chosen": typed,
        "mode": mode,
        "titles": contents.TITLES,
        "categories": [(str(each.category), each.name_zh) for each in known.values()],
        "people": [(each, PEOPLE[each]) for each in FAMILY],
        "sectors": SECTORS,
        "units": UNITS,
    }


def texts_of(content: contents.Content, valid_from: date) -> dict[str, list[str]]:
    """The form as it stands."""
    found: dict[str, list[str]] = {"valid_from": [valid_from.isoformat()]}
    for name in contents.FIELDS:
        value = getattr(content, name)
        if name in SCHEMAS:
            found[name] = [json.dumps(value, ensure_ascii=False, indent=2) if value else ""]
        elif name in ("categories", "beneficiaries"):
            found[name] = [str(each) for each in value]
        elif isinstance(value, list):
            found[name] = ["\n".join(value)]
        elif isinstance(value, bool):
            found[name] = ["yes"] if value else []
        else:
            found[name] = ["" if value is None else str(value)]
    return found


def drafted_of(given: FormSent) -> Drafted:
    """What the form says; raises InvalidBody where a number or a schema is none."""
    plain: dict[str, Any] = {
        name: given.text(name)
        for name in ("name_zh", "name_en", "sector", "department", "unit", "policy_text",
                     "policy_source")
    }  # fmt: skip
    plain |= {name: _number(given, name) for name in NUMBERS}
    plain |= {name: _schema(given, name) for name in SCHEMAS}
    plain |= {name: _lines(given, name) for name in ("materials", "shared_fields")}
    chosen = given.texts.get("categories", [])
    plain["categories"] = [int(each) for each in chosen if each.isdecimal() and len(each) < 4]
    plain["beneficiaries"] = given.texts.get("beneficiaries", [])
    plain["companions_max"] = plain["companions_max"] or 0
    for name in ("low_value", "batched"):
        plain[name] = given.text(name) == "yes"
    plain["window"] = given.text("window") or None
    valid_from = given.day("valid_from")
    why = given.text("why")[:500]
    wrong = []
    if valid_from is None:
        wrong.append(FieldError("/valid_from", "missing", "请填写生效日期。"))
    if len(why) < 2:
        wrong.append(FieldError("/why", "missing", "请写明为什么改。"))
    if wrong or valid_from is None:
        raise InvalidBody(*wrong)
    return Drafted(plain, valid_from, why)


def _number(given: FormSent, name: str) -> int | None:
    text = given.text(name)
    if not text:
        return None
    if not text.isdecimal() or len(text) > 5:
        raise InvalidBody(FieldError(f"/content/{name}", "invalid", "请填写整数。"))
    return int(text)


def _schema(given: FormSent, name: str) -> Any:
    text = given.text(name)
    if not text:
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        advice = "不是 JSON,请检查逗号、引号和括号。"
        raise InvalidBody(FieldError(f"/content/{name}", "not-json", advice)) from None


def _lines(given: FormSent, name: str) -> list[str]:
    return [line.strip() for line in given.text(name).splitlines() if line.strip()]


def errors_of(problem: Problem | None) -> dict[str, str]:
    """What is wrong with which field of the form."""
    found: dict[str, str] = {}
    for each in getattr(problem, "errors", ()) or ():
        name = each.pointer.removeprefix("/content").lstrip("/").partition("/")
        where = f"{name[2]}: " if name[2] else ""
        found.setdefault(name[0], f"{where}{each.detail}")
    return found


ROUTES: list[Any] = [offerings, offering, begin, draft, act]
