"""The holder's doors: rating what was done for them, and the notices they got (api.md 5.3, 6.1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.guards import talent
from service.etag import revision_of
from service.problems import NotFound
from service.satisfaction import abouts, adding, notice_routes, promises, rating
from service.satisfaction.adding import NewSupplement
from service.satisfaction.figures import GRADE_NAMES
from service.satisfaction.models import Rating, RatingAddition
from service.satisfaction.rating import NewRating


class AdditionView(msgspec.Struct, frozen=True):
    """A supplement (no grade) or a follow-up (G5)."""

    kind: str
    grade: int | None
    tags: list[str]
    comment: str | None
    added_at: datetime


class RatingView(msgspec.Struct, frozen=True):
    """A rating as its giver sees it; it is never edited (satisfaction.md G6)."""

    id: str
    about: str
    grade: int
    grade_name: str
    tags: list[str]
    comment: str | None
    origin: str
    rated_at: datetime
    voided: bool
    additions: list[AdditionView]

    @classmethod
    def of(cls, row: Rating, added: Sequence[RatingAddition] = ()) -> "RatingView":
        """The view of a row and of what was added to it."""
        return cls(
            str(row.id),
            row.about,
            row.grade,
            GRADE_NAMES[row.grade],
            row.tags,
            row.comment,
            row.origin,
            promises.local(row.rated_at),
            row.voided_at is not None,
            [
                AdditionView(a.kind, a.grade, a.tags, a.comment, promises.local(a.added_at))
                for a in added
            ],
        )


async def _view(session: AsyncSession, row: Rating) -> RatingView:
    return RatingView.of(row, (await adding.of(session, [row.id]))[row.id])


@post("/v1/requests/{request_id:uuid}/rating", guards=[talent], opt={"if_match": "optional"})
async def rate_request(
    request_id: FromPath[UUID],
    data: NewRating,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: Annotated[str | None, HeaderParameter(name="If-Match")] = None,
) -> RatingView:
    """评价一件已办结的申请,每件一次。

    评价不改动申请本身,所以不要求 If-Match;带了就照办。
    Problems: 404, 409 `wrong-state`, 409 `already-rated`, 409 `rating-window-over`, 412,
    422 `tag-of-other-grade`, 422 `bad-rating-needs-reason`.
    """
    revision = None if if_match is None else revision_of(if_match)
    made = await rating.rate_request(session, request_id, data, caller, now, revision=revision)
    return RatingView.of(made)


@post("/v1/redemptions/{redemption_id:uuid}/rating", guards=[talent])
async def rate_redemption(
    redemption_id: FromPath[UUID],
    data: NewRating,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> RatingView:
    """评价一次出示卡片享受的服务,每次一评。 Problems: as for a request."""
    return RatingView.of(await rating.rate_redemption(session, redemption_id, data, caller, now))


@get("/v1/requests/{request_id:uuid}/rating", guards=[talent])
async def rating_of_request(
    request_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> RatingView:
    """我对这件申请的评价;还没有评价时 404。"""
    about = await abouts.of_request(session, request_id, caller.person_id)
    found = await rating.of(session, about)
    if found is None:
        raise NotFound
    return await _view(session, found)


@get("/v1/redemptions/{redemption_id:uuid}/rating", guards=[talent])
async def rating_of_redemption(
    redemption_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> RatingView:
    """我对这次服务的评价;还没有评价时 404。"""
    about = await abouts.of_redemption(session, redemption_id, caller.person_id)
    found = await rating.of(session, about)
    if found is None:
        raise NotFound
    return await _view(session, found)


@post("/v1/ratings/{rating_id:uuid}/supplement", guards=[talent])
async def supplement(
    rating_id: FromPath[UUID],
    data: NewSupplement,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> RatingView:
    """补充评价:评价后 5 个工作日内一次,可加标签和说明,等级不变 (satisfaction.md G5)。

    Problems: 404, 409 `already-added` `addition-window-over` `nothing-to-add-to`,
    422 `tag-of-other-grade`.
    """
    return await _view(session, await adding.supplement(session, rating_id, data, caller, now))


@post("/v1/ratings/{rating_id:uuid}/follow-up", guards=[talent])
async def follow_up(
    rating_id: FromPath[UUID],
    data: NewRating,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> RatingView:
    """追评:差评整改获认可后 30 天内一次,另有等级,不改原评价 (satisfaction.md G5, L2)。

    Problems: 404, 409 `already-added` `addition-window-over` `nothing-to-add-to`,
    422 `tag-of-other-grade` `bad-rating-needs-reason`.
    """
    return await _view(session, await adding.follow_up(session, rating_id, data, caller, now))


ROUTES = [
    supplement,
    follow_up,
    rate_request,
    rate_redemption,
    rating_of_request,
    rating_of_redemption,
    *notice_routes.ROUTES,
]
