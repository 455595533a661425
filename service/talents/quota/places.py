"""An enterprise's place, taken when an application is handed in and given back if no card comes.

A card that was issued has used the place up for that year, whatever becomes of the card.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_quota import QuotaFreed as Freed
from events.of_quota import QuotaTaken as Taken
from service.auth.callers import Caller, Role
from service.talents.applications.application import Application
from service.talents.quota import naming, rules
from service.talents.quota.models import QuotaEnterprise, QuotaPlace
from service.talents.quota.problems import QuotaNotNamed, QuotaTaken

HANDS = (
    Role.TALENT, Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.REVIEWER, Role.OFFICE,
)  # fmt: skip


async def take(session: AsyncSession, application: Application, by: Caller, now: datetime) -> None:
    """A place of the unit's for an application that is handed in. Raises QuotaNotNamed, QuotaTaken.

    The row of the enterprise is held from the count to the commit.
    """
    enterprise = await naming.locked(
        session,
        QuotaEnterprise.unit_id == application.unit_id,
        QuotaEnterprise.year == rules.year_of(now),
    )
    if enterprise is None:
        raise QuotaNotNamed
    if await naming.held(session, enterprise.id) >= (await rules.in_force(session)).talents:
        raise QuotaTaken
    session.add(
        QuotaPlace(application_id=application.id, enterprise_id=enterprise.id, taken_at=now)
    )
    await session.flush()
    await _tell(session, Taken, enterprise, application, by, now)


async def free(session: AsyncSession, application: Application, by: Caller, now: datetime) -> None:
    """Give the place back, where the application held one: it ended without a card."""
    place = await session.get(QuotaPlace, application.id)
    if place is None or place.freed_at is not None:
        return
    enterprise = await session.get_one(QuotaEnterprise, place.enterprise_id, with_for_update=True)
    place.freed_at = now
    await _tell(session, Freed, enterprise, application, by, now)


async def left_of(session: AsyncSession, application: Application, now: datetime) -> int | None:
    """Places left to the application's unit this year; None where it is not on a list."""
    query = select(QuotaEnterprise.id).where(
        QuotaEnterprise.unit_id == application.unit_id,
        QuotaEnterprise.year == rules.year_of(now),
        QuotaEnterprise.dropped_at.is_(None),
    )
    enterprise_id = await session.scalar(query)
    if enterprise_id is None:
        return None
    limit = (await rules.in_force(session)).talents
    return max(0, limit - await naming.held(session, enterprise_id))


async def _tell(
    session: AsyncSession,
    kind: type[Taken] | type[Freed],
    enterprise: QuotaEnterprise,
    application: Application,
    by: Caller,
    now: datetime,
) -> None:
    event = kind(
        enterprise_id=enterprise.id, city=enterprise.city, year=enterprise.year,
        application_id=application.id,
    )  # fmt: skip
    await log.append(session, event, by=by.author(*HANDS), region=enterprise.city, now=now)
