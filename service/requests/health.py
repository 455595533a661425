"""Whether a partner answers what it is offered (api.md 5.6): silent ones get fewer offers.

Silent is whoever let its last three offers run out. It is told, 专家中心 is told, and until it
answers one it is tried with one offer a day and offering where somebody else is able (routing.py).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_partners import OfPartner, PartnerAnswered, PartnerFellSilent
from service.partners.models import Partner
from service.requests.models import Dispatch
from service.requests.states import Ended

SILENT_AFTER = 3
"""Offers in a row that ran out without an answer (A)."""
ANSWERS = (Ended.ACCEPTED, Ended.BOUNCED)


def fell_silent(last: Sequence[str | None]) -> bool:
    """Whether its last offers, as they ended, make a partner silent. Pure."""
    return len(last) == SILENT_AFTER and set(last) == {Ended.LAPSED}


async def note_lapse(session: AsyncSession, partner_id: UUID, now: datetime) -> bool:
    """An offer ran out; the dispatch says so already. Returns whether the partner fell silent."""
    last = (
        select(Dispatch.end)
        .where(Dispatch.partner_id == partner_id, Dispatch.end.in_((*ANSWERS, Ended.LAPSED)))
        .order_by(Dispatch.ended_at.desc(), Dispatch.id.desc())
        .limit(SILENT_AFTER)
    )
    if not fell_silent((await session.scalars(last)).all()):
        return False
    event = PartnerFellSilent(partner_id=partner_id, lapses=SILENT_AFTER)
    return await _turn(session, event, now, silent=True)


async def note_answer(session: AsyncSession, partner_id: UUID, now: datetime) -> bool:
    """It accepted or bounced an offer; returns whether it had been silent."""
    return await _turn(session, PartnerAnswered(partner_id=partner_id), now, silent=False)


async def _turn(session: AsyncSession, event: OfPartner, now: datetime, *, silent: bool) -> bool:
    """Change the row and tell, where it changes; only then is the row locked."""
    stands = Partner.silent_since.is_(None) if silent else Partner.silent_since.is_not(None)
    changed = (
        update(Partner)
        .where(Partner.id == event.partner_id, stands)
        .values(silent_since=now if silent else None)
        .returning(Partner.region)
    )
    region = await session.scalar(changed)
    if region is None:
        return False
    await log.append(session, event, by=log.SYSTEM, region=region, now=now)
    return True
