"""Tables for spreadsheets, and which form a caller gets (api.md 6.2)."""

import io
from typing import Any

import msgspec
import pytest
from python_calamine import CalamineWorkbook

from service.problems import NotAcceptable
from service.satisfaction import figure_views, sheets
from service.satisfaction.figures import Counts
from service.satisfaction.rules import Rules
from service.talents.importing.sheets import XLSX


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", sheets.JSON),
        ("*/*", sheets.JSON),
        ("text/csv", sheets.CSV),
        ("text/csv;q=0.5, application/json", sheets.JSON),
        ("text/html, text/csv;q=0.9, */*;q=0.1", sheets.CSV),
        ("TEXT/CSV; charset=utf-8", sheets.CSV),
        (f"{XLSX}, */*;q=0.1", XLSX),
    ],
)
def test_the_caller_chooses_by_accept(accept: str, kind: str) -> None:
    assert sheets.wanted(accept) == kind


@pytest.mark.parametrize("accept", ["application/pdf", "text/csv;q=0", "text/csv;q=many"])
def test_another_form_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        sheets.wanted(accept)


def lines(*rows: dict[str, object]) -> list[str]:
    made = sheets.csv_of(rows, [("name", "名称"), ("share", "率")])
    assert made.startswith(b"\xef\xbb\xbf")
    return made.decode("utf-8-sig").splitlines()


def test_shares_have_four_decimals_and_nothing_is_empty() -> None:
    assert lines({"name": "甲", "share": 0.5}, {"name": "乙", "share": None}) == [
        "名称,率",
        "甲,0.5000",
        "乙,",
    ]


@pytest.mark.parametrize("name", ["=1+1", "+86", "-x", "@sum"])
def test_a_name_is_never_a_formula(name: str) -> None:
    assert lines({"name": name, "share": 1})[1] == f"'{name},1"


def cells(*rows: dict[str, object]) -> list[list[Any]]:
    made = sheets.xlsx_of(rows, [("name", "名称"), ("share", "率")])
    return CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("name", ["=1+1", "370100", "2026-03", "http://a.b", "@sum"])
def test_in_a_workbook_text_stays_text_and_numbers_are_numbers(name: str) -> None:
    rows = cells({"name": name, "share": 0.25}, {"name": "乙", "share": None})
    assert rows == [["名称", "率"], [name, 0.25], ["乙", ""]]


def test_in_a_workbook_counts_and_marks_are_themselves() -> None:
    assert cells({"name": True, "share": 7}) == [["名称", "率"], ["是", 7.0]]


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (sheets.FIGURES, figure_views.row("k", "名", Counts((1, 0, 0, 0, 2)), Rules())),
        (sheets.SLA, figure_views.sla_row("k", "名", Counts(completed=2))),
        (sheets.PUBLISHED, figure_views.public_row("k", "名", Counts(), True, Rules())),
    ],
)
def test_every_column_is_there(columns: list[sheets.Column], row: object) -> None:
    made = sheets.csv_of([msgspec.to_builtins(row)], columns).decode("utf-8-sig")
    heading, line = made.splitlines()
    assert heading.count(",") == line.count(",") == len(columns) - 1
