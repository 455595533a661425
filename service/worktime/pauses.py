"""Stretches in which a clock stands still (time.md 3)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise

import msgspec

from service.problems import FieldError, InvalidBody
from service.worktime.hours import SHANGHAI


class Pause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `begin` to before `end`; no end while it lasts."""

    begin: datetime
    end: datetime | None = None

    def covers_end_of(self, midnight: datetime) -> bool:
        """Whether it stood still when the day that ends at `midnight` ended.

        24:00 belongs to the day it ends: a pause from the next 00:00 on leaves that day whole, one
        that lasts to it has taken the day.
        """
        return self.begin < midnight and (self.end is None or midnight <= self.end)

    @property
    def resumed_on(self) -> date | None:
        """The day of resumption, a new day 0 (P3); none where it began on that same date."""
        if self.end is None:
            return None
        day = self.end.astimezone(SHANGHAI).date()
        return None if self.begin.astimezone(SHANGHAI).date() == day else day


def check(pauses: Sequence[Pause]) -> None:
    """Raises InvalidBody where an end is before its begin or two overlap (time.md D2)."""
    wrong = [
        FieldError(f"/pauses/{n}/end", "end-before-begin", "暂停的结束不能早于开始。")
        for n, pause in enumerate(pauses)
        if pause.end is not None and pause.end < pause.begin
    ]
    if wrong:
        raise InvalidBody(*wrong)
    order = sorted(range(len(pauses)), key=lambda n: _key(pauses[n]))
    for before, after in pairwise(order):
        end = pauses[before].end
        if end is None or end > pauses[after].begin:
            text = "暂停时段不能互相重叠,请合并或更正。"
            raise InvalidBody(FieldError(f"/pauses/{after}", "overlapping", text))


def _key(pause: Pause) -> tuple[datetime, bool, datetime]:
    return pause.begin, pause.end is None, pause.end or pause.begin


def since(start: datetime, pauses: Iterable[Pause]) -> list[Pause]:
    """The pauses as a clock started at `start` sees them, in order: clipped, past ones left out."""
    seen = [p for p in pauses if p.end is None or p.end > start]
    return sorted((Pause(max(p.begin, start), p.end) for p in seen), key=_key)


def running(
    opens: datetime, closes: datetime, pauses: Sequence[Pause]
) -> list[tuple[datetime, datetime]]:
    """The parts of a stretch in which the clock ran; `pauses` in order."""
    parts, at = [], opens
    for pause in pauses:
        if at >= closes or pause.begin >= closes:
            break
        if pause.end is not None and pause.end <= at:
            continue
        if pause.begin > at:
            parts.append((at, pause.begin))
        at = closes if pause.end is None else max(at, min(pause.end, closes))
    if at < closes:
        parts.append((at, closes))
    return parts
