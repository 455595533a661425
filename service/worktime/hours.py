"""Business hours: the stretches of a working day in which working minutes count (time.md B3)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""Where all reckoning happens (time.md C1)."""


class Span(msgspec.Struct, frozen=True, order=True):
    """One stretch of a day's business hours, end excluded."""

    opens: time
    closes: time

    def on(self, day: date) -> tuple[datetime, datetime]:
        """The stretch on one day, in Shanghai's time."""
        return at(day, self.opens), at(day, self.closes)

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}–{self.closes:%H:%M}"


Hours = tuple[Span, ...]

USUAL: Hours = (Span(time(9), time(12)), Span(time(13, 30), time(17, 30)))
"""Where a region has none of its own."""


def at(day: date, when: time) -> datetime:
    """An instant in Shanghai."""
    return datetime.combine(day, when, SHANGHAI)


def read_hours(rows: Iterable[Mapping[str, str]]) -> dict[str, Hours]:
    """Business hours by region, from rows `region, opens, closes`."""
    found: dict[str, list[Span]] = {}
    for row in rows:
        span = Span(time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"]))
        found.setdefault(row["region"], []).append(span)
    return {region: tuple(sorted(spans)) for region, spans in found.items()}
