"""Cards for staff: finding one, its facts, what may be done to it, its matters and its story."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from cards import number as numbers
from service import paging
from service.auth.callers import Caller, Role
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions
from service.talents import queries
from service.talents.cards import card_acts, card_views
from service.talents.cards.card_acts import Act
from service.talents.cards.card_pages import BADGES, STATES
from service.talents.cards.card_routes import staff
from service.talents.matters import forms, opening, timeline

CARDS = "/cards"
PAGE: dict[str, Any] = {"guards": [staff], "opt": {"page": True}, "include_in_schema": False}
SHOWN = 50
ACTS = {
    "suspend": (card_acts.suspend, "暂停使用"),
    "reinstate": (card_acts.reinstate, "恢复使用"),
    "renew": (card_acts.renew, "延期"),
    "replace": (card_acts.replace, "换发新卡"),
    "revoke": (card_acts.revoke, "注销"),
}


@get(CARDS, **PAGE, shows="cards")
async def cards(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """本区域(本单位、所服务)人才的卡。"""
    return await listed(request, session, caller)


async def listed(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    problem: Problem | None = None,
    typed: str = "",
) -> Response[Any]:
    """The list as the address asks for it; what makes no sense in it is left out."""
    asked = request.query_params
    state, region = asked.get("state", ""), asked.get("region", "")
    known = await regions.of(session)
    state = state if state in STATES else ""
    region = region if region in known.by_code else ""
    after = paging.after(asked.get("cursor") or None)
    found = await queries.cards_listed(
        session, caller, after=after, limit=SHOWN, state=state or None, region=region or None
    )
    lines = await card_views.summaries(session, caller, found)
    return page(
        request,
        "talents/templates/cards.html",
        problem=problem,
        lines=paging.page_of(lines, SHOWN, lambda each: each.id),
        state=state,
        region=region,
        typed=typed,
        places={each.region: known.full_name(each.region) for each in lines},
        regions=_choices(caller, known),
        states=STATES,
        badges=BADGES,
    )


def _choices(caller: Caller, known: regions.Regions) -> list[tuple[str, str]]:
    """The places right below the caller's own."""
    own = {p for r in (Role.REVIEWER, Role.OFFICE, Role.CENTRE) for p in caller.regions(r)}
    below = [each.code for each in known.by_code.values() if each.parent in own]
    return [(code, known.name(code)) for code in sorted(below)]


@post(CARDS + "/find", **PAGE, status_code=303)
async def find(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """按卡号打开。"""
    text = (await sent(request)).text("number")[:40]
    typed = numbers.typed(text)
    problem: Problem
    if typed is None:
        problem = InvalidBody(FieldError("/number", "invalid", "卡号不对,请核对后再查。"))
        return await listed(request, session, caller, problem, text)
    found = await queries.cards_listed(session, caller, after=None, limit=1, number=typed)
    if not found:
        return await listed(
            request, session, caller, NotFound("没有这张卡,或不在您的范围内。"), text
        )
    return Redirect(f"{CARDS}/{found[0].id}", status_code=303)


@get(CARDS + "/{card_id:uuid}", **PAGE, shows="card")
async def card(
    request: Request[Any, Any, Any],
    card_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一张卡。"""
    return await show(request, session, caller, card_id, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    card_id: UUID,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """Facts, acts, matters, story."""
    found = await queries.visible_card(session, caller, card_id)
    view = await card_views.view_of(session, caller, found)
    return page(
        request,
        "talents/templates/card_one.html",
        problem=problem,
        told=forms.DONE.get(request.query_params.get("done", "")),
        card=view,
        revision=found.revision,
        acts={name: ACTS[name][1] for name in ACTS if name in view.allowed},
        story=await timeline.of(session, caller, found),
        place=(await regions.of(session)).full_name(found.region),
        states=STATES,
        badges=BADGES,
        now=now,
        **await forms.about(session, caller, found, now, given),
    )


@post(CARDS + "/{card_id:uuid}/acts/{name:str}", **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    card_id: FromPath[UUID],
    name: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """暂停、恢复、延期、换发、注销。"""
    given = await sent(request)
    if name not in ACTS:
        raise NotFound
    if problem := await attempt(session, _act(name, session, card_id, caller, given, now)):
        return await show(request, session, caller, card_id, now, problem, given)
    return Redirect(f"{CARDS}/{card_id}", status_code=303)


async def _act(
    name: str, session: AsyncSession, card_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    if not given.text("reason"):
        raise InvalidBody(FieldError("/reason", "missing", "请写明原因。"))
    asked = Act(given.text("reason")[:500], given.day("valid_until"))
    await ACTS[name][0](session, card_id, by, given.revision, asked, now)


@post(CARDS + "/{card_id:uuid}/matters", **PAGE, status_code=303)
async def ask(
    request: Request[Any, Any, Any],
    card_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """提出卡务。"""
    given = await sent(request)
    if problem := await attempt(session, _ask(session, card_id, caller, given, now)):
        return await show(request, session, caller, card_id, now, problem, given)
    return Redirect(f"{CARDS}/{card_id}?done=opened", status_code=303)


async def _ask(
    session: AsyncSession, card_id: UUID, by: Caller, given: FormSent, now: datetime
) -> None:
    await opening.open_(session, card_id, by, forms.opening_of(given), now)


ROUTES: list[Any] = [cards, find, card, act, ask]
