"""Leaving the family list: by removing somebody, or by taking a consent back (guide.md 7.1).

Who it was is forgotten at once, unless an open request still needs it; then when that one ends.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_people import ConsentWithdrawn
from service.auth.callers import Caller, Role
from service.problems import NotFound, Problem
from service.reference.tables import PROVINCE
from service.talents.family.models import Consent, FamilyMember

Needed = Callable[[AsyncSession, Collection[UUID]], Awaitable[set[UUID]]]
_needed: list[Needed] = []


class ConsentEnded(Problem):
    """It was withdrawn before."""

    code = "consent-withdrawn"
    status = 409
    title = "该同意已撤回"
    advice = "该同意此前已经撤回,无需重复操作。"


def needed_by(ask: Needed) -> None:
    """A room whose open cases name members says which of these it still needs."""
    if ask not in _needed:
        _needed.append(ask)


async def remove(session: AsyncSession, by: Caller, member_id: UUID, now: datetime) -> None:
    """Take somebody off one's family list, and every consent for them back. Raises NotFound."""
    member = await _locked(session, by, member_id)
    if member is None:
        raise NotFound
    await _remove(session, by, member, now)


async def withdraw(session: AsyncSession, by: Caller, consent_id: UUID, now: datetime) -> Consent:
    """Take a consent back; without it the member cannot stay. Raises NotFound, ConsentEnded."""
    query = select(Consent).where(Consent.id == consent_id, Consent.person_id == by.person_id)
    consent: Consent | None = await session.scalar(query)
    if consent is None:
        raise NotFound
    member = await _locked(session, by, consent.member_id)
    await session.refresh(consent, with_for_update=True)
    if consent.withdrawn_at is not None:
        raise ConsentEnded
    if member is None:
        await _withdraw(session, by, consent, now)
    else:
        await _remove(session, by, member, now)
    return consent


async def _locked(session: AsyncSession, by: Caller, member_id: UUID | None) -> FamilyMember | None:
    query = select(FamilyMember).where(
        FamilyMember.id == member_id,
        FamilyMember.person_id == by.person_id,
        FamilyMember.removed_at.is_(None),
    )
    found: FamilyMember | None = await session.scalar(query.with_for_update())
    return found


async def _remove(session: AsyncSession, by: Caller, member: FamilyMember, now: datetime) -> None:
    event = member.remove(now)
    await session.flush()
    author = by.author(Role.TALENT)
    await log.append(session, event, by=author, region=PROVINCE, now=now)
    query = select(Consent).where(Consent.member_id == member.id, Consent.withdrawn_at.is_(None))
    for consent in await session.scalars(query.order_by(Consent.id).with_for_update()):
        await _withdraw(session, by, consent, now)
    await erase_removed(session, [member.id], now)


async def _withdraw(session: AsyncSession, by: Caller, consent: Consent, now: datetime) -> None:
    consent.withdrawn_at, consent.withdrawn_by = now, by.account_id
    event = ConsentWithdrawn(consent_id=consent.id, purpose=consent.purpose)
    await log.append(session, event, by=by.author(Role.TALENT), region=PROVINCE, now=now)


async def erase_removed(session: AsyncSession, member_ids: Sequence[UUID], now: datetime) -> int:
    """Forget those of these that were removed and that nobody needs any more; returns how many."""
    query = select(FamilyMember).where(
        FamilyMember.id.in_(member_ids),
        FamilyMember.removed_at.is_not(None),
        FamilyMember.erased_at.is_(None),
    )
    members = (await session.scalars(query.order_by(FamilyMember.id).with_for_update())).all()
    needed: set[UUID] = set()
    for ask in _needed:
        needed |= await ask(session, [member.id for member in members])
    gone = [member for member in members if member.id not in needed]
    for member in gone:
        member.erase(now)
    await session.flush()
    return len(gone)
