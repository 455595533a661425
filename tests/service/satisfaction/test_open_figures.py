"""docs/figures.md, the read-only views, the board and the alerts: all of it runs and agrees."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
import yaml  # type: ignore[import-untyped]
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from local.postgres import Cluster
from service.migrating import config_of
from service.satisfaction import figures
from service.satisfaction.breakdown import Dimension
from service.satisfaction.figures import Counts, total
from tests import template
from tests.city import City
from tests.service.satisfaction.test_worked import by, played  # noqa: F401 - a fixture

DOCS = template.ROOT / "docs"
MONITORING = DOCS / "monitoring"
QUERIES = dict(
    re.findall(r"```sql (\w+)\n(.*?)```", (DOCS / "figures.md").read_text("utf-8"), re.S)
)


async def test_every_query_of_the_page_gives_what_the_doors_give(played: AsyncSession) -> None:  # noqa: F811
    found = total((await by(played, Dimension.OFFERING)).values())
    assert len(QUERIES) == 7
    for name, query in QUERIES.items():
        share = getattr(figures, name)(found)
        assert float(await played.scalar(text(query)) or 0) == share.value, name


async def test_a_day_knows_its_city(played: AsyncSession) -> None:  # noqa: F811
    query = "SELECT DISTINCT city, city_name FROM figures.daily WHERE region = '370102'"
    assert (await played.execute(text(query))).all() == [("370100", "济南市")]


async def test_every_count_is_in_the_view(played: AsyncSession) -> None:  # noqa: F811
    names = Counts.__struct_fields__[1:]
    query = f"SELECT {', '.join(f'sum({name})' for name in names)} FROM figures.daily"
    found = total((await by(played, Dimension.OFFERING)).values())
    (row,) = (await played.execute(text(query))).all()
    assert list(row) == [getattr(found, name) for name in names]


@pytest.fixture
async def reader(city: City) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who was given the views, and nothing else."""
    owner = city.settings.database_owner_url
    connection = await asyncpg.connect(owner)
    await connection.execute("DROP ROLE IF EXISTS city_reader")
    await connection.execute("CREATE ROLE city_reader")
    await connection.execute("GRANT USAGE ON SCHEMA figures TO city_reader")
    await connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA figures TO city_reader")
    await connection.execute("SET ROLE city_reader")
    yield connection
    await connection.execute("RESET ROLE")
    await connection.execute("DROP OWNED BY city_reader")
    await connection.execute("DROP ROLE city_reader")
    await connection.close()


async def test_the_reader_sees_the_views_and_no_table(reader: asyncpg.Connection) -> None:
    for view in ("daily", "open_requests", "open_deadlines", "open_cases", "places", "offerings"):
        await reader.fetch(f"SELECT * FROM figures.{view}")
    for table in ("requests", "people", "ratings", "events", "figure_counts"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch(f"SELECT 1 FROM public.{table}")
    with pytest.raises(asyncpg.PostgresError):
        await reader.execute("DELETE FROM figures.daily")


def targets() -> Iterator[dict[str, Any]]:
    board = json.loads((MONITORING / "board.json").read_text("utf-8"))
    for panel in board["panels"]:
        yield from panel["targets"]


async def test_every_query_of_the_board_runs(reader: asyncpg.Connection) -> None:
    asked = [each["rawSql"] for each in targets() if "rawSql" in each]
    assert len(asked) == 10
    for query in asked:
        filled = query.replace("$__timeFilter(day)", "day > current_date - 90")
        await reader.fetch(filled.replace("${city}", "370100"))


async def test_every_metric_of_board_and_alerts_is_told(city: City) -> None:
    told = (await city.nobody.get("/metrics")).text
    rules = yaml.safe_load((MONITORING / "alerts.yaml").read_text("utf-8"))["groups"][0]["rules"]
    asked = [each["expr"] for each in (*targets(), *rules) if "expr" in each]
    names = {name for each in asked for name in re.findall(r"hck_\w+", each)}
    assert len(names) >= 7
    assert [
        name for name in sorted(names) if f"# TYPE {name.removesuffix('_total')}" not in told
    ] == []
    for rule in rules:
        assert rule["annotations"]["action"], rule["alert"]


async def test_migrating_gives_the_named_role_the_views(cluster: Cluster, city: City) -> None:
    owner = city.settings.database_owner_url
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute("CREATE ROLE another_reader")
        config = config_of(owner)
        config.attributes["reader_role"] = "another_reader"
        await asyncio.to_thread(command.upgrade, config, "head")
        may = "SELECT has_table_privilege('another_reader', $1, 'SELECT')"
        assert await connection.fetchval(may, "figures.daily")
        assert not await connection.fetchval(may, "public.figure_counts")
    finally:
        await connection.execute("DROP OWNED BY another_reader")
        await connection.execute("DROP ROLE another_reader")
        await connection.close()
