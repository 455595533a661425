"""A steward's absence: noted with a deputy, begun and ended by the day, never a gap."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_care import AbsenceBegan, AbsenceEnded, AbsenceNoted, DeputyChanged, OfSteward
from service import ids
from service.auth.callers import Caller, Role
from service.auth.models import Account
from service.problems import FieldError, InvalidBody, NotFound
from service.reference import regions
from service.talents.care import queries
from service.talents.care.models import Absence
from service.worktime.hours import SHANGHAI


class Away(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """离岗: 从哪天到哪天(含),由谁代班(另一位服务专员的编号)。"""

    begins_on: date
    ends_on: date
    deputy_id: UUID
    steward_id: Annotated[
        UUID | None, msgspec.Meta(description="专家中心代为登记时写离岗的服务专员;本人不写")
    ] = None


async def note(session: AsyncSession, by: Caller, away: Away, now: datetime) -> Absence:
    """Note an absence; one that begins today stands at once. Raises NotFound, InvalidBody."""
    steward_id = await _whose(session, by, away)
    await lock(session, steward_id, away.deputy_id)
    await _check(session, steward_id, away, now)
    absence = Absence(
        id=ids.new_id(),
        account_id=steward_id,
        deputy_id=away.deputy_id,
        begins_on=away.begins_on,
        ends_on=away.ends_on,
        noted_by=by.account_id,
        noted_at=now,
        began_at=None,
        ended_at=None,
    )
    session.add(absence)
    await session.flush()
    await tell(session, absence, AbsenceNoted, by.author(Role.STEWARD, Role.CENTRE), now)
    if absence.begins_on <= _today(now):
        await _begin(session, absence, now)
    return absence


async def _whose(session: AsyncSession, by: Caller, away: Away) -> UUID:
    """One's own; or that of a steward of the centre's region."""
    own = by.account_id if by.has(Role.STEWARD) else None
    wanted = away.steward_id or own
    if wanted is None:
        text = "请写明哪位服务专员离岗。"
        raise InvalidBody(FieldError("/steward_id", "missing", text))
    if wanted != own:
        await check_in_reach(session, by, wanted)
    return wanted


async def check_in_reach(session: AsyncSession, by: Caller, steward_id: UUID) -> None:
    """Whether 专家中心 may arrange for that steward; raises NotFound."""
    known = await regions.of(session)
    places = by.regions(Role.CENTRE)
    theirs = await queries.regions_of(session, steward_id)
    if not any(known.within(region, place) for region in theirs for place in places):
        raise NotFound


async def lock(session: AsyncSession, *account_ids: UUID) -> None:
    """The stewards concerned, one hand at a time; also what keeps their events in order."""
    query = select(Account.id).where(Account.id.in_(account_ids)).order_by(Account.id)
    await session.execute(query.with_for_update())


async def _check(session: AsyncSession, steward_id: UUID, away: Away, now: datetime) -> None:
    if not _today(now) <= away.begins_on <= away.ends_on:
        text = "离岗应从今天或以后开始,结束日不早于开始日。"
        raise InvalidBody(FieldError("/begins_on", "out-of-range", text))
    await check_deputy(session, steward_id, away.deputy_id)
    overlap = (
        Absence.ended_at.is_(None),
        Absence.begins_on <= away.ends_on,
        Absence.ends_on >= away.begins_on,
    )
    people = (Absence.account_id.in_((steward_id, away.deputy_id)),)
    standing_in = (Absence.deputy_id == steward_id,)
    for who, pointer, text in (
        (people, "/deputy_id", "您或代班人在这段时间已登记离岗,请改日期或换一位代班人。"),
        (standing_in, "/begins_on", "您这段时间正为同事代班,请先由同事另选代班人。"),
    ):
        if await session.scalar(select(Absence.id).where(*overlap, *who).limit(1)):
            raise InvalidBody(FieldError(pointer, "overlap", text))


async def check_deputy(session: AsyncSession, steward_id: UUID, deputy_id: UUID) -> None:
    """A deputy or successor is another steward, whose region holds the steward's own (api.md 2.3).

    Raises InvalidBody.
    """
    known = await regions.of(session)
    own = await queries.regions_of(session, steward_id)
    theirs = await queries.regions_of(session, deputy_id)
    covers = all(any(known.within(region, place) for place in theirs) for region in own)
    if deputy_id == steward_id or not theirs or not covers:
        text = "请选择另一位服务专员,其服务区域应覆盖本区域。"
        raise InvalidBody(FieldError("/deputy_id", "not-a-deputy", text))


async def end(session: AsyncSession, by: Caller, absence_id: UUID, now: datetime) -> Absence:
    """Back early, or not away after all. Raises NotFound; ended already: nothing happens."""
    absence = await session.get(Absence, absence_id)
    if absence is None:
        raise NotFound
    if absence.account_id != by.account_id:
        await check_in_reach(session, by, absence.account_id)
    await lock(session, absence.account_id)
    await session.refresh(absence)
    if absence.ended_at is None:
        await _end(session, absence, by.author(Role.STEWARD, Role.CENTRE), now)
    return absence


async def turn_due(session: AsyncSession, now: datetime, limit: int = 20) -> int:
    """Begin and end what the day brings; returns how many."""
    today = _today(now)
    due = or_((Absence.began_at.is_(None)) & (Absence.begins_on <= today), Absence.ends_on < today)
    query = select(Absence).where(Absence.ended_at.is_(None), due).order_by(Absence.id)
    found = await session.scalars(query.limit(limit).with_for_update(skip_locked=True))
    done = 0
    for absence in found.all():
        await lock(session, absence.account_id)
        if absence.ends_on < today:
            await _end(session, absence, log.SYSTEM, now)
        else:
            await _begin(session, absence, now)
        done += 1
    return done


async def _begin(session: AsyncSession, absence: Absence, now: datetime) -> None:
    absence.began_at = now
    await session.flush()
    await tell(session, absence, AbsenceBegan, log.SYSTEM, now)


async def _end(session: AsyncSession, absence: Absence, by: log.Author, now: datetime) -> None:
    absence.ended_at = now
    await session.flush()
    await tell(session, absence, AbsenceEnded, by, now)


async def change_deputy(
    session: AsyncSession, leaving: UUID, successor: UUID, by: log.Author, now: datetime
) -> None:
    """Whoever takes over from a deputy stands in for the absent too (handing.py)."""
    query = select(Absence).where(Absence.deputy_id == leaving, Absence.ended_at.is_(None))
    for absence in (await session.scalars(query.order_by(Absence.id))).all():
        absence.deputy_id = successor
        if absence.account_id == successor:
            await _end(session, absence, by, now)
            continue
        await session.flush()
        await lock(session, absence.account_id)
        await tell(session, absence, DeputyChanged, by, now)


async def tell(
    session: AsyncSession, absence: Absence, kind: type[OfSteward], by: log.Author, now: datetime
) -> None:
    """Append what happened; the steward is locked."""
    event = kind(
        steward_id=absence.account_id,
        absence_id=absence.id,
        deputy_id=absence.deputy_id,
        until=absence.ends_on,
        begun=absence.began_at is not None,
    )
    region = await queries.home_of(session, absence.account_id)
    await log.append(session, event, by=by, region=region, now=now)


def _today(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()
