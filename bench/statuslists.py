"""Status lists at a million cards: the night's drawing, the publishing, a day's room on disk."""

import time
from datetime import UTC, datetime, timedelta

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench.stage import Stage
from service import db, sealing
from service.talents.proof import card_keys, drawing, statuslists
from service.worktime.hours import SHANGHAI

Sessions = async_sessionmaker[AsyncSession]
PEOPLE = """
INSERT INTO people SELECT (jsonb_populate_record(NULL::people, to_jsonb(t) || jsonb_build_object(
    'id', gen_random_uuid(), 'id_blind', decode(md5('crowd' || g), 'hex')))).*
FROM (SELECT * FROM people LIMIT 1) t, generate_series(1, $1) AS g"""
CARDS = """
INSERT INTO cards (id, number, person_id, category, tier, region, state, masked_name, issued_on,
    valid_until, revision)
SELECT gen_random_uuid(), 'C' || row_number() OVER (), p.id, c.category, c.tier, c.region, 'active',
    c.masked_name, c.issued_on, c.valid_until, 1
FROM people p LEFT JOIN cards h ON h.person_id = p.id, (SELECT * FROM cards LIMIT 1) c
WHERE h.id IS NULL"""
SIZE = "SELECT pg_total_relation_size('card_days')"


async def measure(stage: Stage, cards: int) -> str:
    """Make the cards, draw for a day, publish, change one; the figures as a table."""
    sealing.use(sealing.load_ring(stage.settings))
    owner = await asyncpg.connect(stage.owner_url)
    await owner.execute(PEOPLE, cards)
    await owner.execute(CARDS)
    await owner.execute("VACUUM ANALYZE people, cards, card_days, status_lists")
    engine = db.make_engine(stage.settings)
    pool = await db.make_pool(stage.settings)
    try:
        return await _measured(db.make_sessions(engine), pool, owner)
    finally:
        await pool.close()
        await engine.dispose()
        await owner.close()


async def _measured(sessions: Sessions, pool: asyncpg.Pool, owner: asyncpg.Connection) -> str:
    now = datetime.now(UTC)
    day = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    before, begun, drawn = await owner.fetchval(SIZE), time.perf_counter(), 0
    async with sessions.begin() as session:
        await statuslists.prepare_day(session, day, now)
    while True:
        async with sessions.begin() as session:
            done = await drawing.draw_ahead(session, day, now)
        if not done:
            break
        drawn += done
    took = time.perf_counter() - begun
    octets = await owner.fetchval(SIZE) - before
    floor = await _floor(owner, day)
    lists = await pool.fetch("SELECT id FROM status_lists WHERE day = $1", day)
    names = [row["id"] for row in lists]
    key = await card_keys.signer(pool, now)
    published = time.perf_counter()
    for name in names:
        await statuslists.published(pool, name, key, now)
    published = time.perf_counter() - published
    changed = await _change(sessions, pool, day, now)
    lines = [
        "| 事 | 量到 |", "|---|---:|",
        f"| 为次日抽位 | {drawn:,} 张,{took:.0f} 秒,每秒 {drawn / took:,.0f} |",
        f"| 底:同样的行直接插入 | {floor:.0f} 秒,比值 {floor / took:.2f} |",
        f"| 发布全部列表(JWT 和 CWT 都签) | {len(names)} 个,{published:.2f} 秒 |",
        f"| 一张卡暂停后重新发布它的列表 | {changed * 1000:.0f} 毫秒(另加进程记住的最多 2 秒) |",
        f"| 一天的位置占盘 | {octets / 2**20:,.0f} MB |",
        f"| 31 天(之后销毁) | {octets * 31 / 2**30:,.1f} GB |",
    ]  # fmt: skip
    return "\n".join(lines)


async def _floor(owner: asyncpg.Connection, day: object) -> float:
    """The same rows with the same keys, by one statement."""
    await owner.execute("CREATE TABLE floor (LIKE card_days INCLUDING ALL)")
    begun = time.perf_counter()
    await owner.execute("INSERT INTO floor SELECT * FROM card_days WHERE day = $1", day)
    took = time.perf_counter() - begun
    await owner.execute("DROP TABLE floor")
    return took


async def _change(sessions: Sessions, pool: asyncpg.Pool, day: object, now: datetime) -> float:
    """Suspend a card and publish its list anew."""
    (row,) = await pool.fetch("SELECT * FROM card_days WHERE day = $1 LIMIT 1", day)
    async with sessions.begin() as session:
        change = text("UPDATE cards SET state = 'suspended' WHERE id = :id")
        await session.execute(change, {"id": row["card_id"]})
    statuslists.forget()
    key = await card_keys.signer(pool, now)
    begun = time.perf_counter()
    signed = await statuslists.published(pool, row["list_id"], key, now)
    took = time.perf_counter() - begun
    entry = signed.packed[row["idx"] >> 2] >> (2 * (row["idx"] & 3)) & 3
    assert entry == 2, "the change is in the list"
    return took
