"""The queue's page: what waits for whoever has a step, by what runs out first (api.md 3.3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import FormSent, sent, uuid_of
from service.pages.show import SHANGHAI, page
from service.problems import FieldError, InvalidBody, Problem
from service.reference import regions
from service.talents.applications import batches, categories, filling, queues, routes, steps, views
from service.talents.applications.application import Application
from service.talents.applications.batches import Batch, Item, Result
from service.talents.applications.queues import Asked
from service.talents.applications.views import ApplicationSummary

REVIEW = "/review"
PAGE: dict[str, Any] = {
    "guards": [routes.handlers],
    "opt": {"page": True},
    "include_in_schema": False,
}
SHOWN, FOUND = 25, 100
TEMPLATE = "talents/templates/review.html"


class Line(msgspec.Struct, frozen=True):
    """One line of the queue: what it says, whether it waits and may be passed with others.

    `look`: it might be, were there not a hint to look at first.
    """

    view: ApplicationSummary
    revision: int
    waits: bool
    batch: bool
    look: bool
    late: bool
    again: bool


@get(REVIEW, **PAGE)
async def queue(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """等我办理的(先到期的在前),和我看得到的。"""
    return await show(request, session, caller, now)


@post(REVIEW, **PAGE, status_code=200)
async def pass_several(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一并通过选中的几件,逐件说明结果。"""
    given = await sent(request)
    try:
        results = await batches.decide(session, caller, _batch(given), now)
    except Problem as problem:
        return await show(request, session, caller, now, given=given, problem=problem)
    return await show(request, session, caller, now, results=results)


@post(REVIEW + "/find", **PAGE, status_code=200)
async def find(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """按姓名、单位或编号查找;姓名不进地址栏。"""
    given = await sent(request)
    return await show(request, session, caller, now, find=given)


def _batch(given: FormSent) -> Batch:
    found = []
    for text in given.texts.get("pick", []):
        name, _, revision = text.partition(":")
        try:
            found.append(Item(UUID(name), int(revision[:9])))
        except ValueError:
            continue
    if not found:
        raise InvalidBody(FieldError("/items", "missing", "请先勾选要通过的申请。"))
    if len(found) > batches.MOST:
        raise InvalidBody(FieldError("/items", "too-many", f"一次最多 {batches.MOST} 件。"))
    return Batch(items=found, decision="pass", opinion=given.text("opinion")[:2000])


def asked_of(query: Mapping[str, Any]) -> tuple[Asked, int]:
    """What is asked for, and which page; what makes no sense is left out."""

    def number(name: str, most: int) -> int | None:
        text = str(query.get(name, ""))
        good = text.isascii() and text.isdigit() and len(text) < 7
        return int(text) if good and 0 < int(text) <= most else None

    def one_of(name: str, known: Sequence[str]) -> str | None:
        text = str(query.get(name, ""))
        return text if text in known else None

    region = str(query.get("region", ""))
    asked = Asked(
        view="all" if query.get("view") == "all" else "mine",
        step=one_of("step", list(steps.TITLES)),
        category=number("category", 99),
        region=region if region.isascii() and region.isdigit() and len(region) == 6 else None,
        unit_id=uuid_of(str(query.get("unit", ""))),
        overdue=query.get("overdue") == "yes",
    )
    return asked, number("page", 10_000) or 1


def address(asked: Asked, **other: object) -> str:
    """The page's address with what is asked for; `other` stands in for parts of it.

    What is searched for is never in it: it is somebody's name.
    """
    parts = {
        "view": "all" if asked.view == "all" else "",
        "step": asked.step, "category": asked.category, "region": asked.region,
        "unit": asked.unit_id, "overdue": "yes" if asked.overdue else "",
    } | other  # fmt: skip
    query = urlencode({name: str(value) for name, value in parts.items() if value})
    return f"{REVIEW}?{query}" if query else REVIEW


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    *,
    given: FormSent | None = None,
    find: FormSent | None = None,
    problem: Problem | None = None,
    results: Sequence[Result] = (),
) -> Response[Any]:
    """The queue as the address asks for it, or what a search finds, on one page."""
    asked, at = asked_of(find.firsts if find else request.query_params)
    size = FOUND if find else SHOWN
    if find:
        asked, at = msgspec.structs.replace(asked, q=find.text("q")[:60]), 1
    found, total, cut = await queues.page_of(
        session, caller, asked, now, skip=(at - 1) * size, limit=size
    )
    lines = await lines_of(session, caller, found, now)
    numbers = await queues.counts(session, caller, now, midnight_after(now))
    known = await regions.of(session)
    return page(
        request,
        TEMPLATE,
        problem=problem,
        asked=asked,
        address=address,
        lines=lines,
        total=total,
        cut=queues.SEARCHED if cut else 0,
        at=at,
        pages=1 if find else max(1, -(-total // SHOWN)),
        counts=numbers,
        results=await _told(session, caller, results),
        picked=set(given.texts.get("pick", [])) if given else set(),
        opinion=given.text("opinion") if given else "",
        places={each.region: known.full_name(each.region) for each in found},
        choices=await _choices(session, caller),
        titles=steps.TITLES,
        badges=filling.BADGES,
        now=now,
    )


def midnight_after(now: datetime) -> datetime:
    """The end of the day in Shanghai."""
    day = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    return datetime.combine(day, time.min, SHANGHAI)


async def lines_of(
    session: AsyncSession, caller: Caller, found: Sequence[Application], now: datetime
) -> list[Line]:
    """The lines of some applications."""
    shown = await views.summaries(session, caller, found)
    waiting = await queues.waiting_among(session, caller, [each.id for each in found])
    lines = []
    for application, view in zip(found, shown, strict=True):
        waits = application.id in waiting
        step = steps.STEPS.get(application.step)
        batch = waits and step is not None and step.batch
        look = batch and bool(await batches.reasons(session, application, now))
        lines.append(
            Line(
                view=view,
                revision=application.revision,
                waits=waits,
                batch=batch and not look,
                look=look,
                late=application.due_at is not None and application.due_at <= now,
                again=view.times_returned > 0 and application.step != steps.RETURNED,
            )
        )
    return lines


async def _told(
    session: AsyncSession, caller: Caller, results: Sequence[Result]
) -> list[tuple[Result, ApplicationSummary | None]]:
    """Each result with the line that it is about, where the caller may still see it."""
    found = await queues.some(session, caller, [each.id for each in results])
    lines = {each.id: each for each in await views.summaries(session, caller, found)}
    return [(each, lines.get(each.id)) for each in results]


async def _choices(session: AsyncSession, caller: Caller) -> dict[str, Any]:
    """What the filters offer: only places and units of files that the caller may see."""
    known = await regions.of(session)
    seen = await queues.regions_seen(session, caller)
    places = {place for each in seen for place in known.chain(each)[:2]}
    return {
        "categories": list((await categories.of(session)).values()),
        "units": await queues.units_seen(session, caller),
        "regions": [(each, known.full_name(each)) for each in sorted(places)],
    }


ROUTES = [queue, pass_several, find]
