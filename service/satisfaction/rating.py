"""评价: one for each completed request or redemption, by its holder (satisfaction.md 1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_ratings import RatingGiven
from service import ids
from service.auth.callers import Caller, Role
from service.problems import FieldError, InvalidBody, Problem, WrongState
from service.satisfaction import abouts, case_clocks, promises, rules
from service.satisfaction.abouts import About
from service.satisfaction.figures import BAD
from service.satisfaction.models import BadRating, CaseState, Rating
from service.satisfaction.rules import Tag


class NewRating(msgspec.Struct, forbid_unknown_fields=True):
    """What a holder says: a grade, ready-made remarks of that grade, words of their own."""

    grade: Annotated[int, msgspec.Meta(ge=1, le=5, description="5 非常满意 … 1 非常不满意")]
    tags: Annotated[list[str], msgspec.Meta(max_length=8)] = []
    comment: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class AlreadyRated(Problem):
    """Second time (G3)."""

    code: ClassVar[str] = "already-rated"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "已经评价过"
    advice: ClassVar[str] = "每次服务只能评价一次,您的评价已收到,不需要再提交。"


class WindowOver(Problem):
    """The days in which a completion can be rated are over (G3)."""

    code: ClassVar[str] = "rating-window-over"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "已过评价期"
    advice: ClassVar[str] = "评价须在办结后规定天数内提交;如有意见请直接联系专家中心。"


class TagOfOtherGrade(InvalidBody):
    """A tag belongs to one grade (G2)."""

    code: ClassVar[str] = "tag-of-other-grade"
    title: ClassVar[str] = "标签与评价等级不符"
    advice: ClassVar[str] = "请只选所评等级下的标签。"


class ReasonNeeded(InvalidBody):
    """A bad rating says why (G2)."""

    code: ClassVar[str] = "bad-rating-needs-reason"
    title: ClassVar[str] = "请说明不满意的原因"
    advice: ClassVar[str] = "评为不满意或非常不满意时,请至少选一个标签或写几句说明。"


def check(given: NewRating, tags: Mapping[str, Tag]) -> None:
    """Raises InvalidBody for an unknown tag, TagOfOtherGrade, ReasonNeeded."""
    unknown = [k for k, code in enumerate(given.tags) if code not in tags]
    if unknown:
        raise InvalidBody(*_at(unknown, "unknown-tag", "没有这个标签。"))
    other = [k for k, code in enumerate(given.tags) if tags[code].grade != given.grade]
    if other:
        raise TagOfOtherGrade(*_at(other, "tag-of-other-grade", "这个标签属于别的等级。"))
    if given.grade in BAD and not given.tags and not (given.comment or "").strip():
        raise ReasonNeeded(FieldError("/tags", "missing", "请选一个标签或填写说明。"))


def _at(places: Sequence[int], code: str, detail: str) -> list[FieldError]:
    return [FieldError(f"/tags/{place}", code, detail) for place in places]


def check_time(about: About, days: int, now: datetime) -> None:
    """Completed, and not longer ago than the window (G3). Raises WrongState, WindowOver."""
    if about.completed_at is None:
        raise WrongState(about.state, ())
    if now >= promises.window_ends(about.completed_at, days):
        raise WindowOver


async def rate_request(
    session: AsyncSession,
    request_id: UUID,
    given: NewRating,
    by: Caller,
    now: datetime,
    *,
    revision: int | None = None,
) -> Rating:
    """Rate one's own completed request (api.md 6.1).

    A rating does not change the request, so its ETag need not be sent; one that is sent is kept.
    Raises NotFound, Stale, WrongState, AlreadyRated, WindowOver, InvalidBody and its kinds.
    """
    about = await abouts.of_request(session, request_id, by.person_id, lock=True, revision=revision)
    return await rate(session, about, given, by.author(Role.TALENT), now)


async def rate_redemption(
    session: AsyncSession, redemption_id: UUID, given: NewRating, by: Caller, now: datetime
) -> Rating:
    """Rate a benefit that one's own card was redeemed for (api.md 6.1). Raises as above."""
    about = await abouts.of_redemption(session, redemption_id, by.person_id, lock=True)
    return await rate(session, about, given, by.author(Role.TALENT), now)


async def rate(
    session: AsyncSession,
    about: About,
    given: NewRating,
    by: log.Author,
    now: datetime,
    *,
    via: str = "account",
) -> Rating:
    """Rate a thing that is locked; `via` a slip where nobody signed in. Raises as above."""
    numbers = await rules.in_force(session)
    if await of(session, about) is not None:
        raise AlreadyRated
    check_time(about, numbers.window_days, now)
    check(given, await rules.tags(session))
    rating = about.rating(
        ids.new_id(), given.grade, list(dict.fromkeys(given.tags)), _words(given.comment), now
    )
    rating.via = via
    await record(session, rating, by, now)
    if rating.grade in BAD:
        case = _case(rating, now)
        await case_clocks.start(session, case, rating)
        session.add(case)
        await session.flush()
    return rating


def _words(comment: str | None) -> str | None:
    return (comment or "").strip() or None


def _case(rating: Rating, now: datetime) -> BadRating:
    return BadRating(
        id=ids.new_id(),
        rating_id=rating.id,
        state=CaseState.OPEN,
        opened_at=now,
        attempts=0,
        pauses=[],
        fired=[],
    )


async def record(session: AsyncSession, rating: Rating, by: log.Author, now: datetime) -> None:
    """Keep a rating and tell of it, in one transaction; the rated thing is locked."""
    session.add(rating)
    await session.flush()
    event = RatingGiven(
        rating_id=rating.id,
        about=rating.about,
        offering=rating.offering,
        grade=rating.grade,
        tags=tuple(rating.tags),
        origin=rating.origin,
        via=rating.via or "account",
    )
    await log.append(session, event, by=by, region=rating.region, now=now)


async def of(session: AsyncSession, about: About) -> Rating | None:
    """The rating of a request or redemption, if it has one."""
    column = Rating.request_id if about.request_id else Rating.redemption_id
    found: Rating | None = await session.scalar(
        select(Rating).where(column == (about.request_id or about.redemption_id))
    )
    return found
