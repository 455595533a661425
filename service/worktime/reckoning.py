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


def _days(
    start: datetime, budget: WorkingDays, calendar: Calendar, pauses: Sequence[Pause]
) -> Reckoned:
    """Count days whose 24:00 fell while the clock ran, day 0 and resumptions excepted (B2, P3)."""
    day, count, provisional = start.date(), 0, False
    resumptions = {p.resumed_on for p in pauses}
    lines: list[DayLine] = []
    due_at: datetime | None = None
    while due_at is None:
        midnight = at(day + DAY, time.min)
        stood = next((p for p in pauses if p.covers_end_of(midnight)), None)
        why = _why_not(day, start, calendar, stood, resumptions)
        provisional |= day != start.date() and calendar.is_provisional(day)
        if why is None:
            count += 1
        lines.append(_line(day, calendar, why or f"计第 {count} 个工作日", why is None, count))
        if count == budget.n:
            due_at = midnight
        elif stood is not None and stood.end is None:
            break
        day += DAY
    used = Used("working_days", budget.n, count)
    return Reckoned(due_at, (used,), provisional, tuple(lines))


def _why_not(
    day: date,
    start: datetime,
    calendar: Calendar,
    stood: Pause | None,
    resumptions: set[date | None],
) -> str | None:
    """Why a date does not count as a working day; None where it does."""
    if day == start.date():
        return words.DAY_ZERO
    if not calendar.is_workday(day):
        return words.rest(calendar.day(day))
    if stood is not None:
        return words.PAUSED
    return words.RESUMED if day in resumptions else None


def _line(day: date, calendar: Calendar, why: str, counted: bool, count: int) -> DayLine:
    known = calendar.day(day)
    if counted and known.kind is Kind.MAKEUP:
        why = f"{words.makeup(known)},{why}"
    return DayLine(day, known.kind, counted, why, count if counted else None, known.source)


def _minutes(
    start: datetime, budget: WorkingMinutes, calendar: Calendar, pauses: Sequence[Pause]
) -> Reckoned:
    """Count time inside business hours of working days while the clock ran (B3, P2)."""
    day, left, provisional = start.date(), budget.n * MINUTE, False
    lines: list[DayLine] = []
    due_at: datetime | None = None
    while due_at is None:
        provisional |= calendar.is_provisional(day)
        before = left
        for opens, closes in _open_parts(day, start, calendar, pauses):
            if closes - opens >= left:
                due_at, left = opens + left, timedelta()
                break
            left -= closes - opens
        lines.append(_minutes_line(day, calendar, pauses, before - left, budget.n * MINUTE - left))
        if due_at is None and any(p.end is None and _local(p.begin) <= day for p in pauses):
            break
        day += DAY
    used = Used("working_minutes", budget.n, (budget.n * MINUTE - left) // MINUTE)
    return Reckoned(due_at, (used,), provisional, tuple(lines))


def _open_parts(
    day: date, start: datetime, calendar: Calendar, pauses: Sequence[Pause]
) -> list[tuple[datetime, datetime]]:
    if calendar.kind_of(day) not in WORKED:
        return []
    spans = (span.on(day) for span in calendar.hours)
    return [
        part
        for opens, closes in spans
        if closes > start
        for part in running(max(opens, start), closes, pauses)
    ]


def _minutes_line(
    day: date, calendar: Calendar, pauses: Sequence[Pause], used: timedelta, so_far: timedelta
) -> DayLine:
    known = calendar.day(day)
    if used:
        why = f"工作时间内计 {words.minutes(used)}"
        return _line(day, calendar, why, True, so_far // MINUTE)
    if known.kind not in WORKED:
        return _line(day, calendar, words.rest(known), False, 0)
    noon = at(day, time(12))
    paused = any(p.begin <= noon and (p.end is None or p.end > noon) for p in pauses)
    return _line(day, calendar, words.PAUSED if paused else words.CLOSED, False, 0)


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
