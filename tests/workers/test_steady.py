"""A clock that jumps does no harm: what it says is acted on only once it has settled."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers import timers
from workers.steady import JUMP, SETTLE, Steady

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


class Clocks:
    """A wall clock and one that only counts."""

    def __init__(self) -> None:
        self.wall, self.counted = NOON, 1_000.0
        self.steady = Steady(lambda: self.counted)

    def look(self, seconds: float, jump: timedelta = timedelta()) -> bool:
        """Look again after so many seconds, in which the wall clock also jumped."""
        self.counted += seconds
        self.wall += timedelta(seconds=seconds) + jump
        return self.steady.holds(self.wall)


def test_a_clock_that_goes_evenly_is_believed_at_once() -> None:
    clocks = Clocks()
    assert all(clocks.look(1) for _ in range(5))
    assert clocks.look(3_600)  # a long sweep is no jump


@pytest.mark.parametrize("jump", [timedelta(days=365), -timedelta(days=365), timedelta(minutes=1)])
def test_after_a_jump_it_waits_until_the_clock_has_settled(jump: timedelta) -> None:
    clocks = Clocks()
    assert clocks.look(1)
    assert not clocks.look(1, jump)
    assert not clocks.look(SETTLE.total_seconds() - 1)
    assert clocks.look(1)


def test_a_jump_there_and_back_is_two_jumps() -> None:
    clocks = Clocks()
    clocks.look(1)
    assert not clocks.look(1, timedelta(hours=5))
    assert not clocks.look(100, -timedelta(hours=5))
    assert not clocks.look(SETTLE.total_seconds() - 1)
    assert clocks.look(1)


@given(st.lists(st.floats(-0.1, 0.1), max_size=40))
def test_a_clock_that_is_slewed_is_believed(drifts: list[float]) -> None:
    clocks = Clocks()
    assert all(clocks.look(1, timedelta(seconds=drift)) for drift in drifts)


@given(st.floats(JUMP.total_seconds() + 1, 1e8), st.booleans())
def test_no_jump_is_believed_in_the_moment_it_happens(seconds: float, back: bool) -> None:
    clocks = Clocks()
    clocks.look(1)
    assert not clocks.look(1, timedelta(seconds=-seconds if back else seconds))


async def test_the_loop_sweeps_at_no_moment_of_a_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, swept = asyncio.Event(), list[datetime]()
    # A second apart; for three looks the clock is a year ahead, then right again.
    walls = [NOON + timedelta(seconds=n, days=365 if 3 <= n < 6 else 0) for n in range(400)]
    ticks: Iterator[tuple[int, datetime]] = iter(enumerate(walls))
    counted = [0.0]

    def clock() -> datetime:
        n, wall = next(ticks)
        counted[0] = float(n)
        if n == len(walls) - 1:
            stop.set()
        return wall

    async def sweep(_: Any, now: datetime) -> int:
        swept.append(now)
        return 1

    async def tidy(_: Any, now: datetime) -> None:
        assert now.year == NOON.year

    monkeypatch.setattr(timers, "sweep", sweep)
    monkeypatch.setattr(timers, "tidy", tidy)
    monkeypatch.setattr(timers, "WAIT", 0.0)
    sessions: Any = None
    await timers.run(sessions, clock, stop, counting=lambda: counted[0])
    assert _seconds(swept)[:3] == [0, 1, 2]
    assert _seconds(swept)[3:] == list(range(6 + int(SETTLE.total_seconds()), 400))


def _seconds(swept: Sequence[datetime]) -> list[int]:
    return [round((each - NOON).total_seconds()) for each in swept]
