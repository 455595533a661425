"""Tables of figures as CSV or XLSX, for whoever goes on with them elsewhere (api.md 6.2)."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import xlsxwriter
from litestar import Request, Response

from service.problems import NotAcceptable
from service.talents.importing.sheets import XLSX

CSV = "text/csv"
JSON = "application/json"
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, Any]
Column = tuple[str, str]
"""The path of a member in the row (`good_rate.value`) and its heading."""

FIGURES: Sequence[Column] = (
    ("key", "代码"),
    ("name", "名称"),
    ("good_rate.value", "好评率"),
    ("good_rate.low", "好评率95%区间下限"),
    ("good_rate.high", "好评率95%区间上限"),
    ("satisfaction.value", "满意度"),
    ("satisfaction.low", "满意度95%区间下限"),
    ("satisfaction.high", "满意度95%区间上限"),
    ("good_rate.n", "主动评价数"),
    ("active_rate.value", "主动评价率"),
    ("active_rate.n", "应评数"),
    ("grades.5", "非常满意"),
    ("grades.4", "满意"),
    ("grades.3", "基本满意"),
    ("grades.2", "不满意"),
    ("grades.1", "非常不满意"),
    ("voided", "作废"),
    ("defaults", "默认好评"),
    ("completed", "办结"),
    ("redeemed", "核销"),
    ("called_back_rate.value", "回访率"),
    ("called_back_rate.n", "应回访数"),
    ("rectified_in_time_rate.value", "按期整改率"),
    ("rectified_in_time_rate.n", "应整改数"),
    ("follow_up_rate.value", "追评好评率"),
    ("follow_up_rate.n", "追评数"),
)
SLA: Sequence[Column] = (
    ("key", "代码"),
    ("name", "名称"),
    ("on_time.value", "按时办结率"),
    ("on_time.low", "95%区间下限"),
    ("on_time.high", "95%区间上限"),
    ("completed", "办结"),
    ("completed_in_time", "按时办结"),
    ("breached_promise", "总时限超期"),
    ("breached_acceptance", "接件超期"),
    ("breached_handling", "办理超期"),
    ("on_time_excused.value", "作废后按时办结率"),
    ("completed_excused", "超期已作废的办结"),
    ("void_promise", "总时限超期作废"),
    ("void_acceptance", "接件超期作废"),
    ("void_handling", "办理超期作废"),
)
PUBLISHED: Sequence[Column] = (
    ("key", "代码"),
    ("name", "名称"),
    ("good_rate.n", "评价数"),
    ("good_rate.value", "好评率"),
    ("good_rate.low", "好评率95%区间下限"),
    ("good_rate.high", "好评率95%区间上限"),
    ("satisfaction.value", "满意度"),
    ("satisfaction.low", "满意度95%区间下限"),
    ("satisfaction.high", "满意度95%区间上限"),
    ("good_rate.suppressed", "已隐去"),
)


def wanted(accept: str) -> str:
    """The type to answer with; raises NotAcceptable where none of ours is asked for."""
    if not accept.strip():
        return JSON
    weights = sorted(_weights(accept), key=lambda each: -each[1])
    for kind, weight in weights:
        if weight > 0 and kind in ("*/*", "application/*", JSON):
            return JSON
        if weight > 0 and kind in (CSV, "text/*"):
            return CSV
        if weight > 0 and kind == XLSX:
            return XLSX
    raise NotAcceptable(f"可选 {JSON}、{CSV} 或 {XLSX}。")


def _weights(accept: str) -> Iterable[tuple[str, float]]:
    for part in accept.split(","):
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        q = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            yield kind, float(q)
        except ValueError:
            yield kind, 0.0


def answer(request: Request[Any, Any, Any], table: Any, columns: Sequence[Column]) -> Response[Any]:
    """A table with `items` and `total`, in the form that the caller accepts."""
    headers = {"Vary": "Accept", "Cache-Control": "no-store"}
    kind = wanted(request.headers.get("accept", ""))
    if kind == JSON:
        return Response(table, headers=headers, media_type=JSON)
    return file_of(table, columns, kind, request.url.path.rsplit("/", 1)[-1])


def file_of(table: Any, columns: Sequence[Column], kind: str, about: str) -> Response[Any]:
    """A table with `items` and `total` as a file to keep, CSV or XLSX."""
    rows = [msgspec.to_builtins(each) for each in (*table.items, table.total)]
    ending, writer = WRITERS[kind]
    named = f'attachment; filename="{about}-by-{table.by}.{ending}"'
    headers = {"Vary": "Accept", "Cache-Control": "no-store", "Content-Disposition": named}
    return Response(writer(rows, columns), headers=headers, media_type=kind)


def csv_of(rows: Sequence[Row], columns: Sequence[Column]) -> bytes:
    """RFC 4180, with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([heading for _, heading in columns])
    for row in rows:
        writer.writerow([_text(_value(row, path)) for path, _ in columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def xlsx_of(rows: Sequence[Row], columns: Sequence[Column]) -> bytes:
    """A workbook: text is text whatever it begins with, numbers are numbers, nothing is empty
    but what there is no figure for."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet, share = book.add_worksheet("指标"), book.add_format({"num_format": "0.0000"})
        sheet.freeze_panes(1, 2)
        for across, (_, heading) in enumerate(columns):
            sheet.write_string(0, across, heading, book.add_format({"bold": True}))
            sheet.set_column(across, across, 2 * len(heading) + 3)
        for down, row in enumerate(rows, 1):
            for across, (path, _) in enumerate(columns):
                match _value(row, path):
                    case None:
                        pass
                    case bool(yes):
                        sheet.write_string(down, across, YES_NO[yes])
                    case float(number):
                        sheet.write_number(down, across, number, share)
                    case int(number):
                        sheet.write_number(down, across, number)
                    case value:
                        sheet.write_string(down, across, str(value))
    return out.getvalue()


WRITERS: Mapping[str, tuple[str, Callable[[Sequence[Row], Sequence[Column]], bytes]]] = {
    CSV: ("csv", csv_of),
    XLSX: ("xlsx", xlsx_of),
}
YES_NO = {True: "是", False: "否"}


def _value(row: Row, path: str) -> Any:
    value: Any = row
    for step in path.split("."):
        value = value[step]
    return value


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return YES_NO[value]
        case float():
            return f"{value:.4f}"
        case str() if value.startswith(FORMULA):
            return f"'{value}"  # a spreadsheet must not take a name for a formula
    return str(value)
