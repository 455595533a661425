"""The holder's pages of ratings: rate what was done, supplement it, follow up (works unaided)."""

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.guards import talent
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.satisfaction import abouts, adding, names, promises, rating, rules
from service.satisfaction.abouts import About
from service.satisfaction.adding import NewSupplement
from service.satisfaction.figures import BAD, GRADE_NAMES
from service.satisfaction.models import Addition, Rating
from service.satisfaction.rating import NewRating
from service.satisfaction.rules import Tag
from service.worktime.words import until

OF_REQUEST = "/my/requests/{thing_id:uuid}/rating"
OF_REDEMPTION = "/my/redemptions/{thing_id:uuid}/rating"
BOTH = [OF_REQUEST, OF_REDEMPTION]
LONGEST = 500
OPTIONS: dict[str, Any] = {
    "guards": [talent],
    "opt": {"page": True},
    "include_in_schema": False,
}


def is_redemption(request: Request[Any, Any, Any]) -> bool:
    """Which of the two things the page is about."""
    return request.url.path.startswith("/my/redemptions/")


@get(BOTH, **OPTIONS)
async def rating_page(
    request: Request[Any, Any, Any],
    thing_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """评价一件已办结的申请,或一次出示卡片享受的服务。"""
    return await show(request, session, caller, thing_id, now)


@post(BOTH, status_code=303, **OPTIONS)
async def rate(
    request: Request[Any, Any, Any],
    thing_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """提交评价;重复提交只算一次。"""
    form = await sent(request)
    given = given_of(form)
    if given is None:
        return await show(request, session, caller, thing_id, now, form, NoGrade())
    verb = rating.rate_redemption if is_redemption(request) else rating.rate_request
    act = verb(session, thing_id, given, caller, now)
    return await _acted(request, session, caller, thing_id, now, form, act)


@post([f"{path}/supplement" for path in BOTH], status_code=303, **OPTIONS)
async def supplement(
    request: Request[Any, Any, Any],
    thing_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """补充评价。"""
    form = await sent(request)
    row = await _own(request, session, caller, thing_id)
    given = NewSupplement(form.texts.get("more", [])[:8], words_of(form) or None)
    act = adding.supplement(session, row.id, given, caller, now)
    return await _acted(request, session, caller, thing_id, now, form, act)


@post([f"{path}/follow-up" for path in BOTH], status_code=303, **OPTIONS)
async def follow_up(
    request: Request[Any, Any, Any],
    thing_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """追评。"""
    form = await sent(request)
    row = await _own(request, session, caller, thing_id)
    given = given_of(form)
    if given is None:
        return await show(request, session, caller, thing_id, now, form, NoGrade())
    act = adding.follow_up(session, row.id, given, caller, now)
    return await _acted(request, session, caller, thing_id, now, form, act)


class NoGrade(InvalidBody):
    """The form was sent without a grade."""

    code = "grade-missing"
    title = "请先选择满意程度"
    advice = "请在五个等级中选一个再提交。"

    def __init__(self) -> None:
        super().__init__(FieldError("/grade", "missing", "请选一个等级。"))


def given_of(form: FormSent) -> NewRating | None:
    """What the form says; remarks of other grades, ticked before a change of mind, don't count."""
    grade = form.text("grade")
    if grade not in {str(each) for each in GRADE_NAMES}:
        return None
    return NewRating(int(grade), form.texts.get(f"tags-{grade}", [])[:8], words_of(form) or None)


def words_of(form: FormSent) -> str:
    """The rater's own words, as long as they may be."""
    return form.text("comment").replace("\r\n", "\n").strip()[:LONGEST]


def choices(tags: Mapping[str, Tag], form: FormSent | None) -> dict[str, Any]:
    """What the form of a rating offers, and what was typed into it."""
    return {
        "grades": sorted(GRADE_NAMES.items(), reverse=True),
        "grade_names": GRADE_NAMES,
        "bad": BAD,
        "tags": tags,
        "by_grade": {g: [t for t in tags.values() if t.grade == g] for g in GRADE_NAMES},
        "typed": form.texts if form else {},
    }


async def _about(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, thing_id: UUID
) -> About:
    find = abouts.of_redemption if is_redemption(request) else abouts.of_request
    return await find(session, thing_id, caller.person_id)


async def _own(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, thing_id: UUID
) -> Rating:
    found = await rating.of(session, await _about(request, session, caller, thing_id))
    if found is None:
        raise NotFound
    return found


async def _acted(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    thing_id: UUID,
    now: datetime,
    form: FormSent,
    act: Awaitable[Any],
) -> Response[Any]:
    problem = await attempt(session, act)
    if problem is not None and not isinstance(problem, rating.AlreadyRated | adding.AlreadyAdded):
        return await show(request, session, caller, thing_id, now, form, problem)
    kind = "redemptions" if is_redemption(request) else "requests"
    return Redirect(f"/my/{kind}/{thing_id}/rating?done=1", status_code=303)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    thing_id: UUID,
    now: datetime,
    form: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The form, or what was said and what may be added."""
    about = await _about(request, session, caller, thing_id)
    given = await rating.of(session, about)
    days = (await rules.in_force(session)).window_days
    ends_at = promises.window_ends(about.completed_at, days) if about.completed_at else None
    known = await names.offerings(session)
    redeemed = is_redemption(request)
    return page(
        request,
        "satisfaction/templates/rate.html",
        problem=problem,
        told="感谢您的评价。" if request.query_params.get("done") and given else None,
        back="/card/entitlements" if redeemed else f"/my/requests/{thing_id}",
        action=f"/my/{'redemptions' if redeemed else 'requests'}/{thing_id}/rating",
        offering=known.get(about.offering, about.offering),
        given=given,
        open=given is None and ends_at is not None and now < ends_at,
        until=until(ends_at) if ends_at else "",
        done=about.completed_at,
        **await _additions(session, given, now),
        **choices(await rules.tags(session), form),
    )


async def _additions(session: AsyncSession, given: Rating | None, now: datetime) -> dict[str, Any]:
    """What was added to a rating, and until when what else may be."""
    if given is None:
        return {"added": [], "supplement_until": "", "follow_up_until": ""}
    added = (await adding.of(session, [given.id]))[given.id]
    kinds = {each.kind for each in added}
    counts = given.origin == "active" and given.voided_at is None
    ends = {
        Addition.SUPPLEMENT: await adding.supplement_ends(session, given),
        Addition.FOLLOW_UP: await adding.follow_up_ends(session, given),
    }
    may = {
        kind: until(at) if counts and kind not in kinds and at is not None and now < at else ""
        for kind, at in ends.items()
    }
    return {
        "added": added,
        "supplement_until": may[Addition.SUPPLEMENT],
        "follow_up_until": may[Addition.FOLLOW_UP],
    }


ROUTES = [rating_page, rate, supplement, follow_up]
