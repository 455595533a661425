"""What a rater adds later: a supplement soon after, a follow-up once the matter was mended (G5).

The rating itself stays as it was given; neither addition changes a counted grade.
"""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from events.of_ratings import RatingFollowedUp, RatingSupplemented
from service import ids
from service.auth.callers import Caller, Role
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.satisfaction import promises, rating, rules
from service.satisfaction.models import (
    Addition,
    BadRating,
    CaseState,
    Rating,
    RatingAddition,
    Ruling,
)
from service.satisfaction.rating import NewRating


class NewSupplement(msgspec.Struct, forbid_unknown_fields=True):
    """More remarks of the rating's own grade, more words; never another grade."""

    tags: Annotated[list[str], msgspec.Meta(max_length=8)] = []
    comment: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class AlreadyAdded(Problem):
    """Each addition once (G5)."""

    code: ClassVar[str] = "already-added"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "已经提交过"
    advice: ClassVar[str] = "补充评价和追评各只能提交一次,您的意见已收到。"


class AdditionOver(Problem):
    """The days for it are over (G5)."""

    code: ClassVar[str] = "addition-window-over"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "已过提交期"
    advice: ClassVar[str] = "如仍有意见,请直接联系专家中心。"


class NothingToAddTo(Problem):
    """A default or void rating, or a matter that was not mended, has no addition."""

    code: ClassVar[str] = "nothing-to-add-to"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "这条评价现在不能补充或追评"
    advice: ClassVar[str] = "补充评价限本人提交的有效评价;追评在差评整改获认可后开放。"


async def supplement(
    session: AsyncSession, rating_id: UUID, given: NewSupplement, by: Caller, now: datetime
) -> Rating:
    """Add words or tags within five working days of rating (G5).

    Raises NotFound, NothingToAddTo, AlreadyAdded, AdditionOver, InvalidBody and its kinds.
    """
    row = await _locked(session, rating_id, by)
    await _check_once(session, row, Addition.SUPPLEMENT)
    if now >= await supplement_ends(session, row):
        raise AdditionOver
    if not given.tags and not (given.comment or "").strip():
        raise InvalidBody(FieldError("/comment", "missing", "请选一个标签或填写补充的话。"))
    as_rating = NewRating(row.grade, given.tags, given.comment or "-")
    rating.check(as_rating, await rules.tags(session))
    added = _addition(row, Addition.SUPPLEMENT, None, given.tags, given.comment, now)
    event = RatingSupplemented(
        rating_id=row.id, about=row.about, offering=row.offering, tags=tuple(added.tags)
    )
    return await _record(session, row, added, event, by, now)


async def follow_up(
    session: AsyncSession, rating_id: UUID, given: NewRating, by: Caller, now: datetime
) -> Rating:
    """Rate anew how the matter was mended, once the centre accepted that it was (G5, L2).

    Raises NotFound, NothingToAddTo, AlreadyAdded, AdditionOver, InvalidBody and its kinds.
    """
    row = await _locked(session, rating_id, by)
    await _check_once(session, row, Addition.FOLLOW_UP)
    ends_at = await follow_up_ends(session, row)
    if ends_at is None:
        raise NothingToAddTo
    if now >= ends_at:
        raise AdditionOver
    rating.check(given, await rules.tags(session))
    added = _addition(row, Addition.FOLLOW_UP, given.grade, given.tags, given.comment, now)
    event = RatingFollowedUp(
        rating_id=row.id,
        about=row.about,
        offering=row.offering,
        grade=given.grade,
        tags=tuple(added.tags),
    )
    return await _record(session, row, added, event, by, now)


async def supplement_ends(session: AsyncSession, row: Rating) -> datetime:
    """Until when a rating can be supplemented: five working days of its place."""
    days = (await rules.in_force(session)).supplement_workdays
    ends_at, _ = await promises.due_in_workdays(session, row.region, row.rated_at, days)
    return ends_at


async def follow_up_ends(session: AsyncSession, row: Rating) -> datetime | None:
    """Until when a follow-up can be given; None where nothing was mended."""
    query = select(BadRating).where(
        BadRating.rating_id == row.id,
        BadRating.state == CaseState.CLOSED,
        BadRating.ruling == Ruling.ACCEPT,
    )
    case = await session.scalar(query)
    if case is None or case.closed_at is None:
        return None
    return promises.window_ends(case.closed_at, (await rules.in_force(session)).window_days)


async def of(session: AsyncSession, rating_ids: list[UUID]) -> dict[UUID, list[RatingAddition]]:
    """Additions by rating, in the order in which they were made."""
    query = select(RatingAddition).where(RatingAddition.rating_id.in_(rating_ids))
    found: dict[UUID, list[RatingAddition]] = {each: [] for each in rating_ids}
    for each in await session.scalars(query.order_by(RatingAddition.added_at)):
        found[each.rating_id].append(each)
    return found


async def _locked(session: AsyncSession, rating_id: UUID, by: Caller) -> Rating:
    """The caller's own rating; locked, nobody adds to it meanwhile."""
    query = select(Rating).where(Rating.id == rating_id, Rating.person_id == by.person_id)
    row = await session.scalar(query.with_for_update(key_share=True))
    if row is None:
        raise NotFound
    if row.origin != "active" or row.voided_at is not None:
        raise NothingToAddTo
    return row


async def _check_once(session: AsyncSession, row: Rating, kind: Addition) -> None:
    if any(each.kind == kind for each in (await of(session, [row.id]))[row.id]):
        raise AlreadyAdded


def _addition(
    row: Rating, kind: Addition, grade: int | None, tags: list[str], comment: str | None,
    now: datetime,
) -> RatingAddition:  # fmt: skip
    return RatingAddition(
        id=ids.new_id(),
        rating_id=row.id,
        kind=kind,
        grade=grade,
        tags=list(dict.fromkeys(tags)),
        comment=(comment or "").strip() or None,
        added_at=now,
    )


async def _record(
    session: AsyncSession,
    row: Rating,
    added: RatingAddition,
    event: Event,
    by: Caller,
    now: datetime,
) -> Rating:
    session.add(added)
    await session.flush()
    await log.append(session, event, by=by.author(Role.TALENT), region=row.region, now=now)
    return row
