"""The holder's page of a rating: grade, ready-made remarks of that grade, words (works unaided)."""

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
from service.problems import Problem
from service.satisfaction import abouts, names, promises, rating, rules
from service.satisfaction.figures import BAD, GRADE_NAMES
from service.satisfaction.rating import NewRating
from service.worktime.words import until

ONE = "/my/requests/{request_id:uuid}/rating"
LONGEST = 500
OPTIONS: dict[str, Any] = {
    "guards": [talent],
    "opt": {"page": True},
    "include_in_schema": False,
}


@get(ONE, **OPTIONS)
async def rating_page(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """评价一件已办结的申请。"""
    return await show(request, session, caller, request_id, now)


@post(ONE, status_code=303, **OPTIONS)
async def rate(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """提交评价;重复提交只算一次。"""
    form = await sent(request)
    given = given_of(form)
    if given is None:
        wrong = NoGrade()
        return await show(request, session, caller, request_id, now, form, wrong)
    act = rating.rate_request(session, request_id, given, caller, now)
    problem = await attempt(session, act)
    if problem is not None and not isinstance(problem, rating.AlreadyRated):
        return await show(request, session, caller, request_id, now, form, problem)
    return Redirect(f"/my/requests/{request_id}/rating?done=1", status_code=303)


class NoGrade(Problem):
    """The form was sent without a grade."""

    code = "grade-missing"
    status = 422
    title = "请先选择满意程度"
    advice = "请在五个等级中选一个再提交。"


def given_of(form: FormSent) -> NewRating | None:
    """What the form says; remarks of other grades, ticked before a change of mind, don't count."""
    grade = form.text("grade")
    if grade not in {str(each) for each in GRADE_NAMES}:
        return None
    comment = form.text("comment").replace("\r\n", "\n").strip()[:LONGEST]
    return NewRating(int(grade), form.texts.get(f"tags-{grade}", [])[:8], comment or None)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    request_id: UUID,
    now: datetime,
    form: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The form, or what was said."""
    about = await abouts.of_request(session, request_id, caller.person_id)
    given = await rating.of(session, about)
    tags = await rules.tags(session)
    days = (await rules.in_force(session)).window_days
    ends_at = promises.window_ends(about.completed_at, days) if about.completed_at else None
    known = await names.offerings(session)
    typed = form.texts if form else {}
    return page(
        request,
        "satisfaction/templates/rate.html",
        problem=problem,
        told="感谢您的评价。" if request.query_params.get("done") and given else None,
        request_id=request_id,
        offering=known.get(about.offering, about.offering),
        given=given,
        open=given is None and ends_at is not None and now < ends_at,
        until=until(ends_at) if ends_at else "",
        done=about.completed_at,
        grades=sorted(GRADE_NAMES.items(), reverse=True),
        grade_names=GRADE_NAMES,
        bad=BAD,
        tags=tags,
        by_grade={g: [t for t in tags.values() if t.grade == g] for g in GRADE_NAMES},
        typed=typed,
    )


ROUTES = [rating_page, rate]
