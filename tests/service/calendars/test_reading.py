"""A notice's table and a region's days: checked line by line, in words (time.md C3, C4)."""

from datetime import date
from typing import Any

import msgspec
import pytest

from service.calendars.reading import NoticeGiven, OverlayGiven, merged, overlay_faults, read_year
from service.reference import tables
from service.worktime.calendars import build
from service.worktime.current import shipped
from service.worktime.statutory import Notice
from tests.service.calendars.table import HEADER, lines, notice, snow, table


def with_row(row: str) -> str:
    """The table with one more row."""
    return f"{table()}{row}\tpublished\n"


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"table": ""}, "/table/1", "空"),
    ({"table": "date\tkind\n2027-01-01\tholiday\n"}, "/table/1", "缺少列"),
    ({"table": table(d0501="2027-05-01\tparty\tLabour Day\tpublished")}, "/table/18", "放假"),
    ({"table": table(d0501="2027-02-30\tholiday\tLabour Day\tpublished")}, "/table/18", "写法不对"),
    ({"table": with_row("2027-10-01\tholiday\tNational Day")}, "/table/37", "重复"),
    ({"table": with_row("2027-10-11\tmakeup\tNational Day")}, "/table/37", "周六或周日"),
    ({"table": with_row("2003-10-01\tholiday\tNational Day")}, "/table/37", "2004"),
    ({"table": with_row("2028-01-03\tholiday\tNew Year's Day")}, "/table/37", "不属于"),
    ({"table": with_row("2026-05-06\tholiday\tLabour Day")}, "/table/37", "现行日历"),
    ({"table": table(d0208="")}, "/table", "法定节假日"),
    ({"table": "\n".join([HEADER, *lines()[:5]])}, "/table", "个放假日"),
    ({"table": table(d0915="2027-09-15\tholiday\tNational Day\tpublished")}, "/table", "中秋节"),
    ({"table": table(d0915="2027-09-15\tholiday\tMid-autumn Festival\tprovisional")}, "/table",
     "同为"),
    ({"year": 2003}, "/year", "2004"),
    ({"year": 2028}, "/year", "2027"),
    ({"notice": ""}, "/notice", "文号"),
    ({"source": " "}, "/source", "来源"),
    ({"published_on": None}, "/published_on", "发文日期"),
    ({"published_on": "2026-03-03"}, "/published_on", "晚于今天"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "pointer", "said"), WRONG)
def test_what_is_wrong_with_a_notice_is_told_by_line(
    given: dict[str, Any], pointer: str, said: str
) -> None:
    asked = msgspec.convert(notice(**given), NoticeGiven)
    kept, faults = read_year(asked, shipped(), date(2026, 3, 2))
    assert kept is None
    assert any(each.pointer == pointer and said in each.detail for each in faults), faults


def test_a_right_notice_is_kept_whole() -> None:
    asked = msgspec.convert(notice(), NoticeGiven)
    kept, faults = read_year(asked, shipped(), date(2026, 3, 2))
    assert kept is not None
    assert (len(kept.days), kept.state, faults) == (35, "published", [])
    rows = tables.read_table("calendar", (tables.DATA / "calendar.tsv").read_text())
    calendar = build(
        2, merged(rows, kept), {2027: Notice("国办发明电〔2026〕8号", date(2026, 2, 20))}
    )
    assert calendar.day(date(2027, 2, 5)).source == "国办发明电〔2026〕8号"
    assert (calendar.years[2027].state, calendar.years[2028].state) == ("published", "provisional")


def test_the_december_before_may_be_in_it() -> None:
    rows = f"{table()}2026-12-31\tholiday\tNew Year's Day\tpublished\n"
    kept, _ = read_year(
        msgspec.convert(notice(table=rows), NoticeGiven), shipped(), date(2026, 3, 2)
    )
    assert kept is not None
    assert kept.days[-1]["date"] == "2026-12-31"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"region": "999999"}, "region"),
        ({"date": "2030-01-02"}, "date"),
        ({"kind": "makeup"}, "kind"),
        ({"kind": "workday"}, "kind"),  # it is one already
        ({"reason": " "}, "reason"),
        ({"source": ""}, "source"),
    ],
)
def test_c4_a_regional_day_needs_a_place_a_reason_and_a_source(
    given: dict[str, Any], field: str
) -> None:
    asked = msgspec.convert(snow(**given), OverlayGiven)
    assert overlay_faults(asked, shipped())[0].pointer == f"/days/0/{field}"


def test_c4_a_regional_day_is_right_or_stands_twice() -> None:
    plain = snow()
    assert overlay_faults(msgspec.convert(plain, OverlayGiven), shipped()) == []
    twice = plain | {"days": plain["days"] * 2}
    [fault] = overlay_faults(msgspec.convert(twice, OverlayGiven), shipped())
    assert (fault.pointer, fault.code) == ("/days/1", "duplicate")
