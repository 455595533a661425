"""专家中心's pages of the calendar: what is in force, a notice or a region's days, the dry run."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.calendars import drafting, trying, views
from service.calendars.models import OPEN, CalendarDraft
from service.calendars.reading import Given, NoticeGiven, OverlayGiven
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions

LIST, DRAFTS = "/centre/calendars", "/centre/calendars/drafts"
PAGE: dict[str, Any] = {
    "guards": [roles(Role.CENTRE)],
    "opt": {"page": True},
    "include_in_schema": False,
}
STATES = {"open": "待生效", "applied": "已生效", "dropped": "已放弃"}
KINDS = {"notice": "年度放假安排", "overlay": "地区单日调整"}
YEARS = {"published": "已公布", "provisional": "暂定"}
DAYS = {"workday": "工作日", "weekend": "休息日", "holiday": "放假", "makeup": "调休上班"}
CHOICES = {"holiday": "放假(停工)", "workday": "照常上班(周一至周五)", "makeup": "上班(周六、周日)"}
LARGEST = 100_000


@get(LIST, **PAGE)
async def calendars(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """现行日历、历次版本、待生效的草稿,和导入的表单。"""
    return await show_list(request, session, caller)


async def show_list(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The list; the form as it was typed, where there was a problem."""
    open_drafts = await views.listed(session, OPEN, None, 100)
    known = await regions.of(session)
    held = caller.regions(Role.CENTRE)
    places = [
        (code, known.full_name(code))
        for code in sorted(code for region in held for code in known.children(region))
    ]
    return page(
        request,
        "calendars/templates/calendars.html",
        problem=problem,
        drafts=await views.views(session, open_drafts, caller),
        versions=await views.versions(session),
        years=await views.years(session),
        places=places,
        place=known.full_name,
        kinds=KINDS,
        choices=CHOICES,
        states=YEARS,
        day_kinds=DAYS,
        typed=given.firsts if given else {},
    )


@post(LIST, **PAGE, status_code=303)
async def begin(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """导入通知或地区的一天。"""
    given = await sent(request)
    made: list[CalendarDraft] = []

    async def act() -> None:
        made.append(await drafting.begin(session, await _given(given), caller, now))

    if problem := await attempt(session, act()):
        return await show_list(request, session, caller, problem, given)
    return Redirect(f"{DRAFTS}/{made[0].id}", status_code=303)


async def _given(form: FormSent) -> Given:
    if form.text("kind") == "overlay":
        names = ("date", "region", "kind", "reason", "source")
        day = {name: form.text(name if name != "kind" else "day_kind") for name in names}
        return _as(OverlayGiven, {"kind": "overlay", "days": [day]})
    table = form.text("table")
    file = form.upload("file")
    if file is not None and (octets := await file.read(LARGEST)):
        table = _text(octets)
    plain = {name: form.text(name) for name in ("notice", "source")}
    year = form.text("year")
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        raise InvalidBody(FieldError("/year", "invalid", "请填写四位年份。"))
    on = form.day("published_on")
    return _as(
        NoticeGiven,
        {**plain, "kind": "notice", "year": int(year), "table": table,
         "published_on": on.isoformat() if on else None},
    )  # fmt: skip


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        detail = "文件不是 UTF-8 文本,请另存为 UTF-8 的制表符分隔文件。"
        raise InvalidBody(FieldError("/table", "not-utf-8", detail)) from None


def _as(kind: type[Given], plain: dict[str, Any]) -> Given:
    try:
        given: Given = msgspec.convert(plain, kind)
    except msgspec.ValidationError as wrong:
        field = str(wrong).rpartition(".")[2].rstrip("`")
        raise InvalidBody(FieldError(f"/{field}", "invalid", "有一项没有填或写法不对。")) from None
    return given


@get(DRAFTS + "/{draft_id:uuid}", **PAGE)
async def draft(
    request: Request[Any, Any, Any],
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一份草稿:改哪些天、哪些时限会变、生效或放弃。"""
    return await show_draft(request, session, draft_id, caller, now)


async def show_draft(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    draft_id: UUID,
    caller: Caller,
    now: datetime,
    problem: Problem | None = None,
) -> Response[Any]:
    """The draft with its dry run while it is open, with how far it has come once it is applied."""
    kept = await views.got(session, draft_id)
    [view] = await views.views(session, [kept], caller)
    known = await regions.of(session)
    return page(
        request,
        "calendars/templates/calendar_draft.html",
        problem=problem,
        each=view,
        revision=kept.revision,
        run=await trying.dry_run(session, kept, now) if kept.state == OPEN else None,
        progress=await views.progress_of(session, kept),
        place=known.full_name,
        kinds=KINDS,
        states=STATES,
        years=YEARS,
        day_kinds=DAYS,
        legs=trying.LEGS,
    )


@post(DRAFTS + "/{draft_id:uuid}", **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """生效或放弃。"""
    given = await sent(request)
    if problem := await attempt(session, _act(session, draft_id, caller, given, now)):
        return await show_draft(request, session, draft_id, caller, now, problem)
    return Redirect(f"{DRAFTS}/{draft_id}", status_code=303)


def _act(
    session: AsyncSession, draft_id: UUID, by: Caller, given: FormSent, now: datetime
) -> Awaitable[CalendarDraft]:
    seen = given.text("calendar_version")
    match given.text("do"):
        case "apply" if seen.isascii() and seen.isdigit() and len(seen) < 9:
            return drafting.apply(session, draft_id, by, given.revision, int(seen), now)
        case "drop":
            return drafting.drop(session, draft_id, by, given.revision, now)
    raise NotFound


ROUTES: list[Any] = [calendars, begin, draft, act]
