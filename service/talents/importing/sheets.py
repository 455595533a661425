"""A table as officials keep it, CSV or XLSX, read into rows of text."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import IO, Any, ClassVar

import python_calamine
import xlsxwriter
from python_calamine import SheetTypeEnum, SheetVisibleEnum

from service.problems import Problem, TooLarge

LARGEST = 10 * 1024 * 1024
UNPACKED = 150 * 1024 * 1024
"""A workbook is a zip: what it would unpack to is known before it is unpacked."""
MOST_ROWS = 50_000
HEADING_WITHIN = 20
MOST_LINES = MOST_ROWS + HEADING_WITHIN + 2
WIDEST = 60
MOST_CELLS = MOST_LINES * WIDEST
PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,4})([0-9]{1,12})["']""")
BLOCK = 1 << 20
ENCODINGS = ("utf-8-sig", "gb18030")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

COLUMNS: tuple[tuple[str, str], ...] = (
    ("name", "姓名"),
    ("id_kind", "证件类型"),
    ("id_number", "证件号码"),
    ("born_on", "出生日期"),
    ("phone", "手机号"),
    ("uscc", "用人单位代码"),
    ("category", "类别"),
    ("region", "地区代码"),
    ("issued_on", "发卡日期"),
    ("valid_until", "有效期至"),
)
REQUIRED = tuple(title for name, title in COLUMNS if name not in ("id_kind", "born_on", "region"))
EXAMPLE = (
    "张三", "居民身份证", "11010119900307721X", "", "13800000000", "12370100MB2A00001X", "3",
    "370100", "2024-05-01", "2029-04-30",
)  # fmt: skip


class SheetRefused(Problem):
    """Not a table that can be read; the detail says what to change."""

    code: ClassVar[str] = "sheet-refused"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "表格无法读取"
    advice: ClassVar[str] = "请用模板另存为 .xlsx 或 .csv 后再上传。"


FORMULA = ("=", "+", "-", "@", "\t")
TOO_LARGE = "表格展开后过大,请删去多余的内容后再上传。"
UNREADABLE = (
    zipfile.BadZipFile, python_calamine.CalamineError, zlib.error, EOFError, ValueError, IndexError,
    KeyError, NotImplementedError, RuntimeError, OSError,
)  # fmt: skip
"""What a broken or locked workbook makes its readers say."""

Row = dict[str, str]
LINE = "line"
"""Where a row stands in its table, as a spreadsheet counts: empty lines count too."""


def read(octets: bytes) -> list[Row]:
    """The rows below the heading, each by column name; raises SheetRefused, TooLarge.

    Judged by content, not by name. Dates may be text or a spreadsheet's own. The heading may stand
    below a title, on any one sheet that is not hidden.
    """
    if len(octets) > LARGEST:
        raise TooLarge("表格不超过 10 MB,请分几次导入。")
    if octets.startswith(b"PK\x03\x04"):
        table = _workbook(octets)
    elif octets.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused("不接受旧式 .xls,请另存为 .xlsx 后再上传。")
    else:
        table = _csv(octets)
    return _rows(table)


def _text(octets: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            text = octets.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise SheetRefused("不是 CSV 或 XLSX,或不是 UTF-8、GB18030 编码。")


def _csv(octets: bytes) -> list[Sequence[Any]]:
    try:
        return list(csv.reader(io.StringIO(_text(octets), newline="")))
    except csv.Error:
        raise SheetRefused("CSV 有损坏的行,请重新导出后再上传。") from None


def _workbook(octets: bytes) -> list[Sequence[Any]]:
    """The one sheet with the heading; hidden ones are what somebody did not want to send."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as packed:
            if sum(each.file_size for each in packed.infolist()) > UNPACKED:
                raise SheetRefused(TOO_LARGE)
            _check_extent(packed)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets))
        shown = [
            book.get_sheet_by_name(each.name).to_python(skip_empty_area=False, nrows=MOST_LINES)
            for each in book.sheets_metadata
            if each.visible == SheetVisibleEnum.Visible and each.typ == SheetTypeEnum.WorkSheet
        ]
    except UNREADABLE:
        raise SheetRefused("工作簿已损坏或有密码,请另存后再上传。") from None
    tables = [each for each in shown if _heading(each) is not None]
    if len(tables) > 1:
        raise SheetRefused("有不止一张工作表是持卡人表格,请只留要导入的一张。")
    # Where none has the heading, the first is told what it lacks.
    return [*next(iter(tables or shown), [])]


def _check_extent(packed: zipfile.ZipFile) -> None:
    """No cell lies far out: the reader makes room for the whole rectangle up to it, and one cell in
    the last corner of a sheet would be the end of the process. Raises SheetRefused.
    """
    if "xl/workbook.xml" not in packed.namelist():
        raise SheetRefused
    for name in packed.namelist():
        with packed.open(name) as part:
            if _area(part) > MOST_CELLS:
                raise SheetRefused(TOO_LARGE)


def _area(part: IO[bytes]) -> int:
    """Rows times columns up to the farthest place that is named in it."""
    rows, columns, tail = 0, 1, b""
    while block := part.read(BLOCK):
        # The last bytes are seen again: a place may stand across two blocks.
        seen = tail + block
        for letters, digits in PLACE.findall(seen):
            rows = max(rows, int(digits))
            columns = max(columns, _column(letters))
        tail = seen[-64:]
    return rows * columns


def _column(letters: bytes) -> int:
    found = 0
    for letter in letters:
        found = found * 26 + letter - 64
    return found


def _places(line: Sequence[Any]) -> dict[str, int]:
    """Where which column stands, if this is the heading."""
    known = {title: name for name, title in COLUMNS}
    titles = [_cell(each) for each in line[:WIDEST]]
    return {known[title]: at for at, title in enumerate(titles) if title in known}


def _missing(places: dict[str, int]) -> list[str]:
    return [title for name, title in COLUMNS if title in REQUIRED and name not in places]


def _heading(table: Sequence[Sequence[Any]]) -> int | None:
    """Which line is the heading: people put a title and a note above it."""
    first = range(min(len(table), HEADING_WITHIN))
    return next((at for at in first if not _missing(_places(table[at]))), None)


def _rows(table: Sequence[Sequence[Any]]) -> list[Row]:
    heading = _heading(table)
    if heading is None:
        best = max((_places(line) for line in table[:HEADING_WITHIN]), key=len, default={})
        raise SheetRefused(f"缺少列:{'、'.join(_missing(best))}。请用模板的表头。")
    places = _places(table[heading])
    rows = [
        {name: _cell(line[at]) if at < len(line) else "" for name, at in places.items()}
        | {LINE: str(place)}
        for place, line in enumerate(table[heading + 1 :], start=heading + 2)
        if any(_cell(each) for each in line)
    ]
    if not rows:
        raise SheetRefused("表格里没有数据行。")
    if len(rows) > MOST_ROWS:
        raise SheetRefused(f"一次最多 {MOST_ROWS} 行,请分几次导入。")
    return rows


def _cell(value: Any) -> str:
    """A cell as text; a number that is whole has no `.0`, a date is written as one."""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip() if value is not None else ""
    # What `_plain` put before it when the file went out to be corrected.
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


def bad_rows(rows: Sequence[Row], problems: dict[int, str]) -> str:
    """The rows with something wrong, as CSV to correct and send again; the last column says it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(title for _, title in COLUMNS), "问题"])
    for at, said in sorted(problems.items()):
        row = rows[at]
        writer.writerow([*(_plain(row.get(name, "")) for name, _ in COLUMNS), said])
    return "\ufeff" + out.getvalue()


def bad_workbook(rows: Sequence[Row], problems: dict[int, str]) -> bytes:
    """The same as a workbook of text cells: no spreadsheet takes an ID number for a figure."""
    lines = [
        [*(rows[at].get(name, "") for name, _ in COLUMNS), said]
        for at, said in sorted(problems.items())
    ]
    return _text_workbook([*(title for _, title in COLUMNS), "问题"], lines)


def template_workbook() -> bytes:
    """The heading with one example line, every cell text."""
    return _text_workbook([title for _, title in COLUMNS], [EXAMPLE])


def _text_workbook(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    out = io.BytesIO()
    # Strings stay strings: neither formulas nor addresses nor numbers are made of them.
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(out, plain) as book:
        sheet = book.add_worksheet("持卡人")
        as_text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(titles) - 1, 20, as_text)
        sheet.write_row(0, 0, titles, book.add_format({"bold": True, "num_format": "@"}))
        for at, line in enumerate(lines, start=1):
            for column, text in enumerate(line):
                sheet.write_string(at, column, text, as_text)
        sheet.freeze_panes(1, 0)
    return out.getvalue()


def template() -> str:
    """The heading with one example line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([title for _, title in COLUMNS])
    writer.writerow(EXAMPLE)
    return "\ufeff" + out.getvalue()


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
