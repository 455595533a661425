"""The ladder: when each rung falls (time.md E1)."""

from datetime import datetime

import pytest

from service.requests.ladder import LADDER
from service.worktime.current import shipped
from service.worktime.hours import SHANGHAI
from service.worktime.pauses import Pause
from service.worktime.reckoning import AnyBudget, Series, WorkingDays, WorkingMinutes
from service.worktime.rungs import Rung, rungs

CALENDAR = shipped().of("370102")


def march(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def fall(budget: AnyBudget, falls: str, *pauses: Pause) -> datetime | None:
    """Of a clock started on Monday 2 March 2026 at ten."""
    found = rungs(march(2, 10), budget, CALENDAR, [Rung("it", falls)], pauses)
    return found[0].at if found else None


CASES = [
    (WorkingDays(5), "0.5", march(5, 9)),  # ⌈2.5⌉ = day 3
    (WorkingDays(5), "0.8", march(6, 9)),
    (WorkingDays(5), "due", march(9, 9)),
    (WorkingDays(5), "breach", march(10)),
    (WorkingDays(5), "breach+1", march(10, 9)),  # the first working day after Monday the 9th
    (WorkingDays(5), "breach+3", march(12, 9)),
    (WorkingDays(4), "breach+1", march(9, 9)),  # breached at the end of a Friday
    (WorkingDays(1), "0.5", march(3, 9)),
    (WorkingDays(1), "due", march(3, 9)),
    (WorkingDays(10), "0.55", march(10, 9)),  # ⌈5.5⌉ = day 6
    (WorkingDays(20), "0.55", march(17, 9)),  # 11 exactly, which floats would make 12
    (WorkingMinutes(120), "0.5", march(2, 11)),
    (WorkingMinutes(120), "due", march(2, 11, 30)),
    (WorkingMinutes(120), "breach", march(2, 12)),
    (WorkingMinutes(120), "breach+0m", march(2, 12)),
    (WorkingMinutes(120), "breach+60m", march(2, 14, 30)),
    (WorkingMinutes(120), "breach+1", march(3, 9)),
    (WorkingMinutes(125), "0.5", march(2, 11, 3)),  # ⌈62.5⌉ = 63
    (WorkingMinutes(20), "due", march(2, 10)),  # shorter than the warning: at once
    (WorkingMinutes(480), "due", march(3, 10, 30)),
    (Series((WorkingMinutes(480), WorkingDays(5))), "0.5", march(6, 9)),
    (Series((WorkingMinutes(480), WorkingDays(5))), "breach", march(11)),
]


@pytest.mark.parametrize(("budget", "falls", "expected"), CASES)
def test_e1_rungs(budget: AnyBudget, falls: str, expected: datetime) -> None:
    assert fall(budget, falls) == expected


def test_rungs_of_one_instant_keep_the_order_of_the_ladder() -> None:
    found = rungs(march(2, 10), WorkingMinutes(60), CALENDAR, LADDER["acceptance"])
    assert [each.rung for each in found] == ["0.5", "due", "0.8", "breach", "lapse"]


def test_rungs_after_a_pause_that_lasts_have_no_instant() -> None:
    lasting = Pause(march(4, 10))
    assert fall(WorkingDays(5), "0.5", lasting) is None
    assert fall(WorkingDays(5), "breach", lasting) is None
    assert fall(WorkingDays(5), "0.2", lasting) == march(3, 9)
    promise = Series((WorkingMinutes(1200), WorkingDays(5)))
    assert fall(promise, "breach", lasting) is None


def test_a_pause_moves_the_rungs_after_it() -> None:
    pause = Pause(march(4, 10), march(6, 9))
    assert fall(WorkingDays(5), "0.2", pause) == march(3, 9)
    assert fall(WorkingDays(5), "0.5", pause) == march(10, 9)
    assert fall(WorkingDays(5), "breach", pause) == march(13)


def test_a_rung_past_the_last_year_held_waits_for_its_calendar() -> None:
    start = datetime(2027, 12, 30, 10, tzinfo=SHANGHAI)
    ladder = [Rung("breach", "breach"), Rung("breach+1", "breach+1")]
    found = rungs(start, WorkingDays(1), CALENDAR, ladder)
    assert [each.rung for each in found] == ["breach"]
