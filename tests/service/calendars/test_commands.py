"""`dev.py calendar`: a notice looked over by command; applying it takes somebody of 专家中心."""

import asyncio
from pathlib import Path

import pytest

from service import __main__ as commands
from service.calendars import commands as calendar
from service.reference.tables import BadTable
from tests.city import City
from tests.service.calendars.table import applied, table

SAID = ["--notice", "国办发明电〔2026〕8号", "--date", "2026-02-20", "--source", "国务院办公厅"]


async def run(city: City, *words: str) -> list[str] | None:
    async with city.sessions.begin() as session:
        return await calendar.run(session, words, city.now)


async def test_it_is_a_dry_run_unless_submitted(city: City, tmp_path: Path) -> None:
    file = tmp_path / "2027.tsv"
    file.write_text(table(), encoding="utf-8")
    told = await run(city, "import", str(file), *SAID)
    assert told is not None
    assert "没有登记" in told[-1]
    assert await city.sql("SELECT FROM calendar_drafts") == []
    told = await run(city, "import", str(file), *SAID, "--submit")
    assert told is not None
    assert "须由专家中心一位同事" in told[-1]
    [row] = await city.sql("SELECT id, drafted_by FROM calendar_drafts")
    assert row["drafted_by"] is None

    class Answer:
        @staticmethod
        def json() -> dict[str, str]:
            return {"id": str(row["id"])}

    assert (await applied(city, Answer)).json()["version"] == 2  # type: ignore[arg-type]
    shown = await run(city, "show")
    assert shown is not None
    assert any("2027 已公布" in line and "国办发明电〔2026〕8号" in line for line in shown)


async def test_what_is_wrong_is_told_and_nothing_kept(city: City, tmp_path: Path) -> None:
    file = tmp_path / "2027.tsv"
    file.write_text(table(d0208=""), encoding="utf-8")
    told = await run(city, "import", str(file), "--submit")
    assert told is not None
    assert told[0].startswith("有问题")
    assert any("文号" in line for line in told)
    assert await run(city, "import", str(file), "--year") is None
    with pytest.raises(BadTable, match="bad-table"):
        await asyncio.to_thread(commands.load, city.settings, "calendar", str(file))
