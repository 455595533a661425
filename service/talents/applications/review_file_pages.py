"""The file's page: everything about one application, and the form of what may be done with it."""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions
from service.talents import alike, inspecting, queries
from service.talents.alike import Finding
from service.talents.applications import (
    changes,
    clocks,
    drafting,
    filling,
    hints,
    moving,
    queues,
    returns,
    steps,
    templates,
    timeline,
    views,
)
from service.talents.applications.application import Application
from service.talents.applications.moving import Assignment, Decision
from service.talents.applications.queues import Asked
from service.talents.applications.returns import Missing
from service.talents.applications.review_pages import PAGE, REVIEW
from service.talents.applications.steps import Step
from service.talents.applications.views import ApplicationView
from service.talents.models import File

ONE = REVIEW + "/{application_id:uuid}"
HEADINGS = {"unit_assign": "不指派", "unit_complete": "退回申请人", "unit_endorse": "推荐意见"}
DECISIONS = {"pass": "通过", "return": "退回补充", "reject": "不予通过"}
LEVELS = {"province": "省级", "city": "市级", "county": "县级"}
WHO = {"draft": "申请人", "unit_complete": "单位服务专员", "unit_endorse": "单位业务负责人"}
SHOWS = {"application/pdf": "PDF", "image/jpeg": "图片", "image/png": "图片"}


class Exhibit(msgspec.Struct, frozen=True):
    """One proof in the viewer; without a file there is only its note."""

    kind: str
    note: str | None
    file_id: UUID | None
    shows: str
    kilobytes: int
    notice: str | None


@get(ONE, **PAGE, shows="application")
async def file(
    request: Request[Any, Any, Any],
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一件申请的全部材料、经过和意见。"""
    return await show(request, session, caller, application_id, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    application_id: UUID,
    now: datetime,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The whole file, with the form of what the caller may do now."""
    application = await queries.visible(session, caller, application_id)
    view = await views.view_of(session, caller, application)
    known = await regions.of(session)
    return page(
        request,
        "talents/templates/review_one.html",
        problem=problem,
        view=view,
        revision=application.revision,
        story=await timeline.of(session, caller, application),
        place=known.full_name(application.region),
        level=LEVELS.get(view.unit.level, ""),
        deadline=await clocks.view_of(session, application, now),
        exhibits=await exhibits_of(session, view),
        rounds=await changes.of(session, caller, application),
        hints=await hints.of(session, application, now),
        typed=given.firsts if given else filling.texts_of(view),
        asked=set(given.texts.get("missing", [])) if given else set(),
        following=await _following(session, caller, application, now),
        now=now,
        **await _forms(session, application, view),
    )


async def _forms(
    session: AsyncSession, application: Application, view: ApplicationView
) -> dict[str, Any]:
    """What the forms choose from."""
    step = steps.STEPS.get(application.step)
    picks = not {"assign", "reassign"}.isdisjoint(view.allowed)
    return {
        "specialists": await moving.specialists_of(session, application.unit_id) if picks else [],
        "decisions": _decisions(step),
        "opinions": await templates.of(session, application.step) if step else [],
        "headings": HEADINGS,
        "menders": _menders(application),
        "kinds": _kinds(view),
        "fields": returns.FIELDS,
        "rows": filling.ROWS,
        "where": filling.where(application),
        "titles": steps.TITLES,
        "badges": filling.BADGES,
    }


def _kinds(view: ApplicationView) -> list[str]:
    """Kinds of evidence that a return may ask for: the category's, and those that are there."""
    return list(dict.fromkeys([*view.evidence_expected, *(each.kind for each in view.evidence)]))


async def exhibits_of(session: AsyncSession, view: ApplicationView) -> list[Exhibit]:
    """The proofs as the viewer shows them."""
    wanted = [each.file_id for each in view.evidence if each.file_id]
    query = select(File.id, File.media_type, File.octets, File.notice).where(File.id.in_(wanted))
    found = {row.id: row for row in await session.execute(query)}
    exhibits = []
    for each in view.evidence:
        row = found.get(each.file_id)
        shows = SHOWS.get(row.media_type, "文件") if row else ""
        size = max(1, row.octets // 1024) if row else 0
        notice = inspecting.SHORT.get(row.notice) if row else None
        exhibits.append(Exhibit(each.kind, each.note, each.file_id, shows, size, notice))
    return exhibits


async def _following(
    session: AsyncSession, caller: Caller, application: Application, now: datetime
) -> UUID | None:
    """The file that waits next for the caller, where this one waits no longer."""
    found = await queues.page_of(session, caller, Asked(), now, skip=0, limit=2)
    return next((each.id for each in found.rows if each.id != application.id), None)


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


@post(ONE, **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """指派、更换专员、补全、提交或作出决定。"""
    given = await sent(request)
    doing = _act(session, application_id, caller, given, now)
    if problem := await attempt(session, doing):
        return await show(request, session, caller, application_id, now, given, problem)
    return Redirect(f"{REVIEW}/{application_id}", status_code=303)


def _act(
    session: AsyncSession, application_id: UUID, by: Caller, given: FormSent, now: datetime
) -> Awaitable[Any]:
    match given.text("do"):
        case "assign" | "reassign":
            return _assign(session, application_id, by, given, now)
        case "save" | "submit":
            return _save(session, application_id, by, given, now)
        case "alike":
            return _settle(session, application_id, by, given, now)
    return _decide(session, application_id, by, given, now)


async def _settle(
    session: AsyncSession, application_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    other_id, note = given.uuid("other"), given.text("note")[:500]
    if len(note) < 2:
        raise InvalidBody(FieldError("/note", "missing", "请写明怎样核对的。"))
    if other_id is None:
        raise NotFound
    finding = Finding(given.text("same") == "yes", note)
    await alike.settle(session, application_id, other_id, by, finding, now)


async def _assign(
    session: AsyncSession, application_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    chosen = Assignment(given.text("specialist")[:200])
    name = moving.assign if given.text("do") == "assign" else moving.reassign
    await name(session, application_id, by, given.revision, chosen, now)


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
    returned = given.text("decision") == "return"
    opinion = given.text("opinion")
    if not opinion and given.text("template"):  # chosen on a page without script
        known = {each.code: each.text for each in await templates.of(session)}
        opinion = known.get(given.text("template"), "")
    decision = Decision(
        decision=given.text("decision"),  # type: ignore[arg-type]  # one of DECISIONS
        opinion=opinion[:2000],
        to=(given.text("to") or None) if returned else None,
        missing=_missing(given) if returned else [],
    )
    await moving.decide(session, application_id, by, given.revision, decision, now)


def _missing(given: FormSent) -> list[Missing]:
    """What was ticked, and the other material that was written down."""
    found = [_ticked(text) for text in given.texts.get("missing", [])]
    if other := given.text("missing_other")[:100]:
        found.append(Missing("evidence", other))
    return [each for each in found if each is not None][:30]


def _ticked(text: str) -> Missing | None:
    what, _, name = text.partition(":")
    kinds: Sequence[Literal["evidence", "field"]] = ("evidence", "field")
    kind = next((each for each in kinds if each == what), None)
    return Missing(kind, name[:100]) if kind and name else None


ROUTES = [file, act]
