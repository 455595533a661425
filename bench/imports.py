"""The import of 30,000 holders: reading and checking, then making the cards, in one transaction."""

import csv
import io
import time
from datetime import UTC, date, datetime, timedelta

import asyncpg
from stdnum.cn import ric

from bench.stage import Stage
from service import db, sealing
from service.talents.importing import actions, sheets
from service.talents.importing.commands import OPERATOR

LINES = 30_000


def table(uscc: str) -> bytes:
    """So many lines, each somebody else."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([title for _, title in sheets.COLUMNS])
    for n in range(LINES):
        born = date(1970, 1, 1) + timedelta(days=n % 10_000)
        plain = f"370102{born:%Y%m%d}{n // 10_000:03d}"
        number = plain + ric.calc_check_digit(plain + "0")
        writer.writerow(
            [f"孙{n}", "", number, "", "13805310099", uscc, 3, "", "2024-05-01", "2099-04-30"]
        )
    return out.getvalue().encode()


async def measure(stage: Stage) -> str:
    """How long it takes, and how long the same rows take by themselves."""
    sealing.use(sealing.load_ring(stage.settings))
    (unit,) = await stage.sql("SELECT uscc FROM units LIMIT 1")
    octets, engine = table(unit["uscc"]), db.make_engine(stage.settings)
    begun = time.perf_counter()
    async with db.make_sessions(engine).begin() as session:
        now = datetime.now(UTC)
        kept, found = await actions.look_over(session, octets, None, now)
        assert not found.faults, found.faults[:3]
        looked = time.perf_counter() - begun
        await actions.apply(session, kept.id, None, OPERATOR, kept.revision, now)
    took = time.perf_counter() - begun
    await engine.dispose()
    floor = await _floor(stage)
    return (
        f"导入 {LINES:,} 行: 检查 {looked:.1f} 秒,连同生效 {took:.1f} 秒(要求 ≤ 60 秒),"
        f"每秒 {LINES / took:,.0f} 行;"
        f"底: 同样的人和卡直接插入 {floor:.1f} 秒,比值 {floor / took:.2f}"
    )


async def _floor(stage: Stage) -> float:
    """The same people and cards, with the same keys, by two statements."""
    owner = await asyncpg.connect(stage.owner_url)
    try:
        async with owner.transaction():
            for name, key in (("people", "id"), ("cards", "person_id")):
                new = "SELECT person_id FROM cards WHERE issued_on = '2024-05-01'"
                await owner.execute(
                    f"CREATE TEMP TABLE kept_{name} AS SELECT * FROM {name} WHERE {key} IN ({new})"  # noqa: S608
                )
            await owner.execute("DELETE FROM cards WHERE id IN (SELECT id FROM kept_cards)")
            await owner.execute("DELETE FROM people WHERE id IN (SELECT id FROM kept_people)")
            begun = time.perf_counter()
            for name in ("people", "cards"):
                await owner.execute(f"INSERT INTO {name} SELECT * FROM kept_{name}")  # noqa: S608
            return time.perf_counter() - begun
    finally:
        await owner.close()
