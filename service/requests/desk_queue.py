"""The queue of a partner's clerks: what runs out first in front; sifted; taken several at once.

Taking is the only act on several: it tells nobody anything and is undone by laying back.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import attempt, sent
from service.pages.show import page
from service.problems import NotFound
from service.reference import regions
from service.requests import conversation, partner_routes, queries, remaining, words
from service.requests.actions import desks
from service.requests.desk_pages import DESK, WORDS, clerk
from service.requests.loans import views as loan_views
from service.requests.models import DeskHold
from service.requests.queries import Sought
from service.requests.states import ENDED, State

SHOWN = 50
MOST_PAGES = 1000
TABS: dict[str, tuple[str, tuple[State, ...]]] = {
    "todo": ("待办", (State.OFFERED, State.ACCEPTED)),
    "waiting": ("等待中", (State.AWAITING_CORRECTION, State.IN_PUBLICITY)),
    "done": ("已结束", ENDED),
}
WHOSE = {"": "全部", "mine": "我的", "free": "无人领取"}


@get(DESK, guards=[clerk], opt={"page": True}, include_in_schema=False)
async def desk(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """待办申请,最先到期的在前。"""
    asked = _asked(request)
    states, skip = TABS[asked["show"]][1], (int(asked["page"]) - 1) * SHOWN
    sought = _sought(asked, caller, now)
    found = await queries.by_urgency(session, caller.partner_id, states, SHOWN, sought, skip)
    ids = [each.request.id for each in found[:SHOWN]]
    known = await regions.of(session)
    return page(
        request,
        "requests/templates/desk.html",
        lines=await partner_routes.summaries(session, found[:SHOWN]),
        unread=await conversation.unread(session, ids, f"partners/{caller.partner_id}"),
        held=await desks.held(session, caller.partner_id, ids, now),
        worked=await remaining.words(session, ids, now),
        before=_link(asked, -1) if skip else "",
        after=_link(asked, 1) if len(found) > SHOWN else "",
        tabs=[(code, label) for code, (label, _) in TABS.items()],
        asked=asked,
        whose=WHOSE,
        offerings=await queries.offerings_at(session, caller.partner_id, states),
        places={code: known.full_name(code) for code in known.by_code},
        now=now,
        told=_told(request),
        lends=await loan_views.lends(session, caller.partner_id),
        **WORDS,
    )


def _asked(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What is looked for, as the address says; what is not understood is the ordinary queue."""
    given = request.query_params
    show, whose, number = given.get("show", ""), given.get("whose", ""), given.get("page", "")
    right = number.isascii() and number.isdecimal() and 0 < len(number) < 5
    return {
        "show": show if show in TABS else "todo",
        "whose": whose if whose in WHOSE else "",
        "offering": "".join(c for c in given.get("offering", "") if c.isprintable())[:16],
        "q": "".join(c for c in given.get("q", "") if c.isprintable()).strip()[:40],
        "page": str(min(max(int(number), 1), MOST_PAGES)) if right else "1",
    }


def _sought(asked: dict[str, str], by: Caller, now: datetime) -> Sought:
    held = desks.holds(now, by.partner_id).with_only_columns(DeskHold.request_id)
    return Sought(
        offering=asked["offering"],
        number=asked["q"],
        held_by=held.where(DeskHold.account_id == by.account_id)
        if asked["whose"] == "mine"
        else None,
        not_among=held if asked["whose"] == "free" else None,
    )


def _link(asked: dict[str, str], by: int) -> str:
    there = {**asked, "page": str(int(asked["page"]) + by)}
    return f"{DESK}?{urlencode({name: value for name, value in there.items() if value})}"


def _told(request: Request[Any, Any, Any]) -> str | None:
    """What an act said; of several taken, how many, and that others were quicker with the rest."""
    taken, missed = (request.query_params.get(name, "") for name in ("taken", "missed"))
    if not (taken.isdecimal() and missed.isdecimal() and len(taken + missed) < 8):
        return words.DONE.get(request.query_params.get("done", ""))
    rest = f"{missed} 件已由同事领取或已转走。" if missed != "0" else ""
    return f"已领取 {taken} 件。{rest}"


@post(
    DESK + "/take",
    guards=[clerk],
    opt={"page": True},
    include_in_schema=False,
    status_code=303,
)
async def take_several(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """领取所选:每件各自成败。"""
    chosen = set((await sent(request)).uuids("id")[:SHOWN])
    taken = missed = 0
    # In one order, so that two who choose the same ones do not wait for each other.
    for request_id in sorted(chosen):
        try:
            refused = await attempt(session, desks.take(session, request_id, caller, now))
        except NotFound:
            refused = NotFound()
        taken, missed = taken + (refused is None), missed + (refused is not None)
    return Redirect(f"{DESK}?taken={taken}&missed={missed}", status_code=303)


ROUTES = [desk, take_several]
