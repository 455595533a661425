"""What a holder used with the card, newest first, each with the way to its rating (api.md 6.1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.guards import talent
from service.counters.models import Redemption
from service.pages.show import page
from service.satisfaction import names, promises, rules
from service.satisfaction.figures import GRADE_NAMES
from service.satisfaction.models import Rating
from service.talents.cards.card import Card

SHOWN = 100


class Used(msgspec.Struct, frozen=True):
    """One benefit used: which, where, when, and how it was rated."""

    id: UUID
    offering: str
    partner: str
    redeemed_at: datetime
    rated: str
    open: bool


async def used_by(session: AsyncSession, person_id: UUID | None, now: datetime) -> list[Used]:
    """The last of a person's redemptions, over all their cards."""
    query = (
        select(Redemption, Rating.grade)
        .join(Card, Card.id == Redemption.card_id)
        .outerjoin(Rating, Rating.redemption_id == Redemption.id)
        .where(Card.person_id == person_id)
        .order_by(Redemption.redeemed_at.desc(), Redemption.id)
        .limit(SHOWN)
    )
    rows = (await session.execute(query)).all()
    offerings, partners = await names.offerings(session), await names.partners(session)
    days = (await rules.in_force(session)).window_days
    return [
        Used(
            row.id,
            offerings.get(row.offering, row.offering),
            partners.get(str(row.partner_id), ""),
            row.redeemed_at,
            GRADE_NAMES[grade] if grade else "",
            now < promises.window_ends(row.redeemed_at, days),
        )
        for row, grade in rows
    ]


@get("/my/redemptions", guards=[talent], opt={"page": True}, include_in_schema=False)
async def used(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """我用过的服务。"""
    lines = await used_by(session, caller.person_id, now)
    return page(request, "satisfaction/templates/used.html", lines=lines, shown=SHOWN)


ROUTES = [used]
