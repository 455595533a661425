"""The agency's pages of batches: announce one, watch it, rule on objections."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.offerings.models import OfferingVersion
from service.offerings.queries import in_force
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.partners.models import Route
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions
from service.requests.batches import objecting, opening, ranking, views, words
from service.requests.batches.announcement_form import Choices, choices_of, opening_of
from service.requests.batches.announcing import titles_of
from service.requests.batches.models import Batch
from service.requests.batches.objecting import ObjectionRuling
from service.requests.batches.public_pages import BADGES, group_titles
from service.requests.posting import errors_of
from service.worktime.hours import SHANGHAI

BATCHES = "/desk/batches"
ONE = BATCHES + "/{batch_id:uuid}"
SHOWN = 100
PAGE: dict[str, Any] = {
    "guards": [roles(Role.PARTNER_CLERK)],
    "opt": {"page": True},
    "include_in_schema": False,
}


@get(BATCHES, **PAGE)
async def batches(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """本单位的批次,新的在前;选定事项后填写公告。"""
    return await show_all(request, session, caller, now)


async def show_all(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The list, and the form of an announcement where an offering is chosen."""
    mine = select(Batch).where(Batch.partner_id == caller.partner_id)
    found = await session.scalars(mine.order_by(Batch.id.desc()).limit(SHOWN))
    offerings = await _offerings(session, caller, now)
    code = given.text("offering") if given else request.query_params.get("offering", "")
    chosen = next((each for each in offerings if each.code == code), None)
    return page(
        request,
        "requests/templates/desk_batches.html",
        problem=problem,
        batches=[await views.summary(session, each, now) for each in found.all()],
        badges=BADGES,
        offerings=offerings,
        chosen=chosen,
        choices=choices_of(chosen.form_schema) if chosen else Choices((), ()),
        places=await _places(session, caller, code),
        typed=given.firsts if given else _usual(now),
        rules=given.texts.get("rule", []) if given else ["tier"],
        errors=errors_of(problem),
        leftover=words.LEFTOVER,
    )


def _usual(now: datetime) -> dict[str, str]:
    """A month from tomorrow on, as the form begins."""
    opens = (now.astimezone(SHANGHAI) + timedelta(days=1)).replace(hour=9, minute=0)
    closes = (opens + timedelta(days=30)).replace(hour=17)
    return {"opens_at": f"{opens:%Y-%m-%dT%H:%M}", "closes_at": f"{closes:%Y-%m-%dT%H:%M}"}


async def _offerings(
    session: AsyncSession, caller: Caller, now: datetime
) -> Sequence[OfferingVersion]:
    """What the agency handles and may give by batches."""
    handled = select(Route.offering).where(Route.partner_id == caller.partner_id)
    codes = set(await session.scalars(handled))
    today = now.astimezone(SHANGHAI).date()
    return [each for each in await in_force(session, today) if each.batched and each.code in codes]


async def _places(session: AsyncSession, caller: Caller, code: str) -> list[tuple[str, str]]:
    """Where the agency handles the offering."""
    query = select(Route.region).where(
        Route.partner_id == caller.partner_id, Route.offering == code
    )
    known = await regions.of(session)
    return [(each, known.full_name(each)) for each in sorted(set(await session.scalars(query)))]


@post(BATCHES, **PAGE, status_code=303)
async def announce(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """公布一批名额。"""
    given = await sent(request)
    made: list[Batch] = []
    if problem := await attempt(session, _announce(session, caller, given, now, made)):
        return await show_all(request, session, caller, now, given, problem)
    return Redirect(f"{BATCHES}/{made[0].id}?done=opened", status_code=303)


async def _announce(
    session: AsyncSession, by: Caller, given: FormSent, now: datetime, made: list[Batch]
) -> None:
    offerings = await _offerings(session, by, now)
    chosen = next((each for each in offerings if each.code == given.text("offering")), None)
    if chosen is None:
        raise InvalidBody(FieldError("/offering", "unknown", "请选择事项。"))
    asked = opening_of(given, chosen.form_schema)
    made.append(await opening.open_batch(session, by, asked, now))


@get(ONE, **PAGE)
async def one(
    request: Request[Any, Any, Any],
    batch_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一批名额的经过。"""
    return await show_one(request, session, caller, batch_id, now)


DONE = {
    "opened": "已公布。时段内的申请将自动进入轮候名单。",
    "rank": "名单已排定并开始公示。",
    "cancel": "这一批已取消,名单上的申请恢复计时,请逐件办理。",
    "rule": "裁定已告知提出异议的申请人。",
}


async def show_one(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    batch_id: UUID,
    now: datetime,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The batch, with what was typed where an act met a problem."""
    batch = await session.get(Batch, batch_id)
    pending = await ranking.pending(session, batch) if batch else 0
    found = await views.of_partner(session, caller, batch_id, now, pending)
    return page(
        request,
        "requests/templates/desk_batch.html",
        problem=problem,
        told=DONE.get(request.query_params.get("done", "")),
        batch=found,
        badges=BADGES,
        leftover=words.LEFTOVER[found.leftover],
        groups=group_titles(found),
        places={line.entry_id: line for line in found.lines},
        rulings=words.RULINGS,
        counts=[(words.PLACES[state], n) for state, n in found.counts.items()],
        about=given.text("objection") if given else "",
        typed=given.firsts if given else {},
        now=now,
    )


@post(ONE, **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    batch_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """排序、取消、裁定异议。"""
    given = await sent(request)
    if problem := await attempt(session, _act(session, caller, batch_id, given, now)):
        session.expire_all()
        return await show_one(request, session, caller, batch_id, now, given, problem)
    return Redirect(f"{BATCHES}/{batch_id}?done={given.text('do')}", status_code=303)


async def _act(
    session: AsyncSession, by: Caller, batch_id: UUID, given: FormSent, now: datetime
) -> None:
    match given.text("do"):
        case "rank":
            await ranking.rank_early(session, batch_id, by, now)
        case "cancel":
            await opening.cancel(session, batch_id, by, now)
        case "rule" if objection_id := given.uuid("objection"):
            batch = await opening.own(session, batch_id, by)
            schema = (await views.version_of(session, batch)).form_schema
            ruling = _ruling(given, titles_of(schema, given.text("fact")))
            await objecting.rule(session, batch_id, objection_id, by, ruling, now)
        case _:
            raise NotFound


def _ruling(given: FormSent, titles: Mapping[str, str]) -> ObjectionRuling:
    """What the form says: rejected, out of the list, or one fact put right; `titles` are what the
    choices of that fact are called."""
    what, fact = given.text("ruling"), given.text("fact")
    plain: dict[str, Any] = {
        "ruling": "rejected" if what == "rejected" else "upheld",
        "reason": given.text("reason")[:2000],
        "exclude": what == "exclude",
    }
    if entry_id := given.text("entry"):
        plain["entry_id"] = entry_id
    if what == "correct" and fact:
        plain["facts"] = {fact: _value(given.text("value"), titles)}
    try:
        return msgspec.convert(plain, ObjectionRuling)
    except msgspec.ValidationError as wrong:
        text = "请写明裁定的理由(至少 5 个字)和要更正的内容。"
        raise InvalidBody(FieldError("/reason", "invalid", text)) from wrong


def _value(text: str, titles: Mapping[str, str]) -> int | str | bool:
    """`3`, `是`, `2026-03-01`, or a choice of the form by its name, as the rule reads it."""
    if code := next((each for each, title in titles.items() if title == text), None):
        return code
    if text in ("是", "否"):
        return text == "是"
    return int(text) if text.isdecimal() and len(text) < 9 else text[:100]


ROUTES: list[Any] = [batches, announce, one, act]
