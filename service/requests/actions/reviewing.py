"""初审, the first review before a bank decides: a clock of its own from the acceptance on.

It lies within the time for handling, where the offering's version has a budget for it
(guide.md 5.1, time.md D0).
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service.auth.callers import Caller, Role
from service.offerings.models import OfferingVersion
from service.requests import clocks
from service.requests.models import Request
from service.requests.states import Stage

Outcome = Literal["passed", "refused"]


class FirstReview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """初审: passed, and the decision is next; or refused with a reason for the holder."""

    outcome: Outcome
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)] | None = None


def stage_of(version: OfferingVersion) -> Stage | None:
    """The stage in which an accepted request begins, where its offering has a first review."""
    return Stage.FIRST_REVIEW if version.first_review_wd else None


async def go_on(session: AsyncSession, request: Request, by: Caller, now: datetime) -> None:
    """It passed: the decision is next, for which the time has run since the acceptance."""
    handling = await clocks.running(session, request.id, "handling")
    await end(session, request, "passed", by, now, due_at=handling.due_at if handling else None)


async def end(
    session: AsyncSession,
    request: Request,
    outcome: Outcome,
    by: Caller,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Its clock stops, kept or missed; `due_at` is the decision's, none where that comes at once.

    Raises WrongState where no first review is open.
    """
    clock = await clocks.stop(session, request.id, "first_review", now)
    in_time = clock is None or clock.breached_at is None
    event = request.end_first_review(outcome, due_at, in_time=in_time)
    await session.flush()
    author = by.author(Role.PARTNER_CLERK)
    await log.append(session, event, by=author, region=request.region, now=now)
