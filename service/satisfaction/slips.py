"""A slip from a counter: a code that rates one redemption without signing in (satisfaction.md G3).

For the holder or a family member who stands at the counter. It works once and for some days; the
holder is told that it was used, so that nobody rates in their name unseen.
"""

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service import ids
from service.auth.callers import Caller
from service.auth.signing_in import token_hash
from service.counters.models import Redemption
from service.problems import NotFound, Problem
from service.satisfaction import abouts, promises, rating, rules
from service.satisfaction.abouts import About
from service.satisfaction.models import Rating, RatingSlip
from service.satisfaction.rating import AlreadyRated, NewRating

AUTHOR = log.Author("slip", "slip", "web")


class SlipOver(Problem):
    """The slip's days are over."""

    code: ClassVar[str] = "slip-over"
    status: ClassVar[int] = 410
    title: ClassVar[str] = "评价码已过期"
    advice: ClassVar[str] = "持卡人可登录惠才卡,在“我的权益”中评价。"


class Slip(msgspec.Struct, frozen=True):
    """A slip as it is handed out; the address is shown this once."""

    url: str
    expires_at: datetime


async def make(
    session: AsyncSession, redemption_id: UUID, base_url: str, by: Caller, now: datetime
) -> Slip:
    """A slip for a redemption of the caller's agency. Raises NotFound, AlreadyRated, WindowOver."""
    kept = await session.get(Redemption, redemption_id)
    if kept is None or kept.partner_id != by.partner_id:
        raise NotFound
    about = await abouts.of_any_redemption(session, redemption_id)
    if await rating.of(session, about) is not None:
        raise AlreadyRated
    numbers = await rules.in_force(session)
    rating.check_time(about, numbers.window_days, now)
    ends_at = promises.begin_of(promises.day_of(now) + timedelta(days=numbers.slip_days + 1))
    ends_at = min(ends_at, promises.window_ends(kept.redeemed_at, numbers.window_days))
    token = ids.new_secret()
    session.add(
        RatingSlip(
            token_hash=token_hash(token), redemption_id=redemption_id, made_by=by.id, made_at=now,
            expires_at=ends_at,
        )
    )  # fmt: skip
    await session.flush()
    return Slip(f"{base_url}/rate/{token}", promises.local(ends_at))


async def about_of(
    session: AsyncSession, token: str, now: datetime, *, lock: bool = False
) -> About:
    """What a slip is for. Raises NotFound, SlipOver."""
    query = select(RatingSlip).where(RatingSlip.token_hash == token_hash(token))
    slip = await session.scalar(query)
    if slip is None:
        raise NotFound
    if now >= slip.expires_at:
        raise SlipOver
    return await abouts.of_any_redemption(session, slip.redemption_id, lock=lock)


async def rate(session: AsyncSession, token: str, given: NewRating, now: datetime) -> Rating:
    """Rate with a slip. Raises NotFound, SlipOver, AlreadyRated, WindowOver, InvalidBody."""
    about = await about_of(session, token, now, lock=True)
    return await rating.rate(session, about, given, AUTHOR, now, via="slip")
