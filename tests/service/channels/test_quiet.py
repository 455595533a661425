"""Quiet hours: nothing goes out in them, whatever day it is, and everything at their end."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from service.channels import quiet
from service.channels.quiet import Quiet
from service.reference import tables
from service.reference.tables import BadTable
from service.worktime.current import shipped
from service.worktime.hours import SHANGHAI
from tests.city import MONDAY

CALENDAR = shipped().calendar
NIGHT = Quiet(time(21), time(8))
DESK = Quiet(time(18), time(8, 30), rest_days=True)
LUNCH = Quiet(time(12), time(13, 30))
ROWS = st.builds(
    Quiet,
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.booleans(),
)
INSTANTS = st.integers(0, 1_490_000).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=minutes)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("row", "now", "opens"),
    [
        (NIGHT, "2026-03-02 20:59", "2026-03-02 20:59"),
        (NIGHT, "2026-03-02 21:00", "2026-03-03 08:00"),
        (NIGHT, "2026-03-03 00:00", "2026-03-03 08:00"),
        (NIGHT, "2026-03-03 07:59", "2026-03-03 08:00"),
        (LUNCH, "2026-03-02 12:00", "2026-03-02 13:30"),
        (DESK, "2026-03-06 18:00", "2026-03-09 08:30"),  # Friday evening → Monday morning
        (DESK, "2026-02-14 10:00", "2026-02-14 10:00"),  # a Saturday that is worked (调休)
        (DESK, "2026-02-14 18:00", "2026-02-24 08:30"),  # over 春节
        (quiet.NEVER, "2026-03-03 03:00", "2026-03-03 03:00"),
    ],
)
def test_what_falls_into_quiet_hours_goes_out_at_their_end(
    row: Quiet, now: str, opens: str
) -> None:
    assert row.next_open(at(now), CALENDAR) == at(opens)


@given(ROWS, INSTANTS)
def test_the_next_open_instant_is_open_and_none_before_it_is(row: Quiet, now: datetime) -> None:
    opens = row.next_open(now, CALENDAR)
    assert opens >= now
    assert not row.holds(opens, CALENDAR)
    minutes = range(0, int((opens - now).total_seconds() // 60), 31)
    assert all(row.holds(now + timedelta(minutes=n), CALENDAR) for n in minutes)


async def test_the_nearest_region_and_the_own_role_say_when(session: AsyncSession) -> None:
    table = (
        "region\trole\tfrom\tto\trest_days\tgather_minutes\n"
        "370000\t*\t21:00\t08:00\topen\t10\n"
        "370000\tcentre\t22:00\t07:00\topen\t5\n"
        "370100\t*\t20:00\t09:00\topen\t0\n"
    )
    await tables.load(session, quiet.TABLE, table, MONDAY)
    hours = await quiet.hours(session, ["370102", "370200"])
    evening = at("2026-03-02 20:30")
    assert hours.next_open("370102", "talent", evening) == at("2026-03-03 09:00")
    assert hours.next_open("370200", "talent", evening) == evening
    assert hours.next_open("370200", "centre", at("2026-03-02 21:30")) == at("2026-03-02 21:30")
    assert hours.gathered("370200", "centre", evening) == at("2026-03-02 20:35")
    assert hours.gathered("370200", "talent", at("2026-03-02 20:55")) == at("2026-03-03 08:00")


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("999999\t*\t21:00\t08:00\topen\t10", "行政区划"),
        ("370000\tnobody\t21:00\t08:00\topen\t10", "角色"),
        ("370000\t*\t25:00\t08:00\topen\t10", "21:00"),
        ("370000\t*\t21:00\t08:00\tmaybe\t10", "rest_days"),
        ("370000\t*\t21:00\t08:00\topen\t-1", "gather_minutes"),
    ],
)
async def test_a_table_that_is_wrong_is_refused_by_its_line(
    session: AsyncSession, row: str, line: str
) -> None:
    head = "region\trole\tfrom\tto\trest_days\tgather_minutes\n"
    with pytest.raises(BadTable) as refusal:
        await tables.load(session, quiet.TABLE, f"{head}{row}\n", MONDAY)
    assert refusal.value.detail.startswith("第 2 行")
    assert line in refusal.value.detail
