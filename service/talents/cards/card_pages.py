"""The holder's card on their phone: its code, fresh every 30 seconds (card-token.md 4.1, 9)."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from cards import qr
from service.auth import guards
from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import NotFound, Problem
from service.talents import queries
from service.talents.cards import card_acts, card_views, photos, printing
from service.talents.cards.card_acts import Act
from service.talents.cards.photos import Photo
from service.talents.matters import forms as matter_forms
from service.talents.proof.presenting import Desk, Presentation, present

TEMPLATE = "talents/templates/card.html"
STATES = {
    "active": "有效",
    "suspended": "已暂停",
    "revoked": "已注销",
    "replaced": "已换发",
    "expired": "已到期",
}
BADGES = {"active": "good", "suspended": "warn"}
LOST, RENEWED = "持卡人报告遗失", "延期后重新印制"


@get("/card", guards=[guards.talent], opt={"page": True}, include_in_schema=False)
async def card_page(
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """我的卡。"""
    return await show(request, state, session, caller, now)


async def show(
    request: Request[Any, Any, Any],
    state: State,
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The card with a code that works at once, or why it has none."""
    card = await queries.card_of_person(session, caller.person_id)
    if card is None:
        return page(request, TEMPLATE, problem=problem, card=None)
    shown, refusal = await _shown(state, caller, now)
    return page(
        request,
        TEMPLATE,
        problem=problem,
        card=await card_views.view_of(session, caller, card),
        revision=card.revision,
        code=qr.svg(shown.token) if shown else None,
        shown=shown,
        refusal=refusal,
        has_photo=await session.get(Photo, card.person_id) is not None,
        photo_problem=problem is not None and problem.code in PHOTO_PROBLEMS,
        outdated=await printing.outdated(session, card),
        authority=state.settings.issuing_authority,
        states=STATES,
        badges=BADGES,
        told=matter_forms.DONE.get(request.query_params.get("done", "")),
        **await matter_forms.about(session, caller, card, now, given),
    )


async def _shown(
    state: State, caller: Caller, now: datetime
) -> tuple[Presentation | None, Problem | None]:
    try:
        desk = Desk(state.pool, state.limiter, state.settings)
        return await present(desk, caller.person_id, now), None
    except NotFound:
        raise
    except Problem as refusal:
        return None, refusal


@post(
    "/card/suspend",
    guards=[guards.talent],
    opt={"page": True},
    include_in_schema=False,
    status_code=303,
)
async def suspend_lost(
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """挂失。"""
    given = await sent(request)
    card = await queries.card_of_person(session, caller.person_id)
    if card is None:
        raise NotFound
    act = card_acts.suspend(session, card.id, caller, given.revision, Act(LOST), now)
    if problem := await attempt(session, act):
        return await show(request, state, session, caller, now, problem)
    return Redirect("/card", status_code=303)


@post(
    "/card/reprint",
    guards=[guards.talent],
    opt={"page": True},
    include_in_schema=False,
    status_code=303,
)
async def reprint(
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """重新印制。"""
    given = await sent(request)
    card = await queries.card_of_person(session, caller.person_id)
    if card is None:
        raise NotFound
    press = printing.Press(state.pool, state.settings)
    revision, why = given.revision, Act(RENEWED)
    act = printing.reprint(session, press, card.id, caller, revision, why, now)
    if problem := await attempt(session, act):
        return await show(request, state, session, caller, now, problem)
    return Redirect("/card", status_code=303)


PHOTO_PROBLEMS = ("photo-refused", "face-refused", "face-check-missing", "payload-too-large")


@post(
    "/card/photo",
    guards=[guards.talent],
    opt={"page": True},
    include_in_schema=False,
    status_code=303,
)
async def send_photo(
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """上传照片。"""
    upload = (await sent(request)).upload("file")
    if caller.person_id is None or caller.account_id is None or upload is None:
        raise NotFound
    octets = await upload.read()
    act = photos.keep(session, caller.person_id, octets, caller.account_id, now)
    if problem := await attempt(session, act):
        return await show(request, state, session, caller, now, problem)
    return Redirect("/card", status_code=303)


@post(
    "/card/photo/delete",
    guards=[guards.talent],
    opt={"page": True},
    include_in_schema=False,
    status_code=303,
)
async def drop_photo(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> Response[Any]:
    """删除照片。"""
    if photo := await session.get(Photo, caller.person_id):
        await session.delete(photo)
    return Redirect("/card", status_code=303)


ROUTES = [card_page, suspend_lost, send_photo, drop_photo, reprint]
