"""Import of holders (issue of a card's life): every line looked at, then all or nothing, once."""

import asyncio
import csv
import io
import re
import zipfile
from datetime import date, timedelta
from typing import Any
from xml.sax.saxutils import escape

import httpx
import pytest
import xlsxwriter
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError
from stdnum.cn import ric

from cards import number
from service.talents.importing import actions, checking, commands, sheets
from tests.city import City, Someone
from workers import timers

DOOR = "/v1/card-imports"
TITLES = [title for _, title in sheets.COLUMNS]


def resident(n: int) -> str:
    """The ID number of the n-th person of a crowd."""
    born = date(1980, 1, 1) + timedelta(days=n % 9_000)
    plain = f"370102{born:%Y%m%d}{n // 9_000:03d}"
    return plain + ric.calc_check_digit(plain + "0")


async def unit(city: City) -> str:
    (row,) = await city.sql("SELECT uscc FROM units WHERE region = '370100' LIMIT 1")
    return str(row["uscc"])


def line(code: str, n: int = 1, **other: str) -> list[str]:
    row = {
        "name": f"孙{n}", "id_kind": "居民身份证", "id_number": resident(n), "born_on": "",
        "phone": "13805310099", "uscc": code, "category": "3", "region": "",
        "issued_on": "2024-05-01", "valid_until": "2029-04-30",
    }  # fmt: skip
    return [(row | other)[name] for name, _ in sheets.COLUMNS]


def sheet(*lines: list[str], titles: list[str] = TITLES, encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([titles, *lines])
    return out.getvalue().encode(encoding)


def workbook(*lines: list[Any], titles: list[str] = TITLES) -> bytes:
    """A minimal XLSX: text inline, numbers as numbers."""

    def cell(value: Any) -> str:
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'

    rows = "".join(f"<row>{''.join(map(cell, each))}</row>" for each in [titles, *lines])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    pack = "http://schemas.openxmlformats.org/package/2006"
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{pack}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/xl/workbook.xml" ContentType="{office}.sheet.main+xml"/><Override '
        f'PartName="/xl/worksheets/sheet1.xml" ContentType="{office}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{pack}/relationships"><Relationship Id="r1" '
        f'Type="{rels}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rels}"><sheets><sheet name="S" '
        'sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{pack}/relationships"><Relationship '
        f'Id="r1" Type="{rels}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData>'
        "</worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return out.getvalue()


async def window(city: City) -> Someone:
    return await city.person("reviewer", region="370000")


async def send(who: Someone, octets: bytes) -> httpx.Response:
    return await who.post(DOOR, files={"file": ("持卡人.xlsx", octets, "application/zip")})


async def applied(who: Someone, looked: httpx.Response) -> httpx.Response:
    path = f"{DOOR}/{looked.json()['id']}/apply"
    return await who.post(path, etag=looked.headers["ETag"])


async def count(city: City, table: str) -> int:
    return int((await city.sql(f"SELECT count(*) FROM {table}"))[0][0])


@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig", "gb18030", "xlsx"])
async def test_a_table_is_looked_over_and_then_becomes_cards(city: City, form: str) -> None:
    code, who = await unit(city), await window(city)
    lines = [line(code, n) for n in range(1, 4)]
    octets = workbook(*lines) if form == "xlsx" else sheet(*lines, encoding=form)
    before = await count(city, "cards")
    looked = await send(who, octets)
    assert looked.status_code == 201, looked.text
    assert (looked.json()["lines"], looked.json()["bad"]) == (3, 0)
    assert await count(city, "cards") == before, "nothing yet"
    done = await applied(who, looked)
    assert (done.status_code, done.json()["state"]) == (200, "applied")
    cards = await city.sql("SELECT * FROM cards WHERE application_id IS NULL ORDER BY id")
    new = [row for row in cards if str(row["issued_on"]) == "2024-05-01"]
    assert len(new) == 3
    assert all(number.valid(row["number"]) and row["state"] == "active" for row in new)
    assert {str(row["valid_until"]) for row in new} == {"2029-04-30"}
    assert await city.events(f"cards/{new[0]['id']}") == ["hck.card.issued.v1"]
    assert await city.events(f"imports/{done.json()['id']}") == ["hck.import.applied.v1"]
    kept = (await city.sql("SELECT rows FROM card_imports"))[0]["rows"]
    assert kept is None, "the lines are not kept longer than they are needed"


async def test_a_spreadsheet_s_own_numbers_are_read(city: City) -> None:
    code, who = await unit(city), await window(city)
    given: list[Any] = line(code, 7)
    given[TITLES.index("手机号")] = 13805310099
    given[TITLES.index("类别")] = 3
    given[TITLES.index("地区代码")] = 370100
    given[TITLES.index("发卡日期")] = "2024/5/1"
    looked = await send(who, workbook(given))
    assert looked.json()["faults"] == []


@pytest.mark.parametrize(
    ("other", "column", "code"),
    [
        ({"name": ""}, "name", "invalid"),
        ({"name": "x" * 61}, "name", "invalid"),
        ({"id_kind": "学生证"}, "id_kind", "invalid"),
        ({"id_number": "370102198001010001"}, "id_number", "invalid"),
        ({"id_kind": "护照", "id_number": "E12345678"}, "born_on", "invalid"),
        ({"born_on": "去年"}, "born_on", "invalid"),
        ({"phone": "12345678"}, "phone", "invalid"),
        ({"uscc": "91370102MA3E00004X"}, "uscc", "invalid"),
        ({"uscc": "91110000600037341L"}, "uscc", "unknown"),
        ({"category": "6"}, "category", "unknown"),
        ({"category": "三"}, "category", "unknown"),
        ({"category": "9" * 5_000}, "category", "unknown"),
        ({"region": "110000"}, "region", "unknown"),
        ({"issued_on": "2099-01-01"}, "issued_on", "invalid"),
        ({"issued_on": f"{'9' * 20}-1-1"}, "issued_on", "invalid"),
        ({"valid_until": "2020-01-01"}, "valid_until", "invalid"),
        ({"issued_on": "2026-03-01", "valid_until": "2026-03-01"}, "valid_until", "invalid"),
    ],
)
async def test_each_bad_cell_is_named_and_never_echoed(
    city: City, other: dict[str, str], column: str, code: str
) -> None:
    uscc, who = await unit(city), await window(city)
    looked = await send(who, sheet(line(uscc, 1), line(uscc, 2, **other)))
    faults = looked.json()["faults"]
    assert (faults[0]["line"], faults[0]["column"], faults[0]["code"]) == (3, column, code)
    assert looked.json()["bad"] == 1
    assert resident(2) not in looked.text
    assert "孙2" not in looked.text
    refused = await applied(who, looked)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")


async def test_one_person_twice_and_one_who_has_a_card_are_found(city: City) -> None:
    uscc, who = await unit(city), await window(city)
    looked = await send(who, sheet(line(uscc, 1), line(uscc, 1), line(uscc, 2)))
    assert [(f["line"], f["code"]) for f in looked.json()["faults"]] == [(2, "twice"), (3, "twice")]
    first = await send(who, sheet(line(uscc, 5)))
    await applied(who, first)
    again = await send(who, sheet(line(uscc, 5), line(uscc, 6)))
    assert [(f["line"], f["code"]) for f in again.json()["faults"]] == [(2, "card-exists")]


async def test_bad_rows_come_back_as_a_file_to_correct_and_send_again(city: City) -> None:
    uscc, who = await unit(city), await window(city)
    bad = line(uscc, 2, phone="1", name="=HYPERLINK()")
    looked = await send(who, sheet(line(uscc, 1), bad))
    answer = await who.get(f"{DOOR}/{looked.json()['id']}/bad-rows.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0] == [*TITLES, "问题"]
    assert len(rows) == 2
    assert "手机号应为" in rows[1][-1] or "电话号码不对" in rows[1][-1]
    assert rows[1][0].startswith("'="), "no spreadsheet takes it for a formula"
    corrected = sheet(line(uscc, 2), titles=[*TITLES, "问题"])
    assert (await send(who, corrected)).json()["bad"] == 0


async def test_a_line_is_counted_as_its_reader_sees_it_empty_ones_too(city: City) -> None:
    uscc, who = await unit(city), await window(city)
    empty = [""] * len(TITLES)
    looked = await send(who, sheet(line(uscc, 1), empty, empty, line(uscc, 2, category="6")))
    assert [(f["line"], f["column"]) for f in looked.json()["faults"]] == [(5, "category")]
    answer = await who.get(f"{DOOR}/{looked.json()['id']}/bad-rows.csv")
    assert "孙2" in answer.text
    assert "孙1" not in answer.text


async def test_what_kept_a_spreadsheet_from_reckoning_goes_when_it_comes_back(city: City) -> None:
    uscc, who = await unit(city), await window(city)
    looked = await send(who, sheet(line(uscc, 1, phone="+8613805310099", category="6")))
    answer = await who.get(f"{DOOR}/{looked.json()['id']}/bad-rows.csv")
    assert "'+8613805310099" in answer.text
    corrected = answer.text.replace(",6,", ",5,").encode()
    assert (await send(who, corrected)).json()["faults"] == []


async def test_the_same_file_is_imported_once(city: City) -> None:
    uscc, who = await unit(city), await window(city)
    octets = sheet(line(uscc, 1), line(uscc, 2))
    one, two = await send(who, octets), await send(who, octets)
    both = await asyncio.gather(applied(who, one), applied(who, two))
    assert sorted(each.status_code for each in both) == [200, 409]
    again = await send(who, octets)
    assert (again.status_code, again.json()["code"]) == (409, "already-imported")


async def test_what_changed_meanwhile_lets_nothing_through(city: City) -> None:
    uscc, who = await unit(city), await window(city)
    looked = await send(who, sheet(*(line(uscc, n) for n in range(1, 6))))
    await applied(who, await send(who, sheet(line(uscc, 3))))
    before = await count(city, "cards"), await count(city, "people")
    refused = await applied(who, looked)
    assert (refused.status_code, refused.json()["code"]) == (409, "import-stale")
    assert (await count(city, "cards"), await count(city, "people")) == before


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "缺少列"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "旧式 .xls"),
        (b"PK\x03\x04 not a zip", "已损坏"),
        (workbook(titles=["姓名"]), "缺少列"),
        ("姓名,证件号码\n".encode(), "缺少列"),
        (sheet(), "没有数据行"),
        (b"\xff\xfe\x00\x01", "UTF-8"),
        (b"a\x00b", "UTF-8"),
    ],
)
async def test_what_is_no_table_is_refused_with_what_to_do(
    city: City, octets: bytes, says: str
) -> None:
    refused = await send(await window(city), octets)
    assert (refused.status_code, refused.json()["code"]) == (422, "sheet-refused")
    assert says in refused.json()["detail"]


def test_a_workbook_that_would_unpack_to_gigabytes_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", bytes(sheets.UNPACKED + 1))
    with pytest.raises(sheets.SheetRefused, match="sheet-refused"):
        sheets.read(out.getvalue())


def far_out(name: str, place: str) -> bytes:
    """A workbook of which one cell stands far out."""
    cells = f'<c r="A1"><v>1</v></c><c r="{place}"><v>1</v></c>'
    whole, out = workbook(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as packed, zipfile.ZipFile(out, "w") as mine:
        for each in packed.namelist():
            text = packed.read(each).decode().replace("worksheets/sheet1.xml", name)
            if each == "xl/worksheets/sheet1.xml":
                text = text.replace("<row>", f"<row>{cells}", 1)
                each = f"xl/{name}"
            mine.writestr(each, text)
    return out.getvalue()


@pytest.mark.parametrize("name", ["worksheets/sheet1.xml", "elsewhere.txt"])
@pytest.mark.parametrize("place", ["XFD1048576", "A1048576", "ZZZZ9", "A999999999999"])
def test_one_cell_far_out_does_not_make_room_for_all_before_it(name: str, place: str) -> None:
    if place == "A1048576":
        # Long, but narrow: it fits.
        assert sheets._area(io.BytesIO(f'<c r="{place}"/>'.encode())) <= sheets.MOST_CELLS
        return
    with pytest.raises(sheets.SheetRefused) as refused:
        sheets.read(far_out(name, place))
    assert refused.value.detail == sheets.TOO_LARGE


def test_a_place_across_two_blocks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "BLOCK", 7)
    assert sheets._area(io.BytesIO(b'<row r="3"><c r="B12"/></row>')) == 24


def test_more_rows_than_one_import_takes_are_refused() -> None:
    rows = "x," * (len(TITLES) - 1) + "x\n"
    octets = (",".join(TITLES) + "\n" + rows * (sheets.MOST_ROWS + 1)).encode()
    with pytest.raises(sheets.SheetRefused):
        sheets.read(octets)


async def test_only_the_province_s_window_imports(city: City) -> None:
    octets = sheet(line(await unit(city)))
    for someone in (
        await city.person("reviewer", region="370100"),
        await city.person("reviewer", region="370102"),
        await city.person("centre"),
        await city.person("talent"),
    ):
        assert (await send(someone, octets)).status_code == 403
        assert (await someone.get("/imports")).status_code == 403


async def test_lines_that_nobody_applied_are_gone_after_a_week(city: City) -> None:
    who = await window(city)
    looked = await send(who, sheet(line(await unit(city))))
    city.pass_time(timedelta(days=7, minutes=1))
    async with city.sessions.begin() as session:
        await actions.forget_old(session, city.now)
    who = await window(city)
    refused = await applied(who, looked)
    assert (refused.status_code, refused.json()["code"]) == (409, "import-stale")
    assert (await who.get(f"{DOOR}/{looked.json()['id']}/bad-rows.csv")).status_code == 404


async def test_the_window_does_it_on_its_page(city: City) -> None:
    uscc, who = await unit(city), await window(city)
    files = {"file": ("a.csv", sheet(line(uscc, 1)), "text/csv")}
    sent = await who.post("/imports", files=files, key=None)
    assert sent.status_code == 303
    page = (await who.get(sent.headers["Location"])).text
    assert 'data-test="apply"' in page
    done = await who.send("POST", sent.headers["Location"], data={"_revision": "1"})
    assert done.status_code == 303
    assert 'data-state="applied"' in (await who.get(sent.headers["Location"])).text
    files = {"file": ("a.csv", b"", "text/csv")}
    refused = await who.post("/imports", files=files, key=None)
    assert "请选择要上传的表格" in refused.text
    template = await who.get(f"{DOOR}/template.csv")
    assert template.text.removeprefix("\ufeff").startswith("姓名,证件类型,证件号码")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-05-01", date(2024, 5, 1)), ("2024/5/1", date(2024, 5, 1)),
        ("2024.05.01", date(2024, 5, 1)), ("20240501", date(2024, 5, 1)),
        ("2024-05-01 00:00:00", date(2024, 5, 1)), ("2024-02-30", None), ("", None),
        ("明天", None), ("1-2", None), ("9" * 40, None),
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert checking._day(text) == day


async def test_the_command_looks_over_and_applies_only_when_asked(city: City) -> None:
    code = await unit(city)
    good, bad = sheet(line(code, 1)), sheet(line(code, 1), line(code, 2, phone="1"))

    async def run(octets: bytes, *, apply: bool) -> tuple[list[str], bytes | None]:
        async with city.sessions.begin() as session:
            return await commands.run(session, octets, apply=apply, now=city.now)

    before = await count(city, "cards")
    said, back = await run(bad, apply=True)
    assert "有问题 1 行" in said[0]
    assert "第 3 行 手机号" in said[1]
    assert back is not None
    assert "13805310099" not in "".join(said)
    said, back = await run(good, apply=False)
    assert (back, await count(city, "cards")) == (None, before)
    said, back = await run(good, apply=True)
    assert "已生效,1 张卡。" in said
    assert await count(city, "cards") == before + 1


# ── workbooks as people make them ──


def book(**pages: list[list[str]]) -> bytes:
    """A workbook of several sheets; a name that begins with `_` is a hidden one."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        for name, lines in pages.items():
            page = made.add_worksheet(name)
            for at, cells in enumerate(lines):
                page.write_row(at, 0, cells)
            if name.startswith("_"):
                page.hide()
            else:
                page.activate()
    return out.getvalue()


CODE = "12370100MB2A00001X"


def test_the_heading_may_stand_below_a_title_and_lines_are_counted_from_the_top() -> None:
    lines = [["持卡人名单"], [], TITLES, line(CODE, 1), [], line(CODE, 2)]
    rows = sheets.read(book(名单=lines))
    assert [(row["line"], row["name"]) for row in rows] == [("4", "孙1"), ("6", "孙2")]
    text = "持卡人名单\n\n" + sheet(line(CODE, 1)).decode()
    assert sheets.read(text.encode())[0]["line"] == "4"


def test_the_sheet_that_is_meant_is_found_and_a_hidden_one_is_not_sent() -> None:
    rows = sheets.read(
        book(_旧=[TITLES, line(CODE, 9)], 说明=[["先看这里"]], 名单=[TITLES, line(CODE, 1)])
    )
    assert [row["name"] for row in rows] == ["孙1"]


def test_two_sheets_of_holders_are_refused_rather_than_one_dropped() -> None:
    two = book(一月=[TITLES, line(CODE, 1)], 二月=[TITLES, line(CODE, 2)])
    with pytest.raises(sheets.SheetRefused, match="sheet-refused") as refused:
        sheets.read(two)
    assert "不止一张工作表" in str(refused.value.detail)


def test_a_table_without_a_column_is_told_which() -> None:
    titles = [each for each in TITLES if each not in ("手机号", "类别")]
    with pytest.raises(sheets.SheetRefused) as refused:
        sheets.read(book(名单=[["名单"], titles]))
    assert "缺少列:手机号、类别" in str(refused.value.detail)


async def test_bad_rows_come_back_as_a_workbook_of_text_that_is_read_again(city: City) -> None:
    code, who = await unit(city), await window(city)
    lines = [line(code, 1), line(code, 2, phone="12"), line(code, 3, name="=SUM(A1)", phone="1")]
    looked = await send(who, sheet(*lines))
    answer = await who.get(f"{DOOR}/{looked.json()['id']}/bad-rows.xlsx")
    assert answer.headers["content-type"] == sheets.XLSX
    rows = sheets.read(answer.content)
    assert [row["id_number"] for row in rows] == [resident(2), resident(3)]
    assert rows[1]["name"] == "=SUM(A1)", "a text, not a formula"
    inside = zipfile.ZipFile(io.BytesIO(answer.content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in inside
    assert set(re.findall(rb'<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?( t="s")?', inside)) == {b' t="s"'}
    corrected = [
        [{**row, "phone": "13805310099"}[name] for name, _ in sheets.COLUMNS] for row in rows
    ]
    again = await send(who, book(名单=[TITLES, *corrected]))
    assert (again.json()["lines"], again.json()["bad"]) == (2, 0)
    template = await who.get(f"{DOOR}/template.xlsx")
    assert sheets.read(template.content)[0]["id_number"] == "11010119900307721X"


# ── nothing half done, nobody twice ──


async def test_an_import_that_is_cut_off_leaves_nothing_and_is_done_again(city: City) -> None:
    code, who = await unit(city), await window(city)
    looked = await send(who, sheet(*(line(code, n) for n in range(1, 30))))
    kept, before = looked.json()["id"], await count(city, "cards")
    session = city.sessions()
    await actions.apply(session, kept, None, commands.OPERATOR, 1, city.now)
    pid = await session.scalar(sql("SELECT pg_backend_pid()"))
    await city.sql("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(DBAPIError):
        await session.commit()
    await session.close()
    assert await count(city, "cards") == before
    assert (await who.get(f"{DOOR}/{kept}")).json()["state"] == "checked"
    assert (await applied(who, looked)).status_code == 200
    assert await count(city, "cards") == before + 29


async def test_somebody_of_the_same_name_and_birthday_is_a_note_and_keeps_nobody_out(
    city: City,
) -> None:
    code, who = await unit(city), await window(city)
    await timers.tidy(city.sessions, city.now)  # the samples have their keys now
    passport = {"id_kind": "护照", "id_number": "E12345678", "born_on": "1984-04-12"}
    lines = [
        line(code, 1, name="张 明远", **passport),  # the sample holder, with another document
        line(code, 2, name="阿里木·买买提", born_on=""),
        line(
            code, 3, name="阿里木买买提", **passport | {"id_number": "E7654321", "born_on": born(2)}
        ),
        line(code, 4),
    ]
    looked = (await send(who, sheet(*lines))).json()
    assert looked["bad"] == 0
    assert [(each["line"], each["code"]) for each in looked["notes"]] == [
        (2, "look-alike"), (3, "look-alike"), (4, "look-alike"),
    ]  # fmt: skip
    page = (await who.get(f"/imports/{looked['id']}")).text
    assert "3 行请核对" in page
    assert 'data-test="apply"' in page


def born(n: int) -> str:
    return (date(1980, 1, 1) + timedelta(days=n)).isoformat()
