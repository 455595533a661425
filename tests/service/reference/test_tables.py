"""Officials' tables: whole versions, checked before anything is kept."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from events.log import events
from service.reference import tables
from service.reference.models import TableVersion

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TAGS = "grade\tcode\ttext_zh\n5\t510\t服务热情\n1\t114\t态度生硬\n"


SHIPPED = sorted(each.stem for each in tables.DATA.glob("*.tsv"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_table_reads(name: str) -> None:
    assert tables.read_table(name, (tables.DATA / f"{name}.tsv").read_text())


def test_the_first_tables_are_shipped() -> None:
    assert {"calendar", "catalogue", "categories", "loans", "rating_tags", "regions"} <= {*SHIPPED}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "空"),
        ("grade\tcode\ttext_zh\n", "没有数据行"),
        ("grade\tcode\n5\t510\n", "缺少列: text_zh"),
        ("grade\tcode\ttext_zh\n5\t510\tx\n5\t510\ty\n", "第 3 行与前面的行重复"),
        ("grade\tcode\ttext_zh\n5\t\tx\n", "第 2 行缺少 code"),
        ("grade\tcode\ttext_zh\n5\t510\tx\ty\n", "第 2 行有 4 列"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(content: str, told: str) -> None:
    with pytest.raises(tables.BadTable) as refusal:
        tables.read_table("rating_tags", content)
    assert told in refusal.value.detail


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(tables.BadTable, match="bad-table"):
        tables.read_table("people", TAGS)


async def test_a_newer_table_is_a_new_version_and_the_old_one_stays(session: AsyncSession) -> None:
    before = await tables.version_of(session, "rating_tags")
    old = await tables.rows_of(session, "rating_tags")
    version = await tables.load(session, "rating_tags", TAGS, NOW)
    assert version == before + 1
    assert [row["code"] for row in await tables.rows_of(session, "rating_tags")] == ["510", "114"]
    assert await tables.rows_of(session, "rating_tags", before) == old


async def test_the_same_table_again_changes_nothing(session: AsyncSession) -> None:
    first = await tables.load(session, "rating_tags", TAGS, NOW)
    assert await tables.load(session, "rating_tags", TAGS, NOW) == first
    count = select(func.count()).select_from(TableVersion).where(TableVersion.name == "rating_tags")
    assert await session.scalar(count) == first


async def test_loading_is_on_record(session: AsyncSession) -> None:
    version = await tables.load(session, "rating_tags", TAGS, NOW)
    query = select(events.c.data).where(events.c.subject == "tables/rating_tags")
    newest = (await session.scalars(query.order_by(events.c.sequence.desc()).limit(1))).one()
    assert newest == {"table": "rating_tags", "version": version, "rows": 2}


async def test_a_room_that_listens_may_refuse_and_nothing_is_kept(session: AsyncSession) -> None:
    async def refuse(*_: object) -> None:
        raise tables.BadTable("第 2 行不行。")

    before = await tables.version_of(session, "loans")
    content = (
        tables.DATA / "loans.tsv"
    ).read_text() + "人才贷\t370300\t1\t1\t70\t1\t5\t15\t\t\tA\n"
    tables.on_load("loans", refuse)
    try:
        with pytest.raises(tables.BadTable):
            async with session.begin_nested():
                await tables.load(session, "loans", content, NOW)
    finally:
        tables._listeners["loans"].remove(refuse)
    assert await tables.version_of(session, "loans") == before
