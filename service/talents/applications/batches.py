"""Passing several at once, where nothing is lost by it: late steps, files without a hint.

Each is decided on its own, at the revision that was seen: one that somebody else took meanwhile
keeps the others from nothing. Nothing is ever returned or rejected this way.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.problems import FieldError, InvalidBody, Problem
from service.talents.applications import hints, moving, steps
from service.talents.applications.application import Application
from service.talents.applications.moving import Decision

MOST = 50


class NotForBatch(Problem):
    """A file that somebody should look at, or a step at which each file is decided by itself."""

    code = "not-for-batch"
    status = 409
    title = "这一件需要单独办理"
    advice = "请打开这件申请,看过提示和材料后单独办理。"


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file as it was seen: its id and the number in its ETag."""

    id: UUID
    revision: Annotated[int, msgspec.Meta(ge=0, le=999_999_999)]


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several files that are passed with one opinion."""

    items: Annotated[list[Item], msgspec.Meta(min_length=1, max_length=MOST)]
    decision: Literal["pass"]
    opinion: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one: its new step and revision, or the code and the reason of the refusal."""

    id: UUID
    result: Literal["passed", "refused"]
    step: str | None = None
    revision: int | None = None
    code: str | None = None
    detail: str | None = None


async def decide(
    session: AsyncSession, by: Caller, batch: Batch, now: datetime
) -> Sequence[Result]:
    """Pass each that can be passed; results in the order of the items. Raises InvalidBody."""
    ids = [each.id for each in batch.items]
    if twice := [n for n, each in enumerate(ids) if each in ids[:n]]:
        raise InvalidBody(
            *(FieldError(f"/items/{n}/id", "repeated", "同一件申请只能列一次。") for n in twice)
        )
    found: dict[UUID, Result] = {}
    # In one order whoever asks, so that two batches wait for one another and never both.
    for item in sorted(batch.items, key=lambda each: each.id):
        found[item.id] = await _one(session, by, item, batch.opinion, now)
    return [found[each] for each in ids]


async def _one(
    session: AsyncSession, by: Caller, item: Item, opinion: str, now: datetime
) -> Result:
    try:
        async with session.begin_nested():
            done = await _passed(session, by, item, opinion, now)
    except Problem as refusal:
        return Result(
            id=item.id, result="refused", code=refusal.code, detail=refusal.detail or refusal.title
        )
    return Result(id=item.id, result="passed", step=done.step, revision=done.revision)


async def _passed(
    session: AsyncSession, by: Caller, item: Item, opinion: str, now: datetime
) -> Application:
    application = await moving.got(session, item.id, by, item.revision, "decisions")
    if why := await reasons(session, application, now):
        raise NotForBatch("".join(why) + NotForBatch.advice)
    given = Decision(decision="pass", opinion=opinion)
    return await moving.decide(session, item.id, by, item.revision, given, now)


async def reasons(session: AsyncSession, application: Application, now: datetime) -> list[str]:
    """Why this one is not passed together with others; none where it may be."""
    step = steps.STEPS.get(application.step)
    if step is None or not step.batch:
        return ["这一步须逐件办理。"]
    return [each.text for each in await hints.of(session, application, now)]
