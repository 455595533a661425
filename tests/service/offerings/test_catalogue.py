"""The officials' catalogue: what a newer table changes, and what it leaves alone."""

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings import catalogue, details, queries
from service.offerings.models import OfferingVersion
from service.reference import tables
from service.reference.tables import BadTable, Row

LATER = datetime(2026, 6, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = LATER.date()


async def shipped(session: AsyncSession) -> list[Row]:
    """A copy of the table in force."""
    return [dict(row) for row in await tables.rows_of(session, "catalogue")]


async def count(session: AsyncSession) -> int:
    """How many versions there are."""
    return await session.scalar(select(func.count()).select_from(OfferingVersion)) or 0


async def test_the_shipped_table_gives_every_offering_its_first_version(
    session: AsyncSession,
) -> None:
    versions = await queries.in_force(session, TODAY)
    assert [v.code for v in versions] == sorted(row["code"] for row in await shipped(session))
    assert {v.version for v in versions} == {1}
    assert all(v.policy_text and v.policy_source for v in versions)
    assert all(v.accept_hours and v.form_schema for v in versions if v.mode == "case")


async def test_the_first_catalogue_holds_from_before_the_system(session: AsyncSession) -> None:
    assert await queries.current(session, "HO-01", date(2024, 1, 1)) is not None
    assert await queries.current(session, "HO-01", date(2023, 12, 31)) is None


async def test_the_same_table_again_changes_nothing(session: AsyncSession) -> None:
    before = await count(session)
    await catalogue.apply_catalogue(session, await shipped(session), LATER)
    assert await count(session) == before


async def test_a_newer_table_makes_new_versions_of_what_it_changes_only(
    session: AsyncSession,
) -> None:
    before = await count(session)
    rows = await shipped(session)
    next(row for row in rows if row["code"] == "HO-01")["complete_wd"] = "15"
    await catalogue.apply_catalogue(session, rows, LATER)
    assert await count(session) == before + 1
    old = await queries.current(session, "HO-01", TODAY - timedelta(days=1))
    new = await queries.current(session, "HO-01", TODAY)
    assert old is not None
    assert new is not None
    assert (old.version, old.complete_wd, new.version, new.complete_wd) == (1, 20, 2, 15)


async def test_two_changes_on_one_day_leave_the_later_in_force(session: AsyncSession) -> None:
    rows = await shipped(session)
    for days in ("15", "12"):
        next(row for row in rows if row["code"] == "HO-01")["complete_wd"] = days
        await catalogue.apply_catalogue(session, rows, LATER)
    now = await queries.current(session, "HO-01", TODAY)
    assert now is not None
    assert (now.version, now.complete_wd) == (3, 12)


async def test_a_new_offering_holds_from_the_day_it_is_loaded(session: AsyncSession) -> None:
    rows = await shipped(session)
    rows.append({**rows[0], "code": "ZZ-01", "name_zh": "新事项"})
    await catalogue.apply_catalogue(session, rows, LATER)
    assert await queries.current(session, "ZZ-01", TODAY - timedelta(days=1)) is None
    found = await queries.current(session, "ZZ-01", TODAY)
    assert found is not None
    assert found.form_schema["required"] == ["matter", "contact_phone"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sector", "private"),
        ("mode", "gift"),
        ("accept_hours", "two"),
        ("accept_hours", ""),
        ("categories", "1-9x"),
        ("beneficiaries", "holder,cousin"),
        ("window", "July"),
        ("code", "bad code"),
    ],
)
async def test_a_wrong_row_keeps_the_whole_table_out(
    session: AsyncSession, column: str, value: str
) -> None:
    before = await count(session)
    rows = await shipped(session)
    rows[0][column] = value
    with pytest.raises(BadTable):
        await catalogue.apply_catalogue(session, rows, LATER)
    assert await count(session) == before


async def test_a_row_that_is_gone_is_refused(session: AsyncSession) -> None:
    rows = [row for row in await shipped(session) if row["code"] != "HO-01"]
    with pytest.raises(BadTable, match="bad-table") as refusal:
        await catalogue.apply_catalogue(session, rows, LATER)
    assert "HO-01" in refusal.value.detail


async def test_a_form_that_officials_change_makes_a_new_version_when_the_table_is_loaded_again(
    session: AsyncSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await count(session)
    shutil.copytree(details.DATA, tmp_path / "data")
    form = tmp_path / "data" / "forms" / "HO-01.json"
    form.write_text(form.read_text().replace("共同居住人数", "同住人数"))
    monkeypatch.setattr(details, "DATA", tmp_path / "data")
    await tables.load(session, "catalogue", (tables.DATA / "catalogue.tsv").read_text(), LATER)
    assert await count(session) == before + 1
    now = await queries.current(session, "HO-01", TODAY)
    assert now is not None
    assert now.form_schema["properties"]["family_size"]["title"].startswith("同住人数")


async def test_people_fill_in_a_form_in_the_order_in_which_it_was_written(
    session: AsyncSession,
) -> None:
    apartment = await queries.current(session, "HO-01", TODAY)
    assert apartment is not None
    assert list(apartment.form_schema["properties"])[:3] == [
        "family_size", "preferred_district", "layout",
    ]  # fmt: skip


def test_a_search_looks_in_words_full_pinyin_and_initials() -> None:
    row = {"code": "HO-01", "name_zh": "人才公寓", "name_en": "Talent Apartment",
           "department": "住建部门", "materials": "无房证明"}  # fmt: skip
    text = catalogue.search_text(row, ["租房"])
    for wanted in ("人才公寓", "rencaigongyu", "rcgy", "zf", "talent apartment", "ho-01"):
        assert wanted in text.splitlines()
