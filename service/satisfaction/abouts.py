"""What a rating is about: a completed request or a redemption, with the dimensions it counts in."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.counters.models import Redemption
from service.etag import check_revision
from service.offerings.models import OfferingVersion
from service.partners.models import ServicePoint
from service.problems import NotFound
from service.requests.models import Request, State
from service.satisfaction.models import Rating
from service.talents.cards.card import Card


class About(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be rated; `completed_at` is empty while it is not done."""

    request_id: UUID | None = None
    redemption_id: UUID | None = None
    person_id: UUID
    partner_id: UUID | None
    offering: str
    sector: str
    category: int
    region: str
    state: str
    completed_at: datetime | None

    def rating(
        self,
        rating_id: UUID,
        grade: int,
        tags: list[str],
        comment: str | None,
        at: datetime,
        origin: str = "active",
    ) -> Rating:
        """The rating of it. A request counts for the partner that completed it (F7)."""
        return Rating(
            id=rating_id,
            request_id=self.request_id,
            redemption_id=self.redemption_id,
            person_id=self.person_id,
            partner_id=self.partner_id,
            offering=self.offering,
            sector=self.sector,
            category=self.category,
            region=self.region,
            origin=origin,
            grade=grade,
            tags=tags,
            comment=comment,
            rated_at=at,
        )


REQUESTS = select(Request, OfferingVersion.sector).join(
    OfferingVersion, OfferingVersion.id == Request.offering_version_id
)
REDEMPTIONS = (
    select(Redemption, OfferingVersion.sector, Card.person_id, Card.category, ServicePoint.region)
    .join(OfferingVersion, OfferingVersion.id == Redemption.offering_version_id)
    .join(Card, Card.id == Redemption.card_id)
    .join(ServicePoint, ServicePoint.id == Redemption.service_point_id)
)


def about_request(request: Request, sector: str) -> About:
    """A request with the dimensions it counts in."""
    done = request.state == State.COMPLETED
    return About(
        request_id=request.id,
        person_id=request.person_id,
        partner_id=request.partner_id,
        offering=request.offering,
        sector=sector,
        category=request.category,
        region=request.region,
        state=request.state,
        completed_at=request.completed_at if done else None,
    )


def about_redemption(row: Any) -> About:
    """A redemption, done when it is made; it counts where its service point is."""
    redemption, sector, person_id, category, region = row
    return About(
        redemption_id=redemption.id,
        person_id=person_id,
        partner_id=redemption.partner_id,
        offering=redemption.offering,
        sector=sector,
        category=category,
        region=region,
        state="redeemed",
        completed_at=redemption.redeemed_at,
    )


async def of_request(
    session: AsyncSession,
    request_id: UUID,
    person_id: UUID | None,
    *,
    lock: bool = False,
    revision: int | None = None,
) -> About:
    """The holder's own request; locked, nobody rates it meanwhile. Raises NotFound, Stale."""
    query = REQUESTS.where(Request.id == request_id, Request.person_id == person_id)
    if lock:
        query = query.with_for_update(of=Request, key_share=True)
    row = (await session.execute(query)).first()
    if row is None:
        raise NotFound
    if revision is not None:
        check_revision(row[0].revision, revision)
    return about_request(*row)


async def of_redemption(
    session: AsyncSession, redemption_id: UUID, person_id: UUID | None, *, lock: bool = False
) -> About:
    """The holder's own redemption; locked, nobody rates it meanwhile. Raises NotFound."""
    return await _of_redemption(
        session,
        REDEMPTIONS.where(Redemption.id == redemption_id, Card.person_id == person_id),
        lock,
    )


async def of_any_redemption(
    session: AsyncSession, redemption_id: UUID, *, lock: bool = False
) -> About:
    """A redemption, for whoever has shown otherwise that they may rate it. Raises NotFound."""
    return await _of_redemption(session, REDEMPTIONS.where(Redemption.id == redemption_id), lock)


async def _of_redemption(session: AsyncSession, query: Any, lock: bool) -> About:
    if lock:
        query = query.with_for_update(of=Redemption, key_share=True)
    row = (await session.execute(query)).first()
    if row is None:
        raise NotFound
    return about_redemption(row)
