"""The calendar in force, from officials' tables; and the shipped one, without a database."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import regions, tables
from service.reference.models import TableVersion
from service.reference.regions import Regions, of_rows
from service.worktime import checking as _checking  # noqa: F401 - hears of new tables
from service.worktime.calendars import Calendar, CalendarUnknown, Kind, Overlay, build
from service.worktime.hours import USUAL, Hours, read_hours
from service.worktime.models import CalendarVersion
from service.worktime.statutory import NOTICES, read_notices

MADE_OF = ("calendar", "calendar_overlays", "business_hours", "calendar_notices")
NEEDED = (*MADE_OF, "regions")


class WorkingTime:
    """A calendar version with what differs by region: overlays and business hours (C4, B3)."""

    def __init__(
        self,
        calendar: Calendar,
        places: Regions,
        overlays: Sequence[Overlay] = (),
        hours: Mapping[str, Hours] | None = None,
    ) -> None:
        self.calendar, self.places = calendar, places
        self.overlays, self._hours = tuple(overlays), dict(hours or {})
        self._local: dict[str, Calendar] = {}

    def of(self, region: str | None) -> Calendar:
        """The calendar as it holds in a region; the bare one where none is named."""
        if region is None:
            return self.calendar
        if region not in self._local:
            chain = self.places.chain(region)
            hours = next((self._hours[each] for each in chain if each in self._hours), USUAL)
            self._local[region] = self.calendar.at(chain, self.overlays, hours)
        return self._local[region]

    def next(self, calendar: Calendar, overlays: Sequence[Overlay]) -> "WorkingTime":
        """The same places and hours with other days."""
        return WorkingTime(calendar, self.places, overlays, self._hours)


def read_overlays(rows: Sequence[Mapping[str, str]]) -> list[Overlay]:
    """Overlays from rows `date, region, kind, reason, source`."""
    return [
        Overlay(
            date.fromisoformat(row["date"]), row["region"], Kind(row["kind"]),
            row["reason"], row["source"],
        )
        for row in rows
    ]  # fmt: skip


def _assemble(
    version: int, rows: Mapping[str, Sequence[Mapping[str, str]]], places: Regions
) -> WorkingTime:
    notices = read_notices(rows["calendar_notices"]) if rows.get("calendar_notices") else NOTICES
    return WorkingTime(
        build(version, rows["calendar"], notices),
        places,
        read_overlays(rows.get("calendar_overlays", ())),
        read_hours(rows.get("business_hours", ())),
    )


async def current(session: AsyncSession, version: int | None = None) -> WorkingTime:
    """The version in force, or the one named, with the regions there are now.

    One query says which; the rest is kept by content in this process. Raises CalendarUnknown
    where there is no such version.
    """
    query = IN_FORCE if version is None else IN_FORCE.where(CalendarVersion.version == version)
    made = (await session.execute(query)).first()
    if made is None:
        raise CalendarUnknown("没有这个版本的工作日历,请改用现行版本。")
    key = (made.version, made.digest, made.places)
    if key not in _kept:
        numbers = dict(zip(MADE_OF, made[:4], strict=True))
        rows = {name: await tables.rows_of(session, name, at) for name, at in numbers.items()}
        if len(_kept) > 16:
            _kept.clear()
        _kept[key] = _assemble(made.version, rows, await regions.of(session))
    return _kept[key]


REGIONS = (
    select(TableVersion.sha256)
    .where(TableVersion.name == "regions")
    .order_by(TableVersion.version.desc())
    .limit(1)
    .scalar_subquery()
    .label("places")
)
PARTS = (
    CalendarVersion.calendar, CalendarVersion.overlays, CalendarVersion.hours,
    CalendarVersion.notices,
)  # fmt: skip
IN_FORCE = (
    select(*PARTS, CalendarVersion.version, CalendarVersion.digest, REGIONS)
    .order_by(CalendarVersion.version.desc())
    .limit(1)
)
_kept: dict[tuple[int, str, str], WorkingTime] = {}


async def compose(session: AsyncSession, _: Sequence[tables.Row], now: datetime) -> None:
    """A new version of the calendar, where the newest tables are not those of the version before.

    Clocks that run keep theirs until they are recomputed (time.md R1).
    """
    await lock(session)
    query = select(TableVersion.name, TableVersion.version, TableVersion.sha256)
    query = query.where(TableVersion.name.in_(MADE_OF)).order_by(TableVersion.version)
    newest = {name: (number, sha) for name, number, sha in await session.execute(query)}
    if "calendar" not in newest:
        return
    numbers, contents = zip(*(newest.get(name, (0, "")) for name in MADE_OF), strict=True)
    digest = hashlib.sha256("/".join(contents).encode()).hexdigest()
    before = await session.scalar(
        select(CalendarVersion).order_by(CalendarVersion.version.desc()).limit(1)
    )
    if before is not None and before.digest == digest:
        return
    calendar, overlays, hours, notices = numbers
    session.add(
        CalendarVersion(
            version=before.version + 1 if before else 1, calendar=calendar, overlays=overlays,
            hours=hours, notices=notices, digest=digest, made_at=now,
        )
    )  # fmt: skip
    await session.flush()


async def lock(session: AsyncSession) -> None:
    """Nobody else makes a version until this transaction ends."""
    held = "SELECT pg_advisory_xact_lock(hashtextextended('calendar versions', 1))"
    await session.execute(text(held))


# A notice alone changes nothing; it comes with its year's days.
for _name in ("calendar", "calendar_overlays", "business_hours"):
    tables.on_load(_name, compose)


@cache
def shipped() -> WorkingTime:
    """Working time by the first version of each table, as shipped."""
    files = {name: tables.DATA / f"{name}.tsv" for name in NEEDED}
    rows = {
        name: tables.read_table(name, file.read_text(encoding="utf-8"))
        for name, file in files.items()
        if file.exists()
    }
    return _assemble(1, rows, of_rows(rows["regions"]))
