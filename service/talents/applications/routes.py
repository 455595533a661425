"""Doors of applications (api.md 3.1–3.3)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import Caller, Role
from service.etag import etag, revision_of, unchanged
from service.paging import Cursor, Limit, Page
from service.talents import file_routes, queries
from service.talents.applications import categories, drafting, moving, queues, timeline, views
from service.talents.applications.application import Application
from service.talents.applications.drafting import Draft, Patch
from service.talents.applications.moving import Assignment, Decision
from service.talents.applications.queues import Asked
from service.talents.applications.views import ApplicationSummary, ApplicationView, SpecialistView

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="读到的 ETag")]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match")]
StepName = Literal[
    "draft", "unit_assign", "unit_complete", "unit_endorse", "county_review", "city_review",
    "province_review", "office_consent", "issuing", "issued", "returned", "rejected", "withdrawn",
]  # fmt: skip
WAYS = "/v1/card-applications"
ONE = WAYS + "/{application_id:uuid}"
readers = guards.roles(
    Role.TALENT, Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.REVIEWER, Role.OFFICE, Role.CENTRE
)
handlers = guards.roles(Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.REVIEWER, Role.OFFICE)
menders = guards.roles(Role.TALENT, Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.REVIEWER)
writers = guards.roles(Role.TALENT, Role.UNIT_SPECIALIST)


class CategoryView(msgspec.Struct, frozen=True):
    """A category and what it asks for."""

    category: int
    name: str
    route: str
    consent: str | None
    validity: list[str]
    tier: str
    age_limit: int | None
    evidence: list[str]


class Categories(msgspec.Struct, frozen=True):
    """All categories in force."""

    items: list[CategoryView]


@get("/v1/card-categories", opt={"open": True})
async def card_categories(session: NamedDependency[AsyncSession]) -> Categories:
    """人才类别、所需证明和卡的有效期依据。"""
    known = await categories.of(session)
    return Categories(
        [
            CategoryView(
                each.category, each.name_zh, each.route, each.consent or None,
                list(each.validity), each.tier, each.age_limit, list(each.evidence),
            )
            for each in known.values()
        ]
    )  # fmt: skip


async def shown(
    session: AsyncSession, caller: Caller, application: Application
) -> Response[ApplicationView]:
    """The whole file with its ETag."""
    view = await views.view_of(session, caller, application)
    return Response(view, headers={"ETag": etag(application.revision)})


@post(WAYS, guards=[guards.talent])
async def apply(
    data: Draft,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[ApplicationView]:
    """填写办卡申请(草稿,提交前只有本人可见)。

    Problems: 409 `application-open`, `card-exists`, `person-registered`, 422.
    """
    answer = await shown(session, caller, await drafting.begin(session, caller, data, now))
    answer.headers["Location"] = f"{WAYS}/{answer.content.id}"
    return answer


@get(WAYS, guards=[readers])
async def applications(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    limit: Limit = 50,
    cursor: Cursor = None,
    step: Annotated[StepName | None, QueryParameter()] = None,
    region: Annotated[str | None, QueryParameter(pattern=r"^\d{6}$")] = None,
    sort: Annotated[Literal["id", "due"], QueryParameter(description="`due`:先到期的在前")] = "id",
    mine: Annotated[bool, QueryParameter(description="只列等我办理的")] = False,
    overdue: Annotated[bool, QueryParameter(description="只列已超时限的")] = False,
) -> Response[Page[ApplicationSummary]]:
    """本人的、本单位的,或已到本级的办卡申请。"""
    asked = Asked(
        view="mine" if mine else "all", step=step, region=region, overdue=overdue,
    )  # fmt: skip
    found = await queues.listed(
        session, caller, asked, now, cursor=cursor, limit=limit, by_due=sort == "due"
    )
    lines = await views.summaries(session, caller, found[:limit])
    more = queues.cursor_of(found[limit - 1], by_due=sort == "due") if found[limit:] else None
    return paging.answer(request, Page(lines, more))


@get(ONE, guards=[readers], shows="application")
async def application(
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    if_none_match: IfNoneMatch = None,
) -> Response[ApplicationView]:
    """一件办卡申请。 Problems: 404."""
    found = await queries.visible(session, caller, application_id)
    tag = etag(found.revision)
    if unchanged(if_none_match, tag):
        return Response(None, status_code=304, headers={"ETag": tag})  # type: ignore[arg-type]
    return await shown(session, caller, found)


@patch(ONE, guards=[writers])
async def mend(
    application_id: FromPath[UUID],
    data: Patch,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[ApplicationView]:
    """修改自己手上的申请。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    revision = revision_of(if_match)
    found = await drafting.patch(session, application_id, caller, revision, data, now)
    return await shown(session, caller, found)


@post(ONE + "/submit", guards=[menders], status_code=200)
async def submit(
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[ApplicationView]:
    """提交到下一步;补充后回到退回它的那一步。 Problems: 404, 409, 412, 422, 428."""
    found = await moving.submit(session, application_id, caller, revision_of(if_match), now)
    return await shown(session, caller, found)


@post(ONE + "/assign", guards=[guards.roles(Role.UNIT_MANAGER)], status_code=200)
async def assign(
    application_id: FromPath[UUID],
    data: Assignment,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[ApplicationView]:
    """指派服务专员(账号 id 或登录名)。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    revision = revision_of(if_match)
    found = await moving.assign(session, application_id, caller, revision, data, now)
    return await shown(session, caller, found)


@post(ONE + "/decisions", guards=[handlers], status_code=200)
async def decide(
    application_id: FromPath[UUID],
    data: Decision,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[ApplicationView]:
    """通过、退回或不通过;最后一步通过即发卡。

    退回时 `to` 写明由谁补充:`talent`、`unit_specialist`、`unit_manager` 或前面某一步;不写按步骤表。
    `missing` 逐项列明所缺的材料或须更正的字段,补充的人照此办理;列明了的可以不另写意见。
    Problems: 404, 409 `wrong-state`, `card-exists`, `contract-over`, 412, 422, 428.
    """
    revision = revision_of(if_match)
    found = await moving.decide(session, application_id, caller, revision, data, now)
    return await shown(session, caller, found)


@post(ONE + "/withdraw", guards=[guards.talent], status_code=200)
async def withdraw(
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[ApplicationView]:
    """发卡前撤回。 Problems: 404, 409 `wrong-state`, 412, 428."""
    found = await moving.withdraw(session, application_id, caller, revision_of(if_match), now)
    return await shown(session, caller, found)


class Story(msgspec.Struct, frozen=True):
    """The whole story."""

    items: list[timeline.Entry]


@get(ONE + "/timeline", guards=[readers])
async def story(
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Story:
    """从填写到发卡的每一步,何时、何方、何事、何意见。 Problems: 404."""
    found = await queries.visible(session, caller, application_id)
    return Story(await timeline.of(session, caller, found))


class Specialists(msgspec.Struct, frozen=True):
    """The specialists of the caller's units."""

    items: list[SpecialistView]


@get("/v1/unit/specialists", guards=[guards.roles(Role.UNIT_MANAGER)])
async def specialists(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> Specialists:
    """本单位的服务专员,供指派时选择。"""
    units = caller.organisations(Role.UNIT_MANAGER)
    found = [each for unit in units for each in await moving.specialists_of(session, unit)]
    return Specialists([SpecialistView(each.id, each.name) for each in found])


ROUTES = [
    card_categories,
    apply,
    applications,
    application,
    mend,
    submit,
    assign,
    decide,
    withdraw,
    story,
    specialists,
    *file_routes.ROUTES,
]
