"""Drafting, dropping and applying a change of the calendar (time.md R1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.log import Author
from events.of_calendars import CalendarApplied, CalendarDrafted, CalendarDropped, OfCalendar
from service import ids
from service.auth.callers import Caller, Role
from service.calendars import reading
from service.calendars.models import (
    APPLIED,
    DROPPED,
    NOTICE,
    OPEN,
    OVERLAY,
    CalendarDraft,
    Recomputation,
)
from service.calendars.reading import Given, NoticeGiven, OverlayGiven, YearKept
from service.etag import check_revision
from service.problems import Forbidden, InvalidBody, NotFound, Problem
from service.reference import tables
from service.reference.tables import PROVINCE, Row
from service.worktime import current
from service.worktime.calendars import build
from service.worktime.current import WorkingTime, read_overlays
from service.worktime.differences import between
from service.worktime.hours import SHANGHAI
from service.worktime.models import CalendarVersion
from service.worktime.moves import Change
from service.worktime.statutory import NOTICES, read_notices


class CalendarMovedOn(Problem):
    """Another version was applied since the dry run that somebody decided by."""

    code = "calendar-moved-on"
    status = 409
    title = "日历在试算之后有了新版本"
    advice = "请重新打开这份草稿,按现行版本的试算结果再决定。"


class Recomputing(Problem):
    """The version before is still being carried through."""

    code = "recomputing"
    status = 409
    title = "上一个版本还在重算"
    advice = "上一次生效的时限重算尚未完成,请稍后再生效这一份。"


class NothingChanges(Problem):
    """The draft says what is in force already."""

    code = "nothing-changes"
    status = 409
    title = "与现行日历没有差别"
    advice = "这份草稿与现行日历相同,不必生效,可以放弃。"


async def begin(
    session: AsyncSession, given: Given, by: Caller | None, now: datetime
) -> CalendarDraft:
    """Keep a change for somebody else to apply; `by` is None for the command's operator.

    Raises Forbidden, InvalidBody with every fault.
    """
    draft = CalendarDraft(
        id=ids.new_id(), kind=NOTICE if isinstance(given, NoticeGiven) else OVERLAY,
        content=await checked(session, given, now), state=OPEN,
        drafted_by=account_of(by) if by else None, drafted_at=now,
    )  # fmt: skip
    if by is not None:
        await check_place(session, draft, by)
    session.add(draft)
    await session.flush()
    await _tell(session, CalendarDrafted(draft_id=draft.id, kind=draft.kind), by, now)
    return draft


async def checked(session: AsyncSession, given: Given, now: datetime) -> dict[str, Any]:
    """The content as it is kept; raises InvalidBody with every fault."""
    known = await current.current(session)
    if isinstance(given, OverlayGiven):
        if faults := reading.overlay_faults(given, known):
            raise InvalidBody(*faults)
        found: dict[str, Any] = msgspec.to_builtins(given)
        return found
    year, faults = reading.read_year(given, known, now.astimezone(SHANGHAI).date())
    if year is None:
        raise InvalidBody(*faults)
    plain: dict[str, Any] = msgspec.to_builtins(year)
    return plain


async def check_place(session: AsyncSession, draft: CalendarDraft, by: Caller) -> None:
    """The notice is the province's matter, a region's days those of whoever has it; Forbidden."""
    held = by.regions(Role.CENTRE)
    known = (await current.current(session)).places
    for place in places_of(draft):
        if not any(known.within(place, each) for each in held):
            raise Forbidden("只能调整您所在地区及其下级的日历;国家的放假通知由省专家中心办理。")


def places_of(draft: CalendarDraft) -> list[str]:
    """The places that a draft changes."""
    if draft.kind == NOTICE:
        return [PROVINCE]
    return sorted({day["region"] for day in draft.content["days"]})


async def drop(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, now: datetime
) -> CalendarDraft:
    """Do without it. Raises NotFound, Forbidden, Stale, WrongState."""
    draft = await _got(session, draft_id, by, revision, "drop")
    draft.state, draft.decided_by, draft.decided_at = DROPPED, account_of(by), now
    await session.flush()
    await _tell(session, CalendarDropped(draft_id=draft.id, kind=draft.kind), by, now)
    return draft


async def apply(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, seen: int, now: datetime
) -> CalendarDraft:
    """A second person puts it in force; open clocks are recomputed by the timers (R1).

    `seen` is the version in force that their dry run was made on. Raises NotFound, Forbidden,
    Stale, WrongState, CalendarMovedOn, Recomputing, NothingChanges.
    """
    draft = await _got(session, draft_id, by, revision, "apply")
    await current.lock(session)
    made = await newest(session)
    if made.version != seen:
        raise CalendarMovedOn
    busy = select(Recomputation.version).where(Recomputation.finished_at.is_(None)).limit(1)
    if await session.scalar(busy) is not None:
        raise Recomputing
    if (await change_of(session, draft)) is None:
        raise NothingChanges
    for name, rows in (await tables_of(session, draft, made)).items():
        await tables.load(session, name, reading.table_of(tables.COLUMNS[name], rows), now)
    draft.version = (await newest(session)).version
    draft.state, draft.decided_by, draft.decided_at = APPLIED, account_of(by), now
    await session.flush()
    session.add(
        Recomputation(
            version=draft.version, was_version=made.version, draft_id=draft.id, mover=0,
            after=None, busy=0, looked_at=0, moved=0, began_at=now,
        )
    )  # fmt: skip
    event = CalendarApplied(draft_id=draft.id, kind=draft.kind, version=draft.version)
    await _tell(session, event, by, now)
    return draft


async def newest(session: AsyncSession) -> CalendarVersion:
    """The version in force."""
    query = select(CalendarVersion).order_by(CalendarVersion.version.desc()).limit(1)
    return (await session.scalars(query)).one()


async def tables_of(
    session: AsyncSession, draft: CalendarDraft, made: CalendarVersion
) -> dict[str, Sequence[Row]]:
    """The tables as they would be, in the order in which they are loaded."""
    if draft.kind == OVERLAY:
        rows = await tables.rows_of(session, "calendar_overlays", made.overlays)
        return {"calendar_overlays": reading.with_days(rows, draft.content["days"])}
    year = msgspec.convert(draft.content, YearKept)
    notices = await tables.rows_of(session, "calendar_notices")
    rows = await tables.rows_of(session, "calendar", made.calendar)
    return {
        "calendar_notices": reading.with_notice(notices, year),
        "calendar": reading.merged(rows, year),
    }


async def change_of(session: AsyncSession, draft: CalendarDraft) -> Change | None:
    """What a draft would change of what is in force; None where nothing."""
    made, old = await newest(session), await current.current(session)
    anew = await tables_of(session, draft, made)
    difference = between(old, new := _with(old, anew))
    return Change(old, new, difference) if difference else None


def _with(old: WorkingTime, anew: Mapping[str, Sequence[Row]]) -> WorkingTime:
    version = old.calendar.version + 1
    if "calendar" in anew:
        notices = read_notices(anew["calendar_notices"]) or NOTICES
        return old.next(build(version, anew["calendar"], notices), old.overlays)
    return old.next(old.calendar.numbered(version), read_overlays(anew["calendar_overlays"]))


async def _got(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, act: str
) -> CalendarDraft:
    draft = await session.get(CalendarDraft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFound
    await check_place(session, draft, by)
    check_revision(draft.revision, revision)
    draft.check(act, by.account_id)
    return draft


def account_of(by: Caller) -> UUID:
    """Whose hand it is; raises Forbidden for a machine."""
    if by.account_id is None:
        raise Forbidden
    return by.account_id


OPERATOR = Author("operator", "operator", "command")


async def _tell(session: AsyncSession, event: OfCalendar, by: Caller | None, now: datetime) -> None:
    author = by.author(Role.CENTRE) if by else OPERATOR
    await log.append(session, event, by=author, region=PROVINCE, now=now)
