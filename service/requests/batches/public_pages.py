"""Pages of batches for everybody: what is announced, by which rule, and the list as it is shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.pages.show import page
from service.requests.batches import views, words
from service.requests.batches.models import Batch, BatchState

LIST = "/batches"
SHOWN = 100
PAGE: dict[str, Any] = {"opt": {"open": True, "page": True}, "include_in_schema": False}
BADGES = {BatchState.GATHERING: "good", BatchState.SHOWN: "warn", BatchState.CANCELLED: "bad"}


@get(LIST, **PAGE)
async def batches(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """各批名额,新的在前。"""
    found = await session.scalars(select(Batch).order_by(Batch.id.desc()).limit(SHOWN))
    return page(
        request,
        "requests/templates/batches.html",
        batches=[await views.summary(session, each, now) for each in found.all()],
        badges=BADGES,
    )


@get(LIST + "/{batch_id:uuid}", **PAGE)
async def batch(
    request: Request[Any, Any, Any],
    batch_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一批名额:公告、排序规则、名单,怎样自己核对。"""
    found = await views.public(session, batch_id, now)
    return page(
        request,
        "requests/templates/batch.html",
        batch=found,
        badges=BADGES,
        leftover=words.LEFTOVER[found.leftover],
        groups=group_titles(found),
    )


def group_titles(found: views.PublicBatch) -> dict[str, str]:
    """What each group is called, with its places; one without a name where there are none."""
    if found.group_field is None:
        return {"": ""}
    known = {each.value: f"{each.title} · {each.places} 个名额" for each in found.groups}
    return known | {line.group: "无名额" for line in found.lines if line.group not in known}


ROUTES: list[Any] = [batches, batch]
