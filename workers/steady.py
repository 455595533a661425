"""A clock that jumps is not believed at once (time.md E3): a breach is a fact for good.

The wall clock is held against one that only counts. Where the two disagree (a wrong NTP server, a
machine that was suspended), sweeping waits until the wall clock has gone evenly for a while; what
fell meanwhile fires late, once, and says how late (E2).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

JUMP = timedelta(seconds=30)
"""NTP slews small errors; more than this between two looks is a jump."""
SETTLE = timedelta(minutes=2)
"""How long a clock that has jumped must go evenly."""


class Steady:
    """Looks at both clocks; `counting` answers seconds that never go back (time.monotonic)."""

    def __init__(self, counting: Callable[[], float]) -> None:
        self._counting = counting
        self._seen: tuple[datetime, float] | None = None
        self._since: float | None = None

    def holds(self, wall: datetime) -> bool:
        """Whether the wall clock has gone evenly, so that what it says may be acted on."""
        counted = self._counting()
        if self._seen is not None:
            before, then = self._seen
            drift = (wall - before) - timedelta(seconds=counted - then)
            if abs(drift) > JUMP:
                self._since = counted
        self._seen = wall, counted
        return self._since is None or counted - self._since >= SETTLE.total_seconds()
