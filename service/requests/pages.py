"""Pages of the holder: what I asked for, where it is, until when; and its whole story."""

from collections.abc import Awaitable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import Problem
from service.reference import regions
from service.requests import (
    catalogue_pages,
    choices,
    conversation,
    deadlines,
    desk_pages,
    desk_queue,
    fields,
    members,
    message_pages,
    new_pages,
    papers,
    queries,
    results,
    steward_pages,
    timeline,
    views,
    words,
)
from service.requests.actions import holding, messaging
from service.requests.actions.holding import Answers, Choice
from service.requests.batches import holder_part
from service.requests.fields import values
from service.requests.loans import views as loan_views
from service.requests.new_pages import counties_of
from service.requests.posting import beside, errors_of, under
from service.requests.queries import Found
from service.requests.states import Party
from service.talents.care import queries as care
from service.worktime.hours import SHANGHAI
from service.worktime.words import until

MINE = "/my/requests"
ONE = MINE + "/{request_id:uuid}"
SHOWN = 30
WORDS: dict[str, Any] = {
    "states": words.STATES,
    "state_of": words.state_of,
    "badges": words.BADGES,
    "outcomes": words.OUTCOMES,
    "deadline": until,
}


@get(MINE, guards=[guards.talent], opt={"page": True}, include_in_schema=False)
async def mine(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """我的申请,新的在前。"""
    before = paging.after(request.query_params.get("before"))
    found = await queries.newest(session, caller, before=before, limit=SHOWN)
    shown = paging.page_of([views.summary_of(each) for each in found], SHOWN, lambda r: r.id)
    ids = [line.id for line in shown.items]
    return page(
        request,
        "requests/templates/my_requests.html",
        lines=shown.items,
        unread=await conversation.unread(session, ids, conversation.HOLDER),
        next=shown.next,
        carers=await care.of_person(session, caller.person_id),
        **WORDS,
    )


@get(ONE, guards=[guards.holder_side], opt={"page": True}, include_in_schema=False, shows="request")
async def my_request(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一件申请的经过。"""
    return await show(request, session, caller, request_id, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    request_id: UUID,
    now: datetime,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The story, with what was typed where an act met a problem."""
    found = await queries.visible(session, caller, request_id)
    story = await _story(session, caller, found, now)
    answer = await _answer_form(session, caller, found, now, given, problem)
    talk = await message_pages.talk(session, caller, found.request, now, problem)
    names = {"file", *(field.name for field in answer["fields"])}
    return page(
        request,
        "requests/templates/my_request.html",
        problem=beside(problem, names),
        own=found.request.person_id == caller.person_id,
        told=words.DONE.get(request.query_params.get("done", "")),
        revision=found.request.revision,
        now=now,
        **story,
        **talk,
        **answer,
        **WORDS,
    )


async def _story(
    session: AsyncSession, caller: Caller, found: Found, now: datetime
) -> dict[str, Any]:
    """Where it is, until when and why then, what was asked and what came of it."""
    row, version = found.request, found.version
    clocks = (await queries.clocks_of(session, [row.id])).get(row.id, [])
    notes = await queries.notes_of(session, row.id)
    named = await members.of_request(session, row.id)
    why = await deadlines.of_request(session, caller, row.id, now)
    known = await regions.of(session)
    names = {code: known.full_name(code) for code in known.by_code}
    banks = await choices.of_request(session, row)
    files = await results.of_request(session, row)
    return {
        "view": views.view_of(found, clocks, notes, Party.HOLDER, named, banks, files),
        "loan": await loan_views.of_request(session, row.id),
        **await holder_part.of(session, caller, row.id, now),
        "place": known.full_name(row.region),
        "filled": fields.lines(choices.without(version.form_schema), row.form, names),
        "order": await choices.order_form(session, row, version, banks),
        "stands": choices.WORDS,
        "result": fields.lines(version.result_schema, row.result or {}, names),
        "kinds": words.for_whom(row.beneficiaries, members.refs(named)),
        "story": [e for e in await timeline.of(session, row) if e.type != timeline.MESSAGE],
        "why": why.explanation if not row.ended_at else [],
        "provisional": why.provisional,
        "review_wd": version.first_review_wd,
    }


async def _answer_form(
    session: AsyncSession,
    caller: Caller,
    found: Found,
    now: datetime,
    given: FormSent | None,
    problem: Problem | None,
) -> dict[str, Any]:
    """The form of a correction, where one is asked for, filled with what stands or was typed."""
    schema, row = choices.without(found.version.form_schema), found.request
    typed = given.texts if given else {}
    asked = "answers" in row.acts(Party.HOLDER)
    shown = fields.of(
        schema,
        posted=typed or fields.posted_of(schema, row.form),
        errors=under(errors_of(problem), "/form"),
        choices={"region": counties_of(await regions.of(session), _today(now))},
    )
    return {
        "fields": shown if asked else [],
        "typed": typed,
        "errors": errors_of(problem),
        "papers": await papers.papers_of(session, caller, given) if given else [],
    }


def _today(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


async def _after(
    act: Awaitable[Any],
    done: str,
    shown: Mapping[str, Any],
) -> Response[Any]:
    """Back to the story with a word of success, or the same page with the refusal."""
    if problem := await attempt(shown["session"], act):
        return await show(**shown, problem=problem)
    return Redirect(f"{MINE}/{shown['request_id']}?done={done}", status_code=303)


ACT: dict[str, Any] = {
    "guards": [guards.holder_side],
    "opt": {"page": True},
    "include_in_schema": False,
    "status_code": 303,
}


@post(ONE + "/answers", **ACT)
async def answers(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """答复补正。"""
    given = await sent(request)
    found = await queries.visible(session, caller, request_id)
    asked = choices.without(found.version.form_schema)
    changed = _changed(found.request.form, values(asked, given.texts))
    shown = _shown(request, session, caller, request_id, now, given)
    if problem := await papers.keep_uploads(session, caller, given, now):
        return await show(**shown, problem=problem)
    answer = Answers(form=changed, note=given.text("_note"), files=papers.ids_of(given))
    act = _answer(session, request_id, caller, given, answer, now)
    return await _after(act, "answered", shown)


async def _answer(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    given: FormSent,
    answer: Answers,
    now: datetime,
) -> None:
    await holding.answer(session, request_id, by, given.revision, answer, now)


@post(ONE + "/choice", **ACT)
async def choice(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """调整依次询问的银行。"""
    given = await sent(request)
    return await _after(
        _choose(session, request_id, caller, given, now),
        "chosen",
        _shown(request, session, caller, request_id, now, given),
    )


async def _choose(
    session: AsyncSession, request_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    banks = [each[:100] for each in given.texts.get("banks", []) if each][:10]
    asked = Choice(banks, bool(given.text("all_banks")))
    await holding.choose(session, request_id, by, given.revision, asked, now)


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Only what the holder changed: the answer shows the partner what is new."""
    return {name: value for name, value in after.items() if before.get(name) != value}


@post(ONE + "/messages", **ACT)
async def messages(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """留言。"""
    given = await sent(request)
    if problem := await message_pages.send(
        session, caller, request_id, given, now, messaging.write
    ):
        shown = _shown(request, session, caller, request_id, now, given)
        return await show(**shown, problem=problem)
    return Redirect(f"{MINE}/{request_id}?done=written#messages", status_code=303)


@post(ONE + "/place", **ACT)
async def place(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """批次名额:接受、放弃、异议。"""
    given = await sent(request)
    return await _after(
        holder_part.act(session, caller, request_id, given, now),
        holder_part.DONE.get(given.text("do"), ""),
        _shown(request, session, caller, request_id, now, given),
    )


@post(ONE + "/withdraw", **ACT)
async def withdraw(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """撤回。"""
    given = await sent(request)
    return await _after(
        _withdraw(session, request_id, caller, given, now),
        "withdrawn",
        _shown(request, session, caller, request_id, now, given),
    )


async def _withdraw(
    session: AsyncSession, request_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    await holding.withdraw(session, request_id, by, given.revision, now)


def _shown(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    request_id: UUID,
    now: datetime,
    given: FormSent,
) -> dict[str, Any]:
    return {
        "request": request,
        "session": session,
        "caller": caller,
        "request_id": request_id,
        "now": now,
        "given": given,
    }


ROUTES = [
    mine,
    my_request,
    answers,
    messages,
    withdraw,
    place,
    choice,
    *new_pages.ROUTES,
    *catalogue_pages.ROUTES,
    *desk_queue.ROUTES,
    *steward_pages.ROUTES,
    *desk_pages.ROUTES,
]
