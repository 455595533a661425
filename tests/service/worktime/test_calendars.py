"""Kinds of dates, years held, overlays and business hours (time.md 1, B3)."""

from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import holidays
import pytest
from chinese_calendar import constants

from service.reference import tables
from service.worktime.calendars import CalendarUnknown, Kind, Overlay, build
from service.worktime.current import WorkingTime, shipped
from service.worktime.hours import SHANGHAI, Span, read_hours
from service.worktime.reckoning import WorkingDays, WorkingMinutes, due
from service.worktime.statutory import NOTICES

ROWS = tables.read_table("calendar", (tables.DATA / "calendar.tsv").read_text())
CALENDAR = shipped().calendar


def witness(day: date) -> Kind:
    if day in constants.holidays:
        return Kind.HOLIDAY
    if day in constants.workdays:
        return Kind.MAKEUP
    return Kind.WEEKEND if day.weekday() >= 5 else Kind.WORKDAY


def test_c2_every_published_day_is_of_the_kind_that_a_witness_says() -> None:
    day, last = date(2004, 1, 1), date(2026, 12, 31)
    while day <= last:
        assert CALENDAR.kind_of(day) is witness(day), day
        assert CALENDAR.is_workday(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


ONE_DOUBT = date(2005, 12, 31)
"""A Saturday: worked for New Year 2006 by `holidays`, a plain one by `chinesecalendar` and the
table that officials gave."""


def test_c2_a_second_witness_says_the_same_of_every_day_but_one() -> None:
    second = holidays.country_holidays("CN", years=range(2004, 2027))
    days = (date(2004, 1, 1) + timedelta(days=n) for n in range(8401))
    differ = [day for day in days if CALENDAR.is_workday(day) != second.is_working_day(day)]
    assert differ == [ONE_DOUBT]


def test_the_year_after_the_last_published_is_weekends_and_statutory_days_alone() -> None:
    days = (date(2027, 1, 1) + timedelta(days=n) for n in range(365))
    special = [day for day in days if CALENDAR.kind_of(day) in (Kind.HOLIDAY, Kind.MAKEUP)]
    assert [f"{day:%m-%d}" for day in special] == [
        "01-01", "02-05", "02-06", "02-07", "02-08", "04-05", "05-01", "05-02", "06-09",
        "09-15", "10-01", "10-02", "10-03",
    ]  # fmt: skip
    assert CALENDAR.years[2027].state == "provisional"
    assert CALENDAR.years[2026].state == "published"
    assert CALENDAR.day(date(2027, 2, 5)).name == "春节"


@pytest.mark.parametrize("day", [date(2003, 12, 31), date(2028, 1, 1), date(1, 1, 1)])
def test_c3_years_outside_are_unknown(day: date) -> None:
    with pytest.raises(CalendarUnknown):
        CALENDAR.kind_of(day)


@pytest.mark.parametrize(
    "start",
    [
        datetime(2003, 12, 31, tzinfo=SHANGHAI),
        datetime(2027, 12, 31, 10, tzinfo=SHANGHAI),  # the next working day is in 2028
        datetime(1, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_a_reckoning_that_needs_an_unknown_year_is_refused(start: datetime) -> None:
    for budget in (WorkingDays(1), WorkingMinutes(24_000)):
        with pytest.raises(CalendarUnknown):
            due(start, budget, CALENDAR)


def test_special_days_name_the_notice_that_made_them() -> None:
    assert CALENDAR.day(date(2026, 10, 10)).source == "国办发明电〔2025〕7号"
    # 31 December 2022 was a holiday by the notice for 2023.
    assert CALENDAR.day(date(2022, 12, 31)).source == NOTICES[2023].number
    assert CALENDAR.years[2026].notice == NOTICES[2026]
    assert CALENDAR.day(date(2026, 3, 2)).source is None


def test_a_table_may_hold_a_year_that_is_not_published_yet() -> None:
    row = {"date": "2027-02-04", "kind": "holiday", "name_en": "", "state": "provisional"}
    calendar = build(2, [*ROWS, row])
    assert calendar.is_provisional(date(2027, 3, 1))
    assert not calendar.is_workday(date(2027, 2, 4))
    assert 2028 not in calendar.years


def test_a_published_next_year_moves_the_provisional_one_on() -> None:
    row = {"date": "2027-01-01", "kind": "holiday", "name_en": "", "state": "published"}
    calendar = build(2, [*ROWS, row])
    assert (calendar.years[2027].state, calendar.years[2028].state) == ("published", "provisional")
    assert not calendar.is_workday(date(2028, 1, 26))


SNOW = Overlay(date(2026, 3, 3), "370100", Kind.HOLIDAY, "暴雪停工", "济政发〔2026〕1号")
BACK = Overlay(date(2026, 3, 3), "370102", Kind.WORKDAY, "区内照常", "历下〔2026〕2号")
HOURS = read_hours(
    [
        {"region": "370200", "opens": "14:00", "closes": "18:00"},
        {"region": "370200", "opens": "08:30", "closes": "12:00"},
    ]
)


@pytest.fixture
def local() -> WorkingTime:
    return WorkingTime(CALENDAR, shipped().places, [SNOW, BACK], HOURS)


@pytest.mark.parametrize(
    ("region", "worked"),
    [("370100", False), ("370103", False), ("370102", True), ("370200", True), (None, True)],
)
def test_c4_an_overlay_holds_in_its_region_and_below_and_the_nearest_wins(
    local: WorkingTime, region: str | None, worked: bool
) -> None:
    assert local.of(region).is_workday(SNOW.on) is worked


def test_an_overlay_explains_itself(local: WorkingTime) -> None:
    start = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
    found = due(start, WorkingDays(1), local.of("370103"))
    assert found.due_at == datetime(2026, 3, 5, tzinfo=SHANGHAI)
    line = found.days[1]
    assert (line.kind, line.counted, line.source) == (Kind.HOLIDAY, False, SNOW.source)
    assert "暴雪停工" in line.why


def test_b3_business_hours_are_the_regions_own_or_those_it_lies_in(local: WorkingTime) -> None:
    assert local.of("370202").hours == (Span(time(8, 30), time(12)), Span(time(14), time(18)))
    start = datetime(2026, 3, 2, 8, tzinfo=SHANGHAI)
    end = due(start, WorkingMinutes(211), local.of("370202")).due_at
    assert end == datetime(2026, 3, 2, 14, 1, tzinfo=SHANGHAI)
    assert local.of("370100").hours == CALENDAR.hours
