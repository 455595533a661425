"""Who is told that an offering stops or goes on: everybody whose request is open, every partner."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_offerings import OfferingResumed, OfferingStopped, OfOffering
from service.auth.callers import Caller, Role
from service.editing.content import Content
from service.partners.models import Route
from service.reference.tables import PROVINCE
from service.requests.models import ENDED, Request


async def tell_of_stop(
    session: AsyncSession,
    code: str,
    before: date | None,
    after: Content,
    by: Caller,
    now: datetime,
) -> None:
    """Append what the published version says of stopping, where it says otherwise than before:
    once for the offering, and once into the feed of each partner that takes it."""
    if before == after.stopped_on:
        return
    author = by.author(Role.CENTRE)
    for partner_id in (None, *await partners_of(session, code)):
        event = _event(code, partner_id, after)
        await log.append(session, event, by=author, region=PROVINCE, now=now)


def _event(code: str, partner_id: UUID | None, after: Content) -> OfOffering:
    if after.stopped_on is None:
        return OfferingResumed(code=code, partner_id=partner_id)
    return OfferingStopped(
        code=code, partner_id=partner_id, stopped_on=after.stopped_on, instead=after.instead
    )


async def partners_of(session: AsyncSession, code: str) -> list[UUID]:
    """Who takes the offering, and who has an open request of it; each once, in a steady order."""
    routed = select(Route.partner_id).where(Route.offering == code)
    handling = select(Request.partner_id).where(
        Request.offering == code, Request.state.not_in(ENDED), Request.partner_id.is_not(None)
    )
    found = (await session.execute(union(routed, handling))).scalars().all()
    return sorted(each for each in found if each is not None)
