"""When a budget of working time is used up, day by day, with reasons (time.md 2 and 3). Pure."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import msgspec

from service.worktime import words
from service.worktime.calendars import WORKED, Calendar, CalendarUnknown, Kind
from service.worktime.hours import SHANGHAI, at
from service.worktime.pauses import Pause, running, since

Unit = Literal["working_days", "working_minutes"]

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class WorkingDays(
    msgspec.Struct, frozen=True, tag_field="unit", tag="working_days", forbid_unknown_fields=True
):
    """So many working days (time.md B1)."""

    n: Annotated[int, msgspec.Meta(ge=1, le=250)]


class WorkingMinutes(
    msgspec.Struct, frozen=True, tag_field="unit", tag="working_minutes", forbid_unknown_fields=True
):
    """So many minutes of business hours (time.md B1)."""

    n: Annotated[int, msgspec.Meta(ge=1, le=24_000)]


Budget = WorkingDays | WorkingMinutes


class Series(msgspec.Struct, frozen=True, tag_field="unit", tag="series"):
    """Budgets one after the other: the next begins at the instant at which the last is used up."""

    parts: tuple[Budget, ...]


AnyBudget = WorkingDays | WorkingMinutes | Series


def parts_of(budget: AnyBudget) -> tuple[Budget, ...]:
    """The budgets in order; one that stands alone is the only part."""
    return budget.parts if isinstance(budget, Series) else (budget,)


def unit_of(budget: Budget) -> Unit:
    """The name of a budget's unit."""
    return "working_days" if isinstance(budget, WorkingDays) else "working_minutes"


class DayLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One date of the reckoning: whether it counts, the count reached with it, and why (D1)."""

    date: date
    kind: Kind
    counted: bool
    why: str
    number: int | None = None
    source: str | None = None


class Used(msgspec.Struct, frozen=True):
    """How much of one budget is used, and what is left, in its unit."""

    unit: Unit
    n: int
    consumed: int

    @property
    def left(self) -> int:
        """What is still to be used."""
        return self.n - self.consumed


class Reckoned(msgspec.Struct, frozen=True):
    """The end of a budget; none where a pause that has no end yet stands before it (time.md P4)."""

    due_at: datetime | None
    parts: tuple[Used, ...]
    provisional: bool
    days: tuple[DayLine, ...]

    @property
    def consumed(self) -> int:
        """What is used of the last budget that was begun, in its unit; whole units."""
        return self.parts[-1].consumed

    @property
    def left(self) -> int:
        """What is left of the last budget that was begun, in its unit."""
        return self.parts[-1].left


def due(
    start: datetime, budget: AnyBudget, calendar: Calendar, pauses: Sequence[Pause] = ()
) -> Reckoned:
    """Use up `budget` from `start` on (aware instants); raises CalendarUnknown.

    The pauses do not overlap (`pauses.check`); business hours are the calendar's.
    """
    for instant in [start, *(i for p in pauses for i in (p.begin, p.end) if i is not None)]:
        check_year(instant, calendar)
    found: list[Reckoned] = []
    begin: datetime | None = start.astimezone(SHANGHAI)
    for part in parts_of(budget):
        if begin is None:
            found.append(_untouched(part))
            continue
        found.append(_alone(begin, part, calendar, since(begin, pauses)))
        begin = found[-1].due_at
    return _joined(found)


def _alone(
    start: datetime, budget: Budget, calendar: Calendar, pauses: Sequence[Pause]
) -> Reckoned:
    if isinstance(budget, WorkingDays):
        return _days(start, budget, calendar, pauses)
    return _minutes(start, budget, calendar, pauses)


def check_year(instant: datetime, calendar: Calendar) -> None:
    """Raises CalendarUnknown where the instant's year in Shanghai is not held."""
    # Near the ends of what a datetime can say, another zone's year cannot be said at all.
    if not 1000 < instant.year < 9000 or _local(instant).year not in calendar.years:
        raise CalendarUnknown


def _local(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


def _untouched(budget: Budget) -> Reckoned:
    return Reckoned(None, (Used(unit_of(budget), budget.n, 0),), False, ())


def _joined(found: Sequence[Reckoned]) -> Reckoned:
    if len(found) == 1:
        return found[0]
    lines: list[DayLine] = []
    for each in found:
        fresh = list(each.days)
        if lines and fresh and lines[-1].date == fresh[0].date:
            # The day on which one budget ended is day 0 of the next: one line says both.
            why = f"{lines[-1].why};{fresh[0].why}"
            lines[-1] = msgspec.structs.replace(lines[-1], why=why)
            del fresh[0]
        lines += fresh
    used = tuple(used for each in found for used in each.parts)
    return Reckoned(found[-1].due_at, used, any(r.provisional for r in found), tuple(lines))


class Face(msgspec.Struct, frozen=True):
    """What a reckoning needs of one date, made once for each calendar; `rest` where none counts."""

    worked: bool
    provisional: bool
    rest: DayLine
    prefix: str

    def counted(self, why: str, number: int) -> DayLine:
        """The line of a day that counts."""
        rest = self.rest
        return DayLine(rest.date, rest.kind, True, self.prefix + why, number, rest.source)

    def passed(self, why: str) -> DayLine:
        """The line of a day that is worked and does not count."""
        return DayLine(self.rest.date, self.rest.kind, False, why, None, self.rest.source)


def _face(day: date, calendar: Calendar) -> Face:
    """Raises CalendarUnknown."""
    found: Face | None = calendar.memo.get(day)
    if found is None:
        known = calendar.day(day)
        prefix = f"{words.makeup(known)}," if known.kind is Kind.MAKEUP else ""
        rest = DayLine(day, known.kind, False, words.rest(known), None, known.source)
        found = Face(known.kind in WORKED, calendar.is_provisional(day), rest, prefix)
        calendar.memo[day] = found
    return found


COUNTED = tuple(f"计第 {n} 个工作日" for n in range(251))


def _near(pauses: Sequence[Pause]) -> tuple[date, date]:
    """The dates between which a pause may matter; most days of most reckonings lie outside."""
    if not pauses:
        return date.max, date.min
    ends = [_local(p.end) if p.end else date.max for p in pauses]
    return _local(pauses[0].begin), max(ends)


def _days(
    start: datetime, budget: WorkingDays, calendar: Calendar, pauses: Sequence[Pause]
) -> Reckoned:
    """Count days whose 24:00 fell while the clock ran, day 0 and resumptions excepted (B2, P3)."""
    day, count, provisional = start.date(), 0, False
    resumptions = {p.resumed_on for p in pauses}
    first, last = _near(pauses)
    lines = [_face(day, calendar).passed(words.DAY_ZERO)]
    stood = _stood(day, pauses) if first <= day <= last else None
    while count < budget.n and (stood is None or stood.end is not None):
        day += DAY
        face = _face(day, calendar)
        provisional |= face.provisional
        stood = _stood(day, pauses) if first <= day <= last else None
        if not face.worked:
            lines.append(face.rest)
        elif stood is not None or day in resumptions:
            lines.append(face.passed(words.RESUMED if stood is None else words.PAUSED))
        else:
            count += 1
            lines.append(face.counted(COUNTED[count], count))
    used = Used("working_days", budget.n, count)
    due_at = at(day + DAY, time.min) if count == budget.n else None
    return Reckoned(due_at, (used,), provisional, tuple(lines))


def _stood(day: date, pauses: Sequence[Pause]) -> Pause | None:
    """The pause in which the day ended, if one."""
    midnight = at(day + DAY, time.min)
    return next((p for p in pauses if p.covers_end_of(midnight)), None)


def _minutes(
    start: datetime, budget: WorkingMinutes, calendar: Calendar, pauses: Sequence[Pause]
) -> Reckoned:
    """Count time inside business hours of working days while the clock ran (B3, P2)."""
    whole = budget.n * MINUTE
    day, left, provisional = start.date(), whole, False
    first, last = _near(pauses)
    lines: list[DayLine] = []
    due_at: datetime | None = None
    while due_at is None:
        face = _face(day, calendar)
        provisional |= face.provisional
        if not face.worked:
            lines.append(face.rest)
        elif lines and calendar.open_for < left and not first <= day <= last:
            # A whole day on which nothing begins, ends or pauses.
            left -= calendar.open_for
            lines.append(face.counted(calendar.open_words, (whole - left) // MINUTE))
        else:
            due_at, left, line = _some_minutes(face, start, left, whole, calendar, pauses)
            lines.append(line)
        if due_at is None and any(p.end is None and _local(p.begin) <= day for p in pauses):
            break
        day += DAY
    used = Used("working_minutes", budget.n, (whole - left) // MINUTE)
    return Reckoned(due_at, (used,), provisional, tuple(lines))


def _some_minutes(
    face: Face,
    start: datetime,
    left: timedelta,
    whole: timedelta,
    calendar: Calendar,
    pauses: Sequence[Pause],
) -> tuple[datetime | None, timedelta, DayLine]:
    """A working day of which only some minutes may count: whether it ends there, what is left."""
    day, before, due_at = face.rest.date, left, None
    for opens, closes in _open_parts(day, start, calendar, pauses):
        if closes - opens >= left:
            due_at, left = opens + left, timedelta()
            break
        left -= closes - opens
    if used := before - left:
        why = f"工作时间内计 {words.minutes(used)}"
        return due_at, left, face.counted(why, (whole - left) // MINUTE)
    noon = at(day, time(12))
    paused = any(p.begin <= noon and (p.end is None or p.end > noon) for p in pauses)
    return due_at, left, face.passed(words.PAUSED if paused else words.CLOSED)


def _open_parts(
    day: date, start: datetime, calendar: Calendar, pauses: Sequence[Pause]
) -> list[tuple[datetime, datetime]]:
    spans = (span.on(day) for span in calendar.hours)
    return [
        part
        for opens, closes in spans
        if closes > start
        for part in running(max(opens, start), closes, pauses)
    ]


def left_at(
    now: datetime,
    start: datetime,
    budget: AnyBudget,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
) -> Reckoned:
    """The same reckoning as far as `now`: what is used and left at that instant."""
    past = [p for p in pauses if p.begin < now]
    if any(p.end is None or p.end > now for p in past):
        past = [p if p.end is None or p.end <= now else Pause(p.begin, None) for p in past]
    else:
        past.append(Pause(max(now, start)))
    return due(start, budget, calendar, past)


def to_json(budget: AnyBudget) -> dict[str, Any]:
    """A budget as it is kept and shown."""
    plain: dict[str, Any] = msgspec.to_builtins(budget)
    return plain


def from_json(kept: dict[str, Any]) -> AnyBudget:
    """A budget as it was kept."""
    return msgspec.convert(kept, AnyBudget)  # type: ignore[no-any-return]
