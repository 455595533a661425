"""The page of one request on a clerk's desk: read, take, act (the queue is in desk_queue.py)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import NotFound, Problem
from service.reference import regions
from service.requests import (
    desk_forms,
    fields,
    meanwhile,
    members,
    message_pages,
    papers,
    partner_routes,
    queries,
    remaining,
    timeline,
    words,
)
from service.requests.actions import desks, handling, messaging
from service.requests.actions.handling import Bounce, Progress
from service.requests.actions.reviewing import FirstReview
from service.requests.batches import places
from service.requests.loans import limits
from service.requests.posting import beside, errors_of, under
from service.requests.queries import Found
from service.requests.states import BOUNCES
from service.requests.views import PartnerView
from service.worktime.words import until

DESK = "/desk"
ONE = DESK + "/{request_id:uuid}"
WORDS: dict[str, Any] = {
    "states": words.AT_DESK,
    "state_of": words.state_of,
    "badges": words.BADGES,
    "outcomes": words.OUTCOMES,
    "deadline": until,
    "legs": timeline.LEGS,
    "roles": timeline.ROLES,
    "bounces": BOUNCES,
}
clerk = guards.roles(Role.PARTNER_CLERK)


@get(ONE, guards=[clerk], opt={"page": True}, include_in_schema=False, shows="request")
async def desk_request(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """办理一件申请。"""
    found = await queries.at_partner(session, caller.partner_id, request_id)
    return await show(request, session, caller, found, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    found: Found,
    now: datetime,
    given: FormSent | None = None,
    problem: Problem | None = None,
    act: str = "",
) -> Response[Any]:
    """One request, with what was typed where an act met a problem."""
    version = found.version
    seen = version.fields_for(found.request.partner_id)
    whose, held = await _held(session, caller, found, now)
    typed = given.texts if given else {}
    shown = fields.of(
        version.result_schema,
        posted=typed,
        errors=under(errors_of(problem), "/result"),
        notes=limits.notes(await limits.of(session, found.request, seen, now)),
    )
    talk = await message_pages.talk(session, caller, found.request, now, problem)
    return page(
        request,
        "requests/templates/desk_request.html",
        problem=beside(problem, {"file", *(field.name for field in shown)}),
        told=words.DONE.get(request.query_params.get("done", "")),
        now=now,
        fields=shown,
        typed=typed,
        open=act,
        publicity_wd=version.publicity_wd,
        printed_by=caller.name,
        papers=await papers.papers_of(session, caller, given) if given else [],
        queue=await places.at_desk(session, found.request.id),
        held=held,
        whose=whose,
        others=await desks.colleagues(session, caller),
        **await meanwhile.of(session, caller, found, given),
        **await _what(session, caller, found, now),
        **talk,
        **WORDS,
    )


async def _what(
    session: AsyncSession, caller: Caller, found: Found, now: datetime
) -> dict[str, Any]:
    """What is asked for and what came of it, in words."""
    view = await partner_routes.view(session, caller, found.request.id)
    known = await regions.of(session)
    names = {code: known.full_name(code) for code in known.by_code}
    return {
        "view": view,
        "revision": view.etag.strip('"'),
        "place": known.full_name(view.region),
        "filled": [
            *members.lines(view.members),
            *fields.lines(found.version.form_schema, view.form, names),
        ],
        "worked": (await remaining.words(session, [found.request.id], now)).get(found.request.id),
        "changed": _changed(found, view, names),
        "result": fields.lines(found.version.result_schema, view.result or {}, names),
        "kinds": words.for_whom(view.beneficiaries, view.members),
    }


def _changed(found: Found, view: PartnerView, names: dict[str, str]) -> list[fields.Changed]:
    """What the holder's answer changed of what the agency may see."""
    answer = view.correction.answer if view.correction else None
    if not answer or "before" not in answer:
        return []
    return fields.changed(found.version.form_schema, answer["before"], answer["form"], names)


async def _held(
    session: AsyncSession, caller: Caller, found: Found, now: datetime
) -> tuple[str, desks.Held | None]:
    """Whose it is: `mine`, `theirs`, or `free`, and who has it."""
    held = await desks.held(session, caller.partner_id, [found.request.id], now)
    own = held.get(found.request.id)
    if own is None:
        return "free", None
    return ("mine" if own.account_id == caller.account_id else "theirs"), own


@post(
    ONE + "/{act:str}",
    guards=[clerk],
    opt={"page": True},
    include_in_schema=False,
    status_code=303,
)
async def act(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    act: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """接件、退回、补正、公示、进展、初审、办结。"""
    if act not in DONE:
        raise NotFound
    given = await sent(request)
    try:
        found = await queries.at_partner(session, caller.partner_id, request_id)
    except NotFound:
        return await _gone(request, session, caller, request_id, given)
    if act == "messages":
        return await _message(request, session, caller, found, now, given)
    opened = "decline" if given.text("_outcome") == "declined" else act
    if problem := await papers.keep_uploads(session, caller, given, now):
        return await show(request, session, caller, found, now, given, problem, opened)
    doing = _do(act, session, request_id, caller, given, found, now)
    if problem := await attempt(session, doing):
        await session.refresh(found.request)
        if found.request.partner_id != caller.partner_id:
            return await _gone(request, session, caller, request_id, given)
        return await show(request, session, caller, found, now, given, problem, opened)
    back = DESK if found.request.partner_id is None else f"{DESK}/{request_id}"
    return Redirect(f"{back}?done={DONE[act]}", status_code=303)


async def _gone(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    request_id: UUID,
    given: FormSent,
) -> Response[Any]:
    """It moved on while a clerk was writing: who sent it away, and what was written.

    Raises NotFound where the agency never had it.
    """
    said = await meanwhile.sent_away(session, caller, request_id)
    return page(
        request,
        "requests/templates/desk_gone.html",
        status=404,
        said=said,
        kept=meanwhile.kept(given, {}),
    )


async def _message(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    found: Found,
    now: datetime,
    given: FormSent,
) -> Response[Any]:
    request_id = found.request.id
    if problem := await message_pages.send(
        session, caller, request_id, given, now, messaging.reply
    ):
        return await show(request, session, caller, found, now, given, problem, "messages")
    return Redirect(f"{DESK}/{request_id}?done=written#messages", status_code=303)


DONE = {
    "messages": "written",
    "accept": "accepted",
    "bounce": "bounced",
    "ask": "asked",
    "publicity": "publicised",
    "progress": "progressed",
    "first-review": "reviewed",
    "complete": "completed",
    "take": "taken",
    "take-over": "taken",
    "hand-over": "handed",
    "lay-back": "laid",
}


async def _do(
    act: str,
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    given: FormSent,
    found: Found,
    now: datetime,
) -> None:
    where = (session, request_id, by, given.revision)
    match act:
        case "accept":
            await handling.accept(*where, now)
            await desks.take(session, request_id, by, now)
        case "bounce":
            await handling.bounce(*where, desk_forms.read(given, Bounce, "reason", "note"), now)
        case "progress":
            await handling.progress(*where, desk_forms.read(given, Progress, "note"), now)
        case "ask":
            await handling.ask(*where, desk_forms.asked_of(given.text("items")), now)
        case "publicity":
            await handling.publicise(*where, desk_forms.publicity_of(given, now), now)
        case "first-review":
            await handling.first_review(*where, FirstReview("passed"), now)
        case "complete":
            await handling.complete(*where, desk_forms.completion_of(given, found), now)
        case _:
            await _hold(act, session, request_id, by, given.uuid("to"), now)


async def _hold(
    act: str, session: AsyncSession, request_id: UUID, by: Caller, to: UUID | None, now: datetime
) -> None:
    """Whose desk it lies on."""
    match act:
        case "take" | "take-over":
            await desks.take(session, request_id, by, now, over=act == "take-over")
        case "hand-over":
            await desks.hand_over(session, request_id, by, to, now)
        case "lay-back":
            await desks.lay_back(session, request_id, by, now)


ROUTES = [desk_request, act]
