"""Doors of the review beside the acts themselves: time, changes, opinions, batches (api.md 3.3)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.etag import revision_of
from service.talents import alike, queries
from service.talents.alike import Finding
from service.talents.applications import batches, changes, clocks, hints, moving, templates
from service.talents.applications.batches import Batch, Result
from service.talents.applications.changes import Round
from service.talents.applications.clocks import DeadlineView
from service.talents.applications.hints import Hint
from service.talents.applications.moving import Assignment
from service.talents.applications.routes import (
    ONE,
    WAYS,
    IfMatch,
    StepName,
    handlers,
    readers,
    shown,
)
from service.talents.applications.templates import OpinionTemplate
from service.talents.applications.views import ApplicationView


class Rounds(msgspec.Struct, frozen=True):
    """Every return with what changed after it."""

    items: list[Round]


class Hints(msgspec.Struct, frozen=True):
    """What to look at before passing a file."""

    items: list[Hint]


class Results(msgspec.Struct, frozen=True):
    """What became of each, in the order of the items."""

    items: list[Result]


class OpinionTemplates(msgspec.Struct, frozen=True):
    """Opinions ready to use."""

    items: list[OpinionTemplate]


@get(ONE + "/deadline", guards=[readers])
async def deadline(
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> DeadlineView:
    """这一步应在何时前办结,逐日说明理由;草稿和已结束的没有时限。 Problems: 404."""
    found = await queries.visible(session, caller, application_id)
    return await clocks.view_of(session, found, now)


@get(ONE + "/changes", guards=[readers], shows="application")
async def differences(
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Rounds:
    """每次退回所缺的内容,以及退回前后材料和字段的变化;最近一次在前。 Problems: 404."""
    found = await queries.visible(session, caller, application_id)
    return Rounds(await changes.of(session, caller, found))


@get(ONE + "/hints", guards=[handlers], shows="application")
async def look_first(
    application_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Hints:
    """办理前应当留意的提示;有提示的不能一并通过。 Problems: 404."""
    found = await queries.visible(session, caller, application_id)
    return Hints(await hints.of(session, found, now))


@post(ONE + "/look-alikes/{other_id:uuid}", guards=[handlers], status_code=200)
async def settle(
    application_id: FromPath[UUID],
    other_id: FromPath[UUID],
    data: Finding,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Hints:
    """记下核对结果:提示中的另一位登记人(`about`)是不是同一人。 Problems: 404, 409, 422."""
    await alike.settle(session, application_id, other_id, caller, data, now)
    found = await queries.visible(session, caller, application_id)
    return Hints(await hints.of(session, found, now))


@post(ONE + "/reassign", guards=[guards.roles(Role.UNIT_MANAGER)], status_code=200)
async def reassign(
    application_id: FromPath[UUID],
    data: Assignment,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[ApplicationView]:
    """更换服务专员(账号 id 或登录名);时限照常计算。

    Problems: 404, 409 `wrong-state`, 412, 422, 428.
    """
    revision = revision_of(if_match)
    found = await moving.reassign(session, application_id, caller, revision, data, now)
    return await shown(session, caller, found)


@post(WAYS + "/batch-decisions", guards=[handlers], status_code=200)
async def batch(
    data: Batch,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Results:
    """一并通过多件没有提示的申请(省级审核、省人才办同意);逐件办理,逐件给出结果。

    每件写明读到的 `revision`(ETag 中的数);一件不成不影响其余。被拒的 `code` 与单件办理相同,另有
    `not-for-batch`。退回和不予通过须逐件办理。
    """
    return Results(list(await batches.decide(session, caller, data, now)))


@get("/v1/opinion-templates", guards=[handlers])
async def opinions(
    session: NamedDependency[AsyncSession],
    step: Annotated[StepName | None, QueryParameter()] = None,
) -> OpinionTemplates:
    """常用意见,可按步骤取。"""
    return OpinionTemplates(await templates.of(session, step))


ROUTES = [deadline, differences, look_first, settle, reassign, batch, opinions]
