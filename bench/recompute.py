"""A newer calendar carried through over many open clocks, against the same rows written plainly."""

import time
from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench.stage import Stage
from service import db, sealing
from service.auth.callers import Caller, Grant, Role
from service.calendars import drafting, recomputing
from service.calendars.reading import NoticeGiven
from service.reference.tables import PROVINCE
from service.worktime.current import shipped
from service.worktime.hours import SHANGHAI
from service.worktime.reckoning import AnyBudget, Series, WorkingDays, WorkingMinutes, due, to_json

Sessions = async_sessionmaker[AsyncSession]
DAYS = 20
REGION = "370100"
BUDGETS: dict[str, AnyBudget] = {
    "promise": Series((WorkingMinutes(960), WorkingDays(DAYS))),
    "handling": WorkingDays(DAYS),
}
REQUESTS = """
INSERT INTO requests (id, number, person_id, card_id, category, offering, offering_version_id,
    region, form, beneficiaries, files, state, partner_id, bounces, submitted_at, accepted_at,
    revision)
SELECT ('0190' || lpad(to_hex(g), 28, '0'))::uuid, 'B' || g, c.person_id, c.id, 3, 'HO-01', v.id,
    $2, '\\x00', '[]', '[]', 'accepted', (SELECT id FROM partners LIMIT 1), 0, $3, $3, 1
FROM generate_series(1, $1) AS g, (SELECT * FROM cards LIMIT 1) c,
    (SELECT id FROM offering_versions WHERE code = 'HO-01' LIMIT 1) v
"""
CLOCKS = """
INSERT INTO clocks (id, request_id, leg, budget, region, calendar_version, generation, started_at,
    due_at, provisional, next_at, next_rung)
SELECT gen_random_uuid(), r.id, $1, $2::jsonb, r.region, 1, 1, s.started_at, s.due_at, true,
    s.due_at - interval '9 days', '0.5'
FROM requests r JOIN unnest($3::timestamptz[], $4::timestamptz[])
    WITH ORDINALITY AS s (started_at, due_at, place)
    ON s.place = 1 + ('x' || right(r.id::text, 6))::bit(24)::int % cardinality($3::timestamptz[])
"""
EVENTS = "CREATE TABLE kept AS SELECT * FROM events WHERE type = 'hck.deadline.recomputed.v1'"
PLAIN = (
    "UPDATE clocks c SET due_at = due_at + interval '1 day', next_at = next_at + interval '1 day',"
    " generation = generation + 1, calendar_version = 3 WHERE stopped_at IS NULL",
    "INSERT INTO events SELECT gen_random_uuid(), subject, sequence + 1000, type, region, at,"
    " actor, role, origin, trace, partner_id, data FROM kept",
)


def notice() -> NoticeGiven:
    """2027 with one working day less before each of these clocks is due: 4 January is a holiday."""
    rows = [
        f"{on.isoformat()}\tholiday\t{name}\tpublished"
        for on, name in sorted(
            (on, day.name) for on, day in shipped().calendar.special.items() if on.year == 2027
        )
    ]
    table = "\n".join(["date\tkind\tname_en\tstate", *rows, "2027-01-04\tholiday\t元旦\tpublished"])
    return NoticeGiven(2027, table, "基准", date(2026, 11, 1), "基准")


async def measure(stage: Stage, clocks: int) -> str:
    """Make the clocks, apply a notice that moves them all, carry it through; the figures."""
    sealing.use(sealing.load_ring(stage.settings))
    owner = await asyncpg.connect(stage.owner_url)
    engine = db.make_engine(stage.settings)
    try:
        await _open(owner, clocks // 2)
        looked, moved, took, longest = await _carried(db.make_sessions(engine), owner)
        floor = await _plain(owner)
    finally:
        await engine.dispose()
        await owner.close()
    return (
        f"日历重算: 查看 {looked:,} 个未结时限,移动 {moved:,} 个,{took:.1f} 秒"
        f"(每秒 {looked / took:,.0f} 个;要求 100 万个 ≤ 20 秒),"
        f"一批最长锁 {longest * 1000:.0f} 毫秒;"
        f"底: 同样的行直接写 {floor:.1f} 秒,比值 {floor / took:.2f}"
    )


async def _open(owner: asyncpg.Connection, requests: int) -> None:
    await owner.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=str)
    begun = datetime(2026, 12, 7, 10, tzinfo=SHANGHAI)
    starts = [begun + timedelta(days=n % 18, minutes=n) for n in range(1_000)]
    await owner.execute(REQUESTS, requests, REGION, begun)
    calendar = shipped().of(REGION)
    for leg, budget in BUDGETS.items():
        ends = [due(start, budget, calendar).due_at for start in starts]
        kept = msgspec.json.encode(to_json(budget)).decode()
        await owner.execute(CLOCKS, leg, kept, starts, ends)
    await owner.execute("VACUUM ANALYZE requests, clocks, events, rungs, pauses")


async def _carried(sessions: Sessions, owner: asyncpg.Connection) -> tuple[int, int, float, float]:
    now = datetime.now(UTC)
    who = await owner.fetchval("SELECT id FROM accounts WHERE login = 'centre1'")
    by = Caller(id=str(who), account_id=who, grants=(Grant(Role.CENTRE, PROVINCE),))
    async with sessions.begin() as session:
        draft = await drafting.begin(session, notice(), None, now)
    async with sessions.begin() as session:
        await drafting.apply(session, draft.id, by, draft.revision, 1, now)
    begun, longest, more = time.perf_counter(), 0.0, 1
    while more:
        since = time.perf_counter()
        async with sessions.begin() as session:
            more = await recomputing.step(session, now)
        longest = max(longest, time.perf_counter() - since)
    took = time.perf_counter() - begun
    [job] = await owner.fetch("SELECT looked_at, moved FROM calendar_recomputations")
    return job["looked_at"], job["moved"], took, longest


async def _plain(owner: asyncpg.Connection) -> float:
    await owner.execute(EVENTS)
    begun = time.perf_counter()
    for statement in PLAIN:
        await owner.execute(statement)
    return time.perf_counter() - begun
