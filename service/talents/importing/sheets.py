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

from service.problems import Problem, TooLarge

LARGEST = 10 * 1024 * 1024
UNPACKED = 150 * 1024 * 1024
"""A workbook is a zip: what it would unpack to is known before it is unpacked."""
MOST_ROWS = 50_000
WIDEST = 60
MOST_CELLS = (MOST_ROWS + 2) * WIDEST
PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,4})([0-9]{1,12})["']""")
BLOCK = 1 << 20
ENCODINGS = ("utf-8-sig", "gb18030")

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

    Judged by content, not by name. Dates may be text or a spreadsheet's own.
    """
    if len(octets) > LARGEST:
        raise TooLarge("表格不超过 10 MB,请分几次导入。")
    if octets.startswith(b"PK\x03\x04"):
        table: Iterable[Sequence[Any]] = _workbook(octets)
    elif octets.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused("不接受旧式 .xls,请另存为 .xlsx 后再上传。")
    else:
        table = csv.reader(io.StringIO(_text(octets), newline=""))
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


def _workbook(octets: bytes) -> list[list[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as packed:
            if sum(each.file_size for each in packed.infolist()) > UNPACKED:
                raise SheetRefused(TOO_LARGE)
            _check_extent(packed)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets))
        sheet = book.get_sheet_by_index(0)
        return sheet.to_python(skip_empty_area=True, nrows=MOST_ROWS + 2)
    except UNREADABLE:
        raise SheetRefused("工作簿已损坏或有密码,请另存后再上传。") from None


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


def _rows(table: Iterable[Sequence[Any]]) -> list[Row]:
    lines = iter(table)
    try:
        titles = [_cell(each) for each in next(lines, ())]
        known = {title: name for name, title in COLUMNS}
        places = {known[title]: at for at, title in enumerate(titles[:WIDEST]) if title in known}
        missing = [title for title in REQUIRED if known[title] not in places]
        if missing:
            raise SheetRefused(f"缺少列:{'、'.join(missing)}。请用模板的表头。")
        rows = [
            {name: _cell(line[at]) if at < len(line) else "" for name, at in places.items()}
            | {LINE: str(place)}
            for place, line in enumerate(lines, start=2)
            if any(_cell(each) for each in line)
        ]
    except csv.Error:
        raise SheetRefused("CSV 有损坏的行,请重新导出后再上传。") from None
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
