"""What a new version of the calendar changes, and which deadlines it can touch (R1). Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import msgspec

from service.worktime.calendars import Calendar, Day, Kind, Overlay
from service.worktime.current import WorkingTime
from service.worktime.hours import at

AFTER = timedelta(days=45)
"""The last rungs fall some working days after the end; no row of holidays is as long as this."""


class Changed(msgspec.Struct, frozen=True):
    """One date that is another kind of day now, everywhere or in a region and its children."""

    on: date
    was: Kind | None
    kind: Kind | None
    name: str
    source: str | None
    region: str | None = None


class Difference(msgspec.Struct, frozen=True):
    """From the first to the last date that differs, and where (everywhere, if None).

    A year that was provisional and is published differs as a whole: deadlines that lean on it are
    no longer provisional, moved or not.
    """

    days: tuple[Changed, ...]
    first: date
    last: date
    places: frozenset[str] | None = None

    @property
    def until(self) -> datetime:
        """What started from here on has nothing to do with it."""
        return at(self.last + timedelta(days=1), time.min)

    @property
    def since(self) -> datetime:
        """What was due before this has nothing to do with it, nor have its last rungs."""
        return at(self.first, time.min) - AFTER


def between(old: WorkingTime, new: WorkingTime) -> Difference | None:
    """What differs; None where every date is what it was."""
    everywhere = list(_base(old.calendar, new.calendar))
    years = [each for each in _years(old.calendar, new.calendar)]
    local = list(_overlays(old, new))
    touched = {each.on for each in (*everywhere, *local)}
    touched |= {day for year in years for day in (date(year, 1, 1), date(year, 12, 31))}
    if not touched:
        return None
    places = None
    if not everywhere and not years:
        own = {each.region for each in local if each.region}
        places = frozenset(code for region in own for code in new.places.children(region))
    days = tuple(sorted((*everywhere, *local), key=lambda each: (each.on, each.region or "")))
    return Difference(days, min(touched), max(touched), places)


def _base(old: Calendar, new: Calendar) -> Iterator[Changed]:
    for on in sorted(old.special.keys() | new.special.keys()):
        was, now = _known(old, on), _known(new, on)
        if was is not None and now is not None and was.kind is not now.kind:
            yield Changed(on, was.kind, now.kind, now.name or was.name, now.source or was.source)


def _known(calendar: Calendar, on: date) -> Day | None:
    return calendar.day(on) if on.year in calendar.years else None


def _years(old: Calendar, new: Calendar) -> Iterator[int]:
    for year in sorted(old.years.keys() | new.years.keys()):
        was, now = old.years.get(year), new.years.get(year)
        if (was and was.state) != (now and now.state):
            yield year


def _overlays(old: WorkingTime, new: WorkingTime) -> Iterator[Changed]:
    before = {(each.on, each.region): each for each in old.overlays}
    after = {(each.on, each.region): each for each in new.overlays}
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        said = now or was
        if said is not None and (was and was.kind) != (now and now.kind):
            kinds = _kind_in(old, said), _kind_in(new, said)
            yield Changed(said.on, *kinds, said.reason, said.source, said.region)


def _kind_in(working_time: WorkingTime, day: Overlay) -> Kind | None:
    calendar = working_time.of(day.region)
    return calendar.kind_of(day.on) if day.on.year in calendar.years else None
