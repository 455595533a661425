"""A table of working time that is wrong is refused with its line (time.md 1)."""

import pytest

from service.reference import tables
from service.reference.tables import BadTable
from service.worktime import checking

DAY = {"date": "2027-01-01", "kind": "holiday", "name_en": "", "state": "published"}
OVERLAY = {
    "date": "2026-03-03",
    "region": "370100",
    "kind": "holiday",
    "reason": "暴雪",
    "source": "鲁政发1号",
}
HOURS = {"region": "370200", "opens": "08:30", "closes": "12:00"}


def test_the_shipped_tables_are_right() -> None:
    for name, fault in (
        ("calendar", checking.calendar_fault),
        ("business_hours", checking.hours_fault),
    ):
        rows = tables.read_table(name, (tables.DATA / f"{name}.tsv").read_text())
        assert [row for row in rows if fault(row)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"date": "2027-02-30"},
        {"date": "1 Jan"},
        {"kind": "workday"},
        {"kind": "makeup"},  # 1 January 2027 is a Friday
        {"state": "perhaps"},
    ],
)
async def test_a_calendar_row_that_is_wrong_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(BadTable, match="bad-table") as refusal:
        await checking.check_calendar(None, [DAY, DAY | wrong], None)  # type: ignore[arg-type]
    assert "第 3 行" in refusal.value.detail


@pytest.mark.parametrize("wrong", [{"kind": "snow"}, {"reason": ""}, {"source": ""}, {"date": ""}])
async def test_an_overlay_without_reason_or_source_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadTable):
        await checking.check_overlays(None, [OVERLAY | wrong], None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"opens": "12:00"}, {"closes": "noon"}, {"opens": "08:30+08:00"}]
)
async def test_business_hours_open_before_they_close(wrong: dict[str, str]) -> None:
    with pytest.raises(BadTable):
        await checking.check_hours(None, [HOURS | wrong], None)  # type: ignore[arg-type]


def test_business_hours_of_a_region_do_not_overlap() -> None:
    checking.check_no_overlap([HOURS, HOURS | {"opens": "12:00", "closes": "17:00"}])
    with pytest.raises(BadTable):
        checking.check_no_overlap([HOURS, HOURS | {"opens": "11:59", "closes": "17:00"}])
