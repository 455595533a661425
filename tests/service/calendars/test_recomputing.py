"""A version carried through: generation, event, rungs, notices; the ended stays (time.md 6)."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from service.calendars import recomputing
from service.worktime import reckoning
from service.worktime.current import shipped
from tests.city import SHANGHAI, City
from tests.service.calendars.table import applied, drafted, notice, snow
from tests.service.requests.ask import GRANTED, Case, accepted, submitted


async def clocks(city: City, case: Case) -> dict[str, Any]:
    rows = await city.sql("SELECT * FROM clocks WHERE request_id = $1", case.id)
    return {row["leg"]: row for row in rows}


async def snowed(city: City, **given: Any) -> None:
    assert (await applied(city, await drafted(city, snow(**given)))).status_code == 200


def day(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%m-%d}"


async def test_r1_each_moved_clock_is_a_new_generation_with_its_event(city: City) -> None:
    case = await accepted(city)
    before = await clocks(city, case)
    await snowed(city)
    assert (await clocks(city, case))["handling"]["due_at"] == before["handling"]["due_at"]
    await city.sweep()
    after = await clocks(city, case)
    for leg, was, due in (("handling", "03-31", "04-01"), ("promise", "04-02", "04-03")):
        assert (day(before[leg]["due_at"]), day(after[leg]["due_at"])) == (was, due)
        assert (after[leg]["generation"], after[leg]["calendar_version"]) == (2, 2)
    assert after["acceptance"] == before["acceptance"]  # R2: it has ended
    told = await city.sql(
        "SELECT data FROM events WHERE subject = $1 AND type = 'hck.deadline.recomputed.v1'",
        f"requests/{case.id}",
    )
    legs = {row["data"]["leg"]: row["data"] for row in told}
    assert set(legs) == {"handling", "promise"}
    assert legs["handling"]["was_due_at"].startswith("2026-03-3")
    assert legs["handling"]["calendar_version"] == 2


async def test_its_parties_are_told(city: City) -> None:
    await accepted(city)
    await city.settle()
    await snowed(city)
    await city.sweep()
    rows = await city.sql(
        "SELECT n.text, a.login FROM notices n JOIN accounts a ON a.id = n.account_id"
        " WHERE n.kind = 'deadline.recomputed'"
    )
    said = {row["text"] for row in rows}
    assert said == {
        "工作日历调整,“人才公寓申请”申请的承诺时限改为4月2日(周四)24:00。",
        "工作日历调整,一件“人才公寓申请”申请的办理时限改为3月31日(周二)24:00。",
    }
    assert len(rows) >= 3  # the holder, their steward, the agency's clerk


async def test_its_rungs_fall_by_the_new_days_and_once(city: City) -> None:
    case = await accepted(city)
    await snowed(city)
    await city.sweep()
    found = await clocks(city, case)
    assert day(found["handling"]["next_at"]) == "03-17"  # half of twenty days, the 3rd not worked
    city.at("2026-03-16 12:00")
    await city.sweep()
    assert await city.sql("SELECT FROM rungs") == []
    city.at("2026-03-17 09:00")
    await city.sweep()
    await city.sweep()
    rows = await city.sql("SELECT generation, rung FROM rungs")
    assert [(row["generation"], row["rung"]) for row in rows] == [(2, "0.5")]


async def test_a_warning_that_was_given_in_time_is_not_given_again(city: City) -> None:
    case = await accepted(city)
    city.at("2026-03-20 10:00")
    await city.sweep()
    fired = await city.sql("SELECT clock_id FROM rungs WHERE rung = '0.5'")
    await snowed(city, date="2026-03-25")
    await city.sweep()
    warned = (await case.events()).count("deadline.warned")
    assert warned == len(fired) == 2
    assert (await clocks(city, case))["handling"]["next_rung"] == "0.8"


async def test_e3_a_breach_stays_and_is_not_told_twice(city: City) -> None:
    case = await accepted(city)
    city.at("2026-04-02 10:00")
    await city.sweep()
    before = (await clocks(city, case))["handling"]
    assert before["breached_at"] is not None
    # Days of before the breach turn out to have been closed: it ends on a day to come.
    for date in ("2026-03-04", "2026-03-05", "2026-03-06"):
        await snowed(city, date=date)
        await city.sweep()
    after = (await clocks(city, case))["handling"]
    assert (after["generation"], after["due_at"] > city.now) == (4, True)
    assert after["breached_at"] == before["breached_at"]
    city.at("2026-06-06 10:00")
    await city.sweep()
    rows = await city.sql(
        "SELECT data FROM events WHERE subject = $1 AND type = 'hck.deadline.breached.v1'"
        " AND data->>'leg' = 'handling'",
        f"requests/{case.id}",
    )
    assert len(rows) == 1


async def test_r2_what_has_ended_is_never_touched(city: City) -> None:
    case = await accepted(city)
    await case.act("complete", GRANTED)
    before = await city.sql("SELECT * FROM clocks ORDER BY id")
    await snowed(city)
    await city.sweep()
    assert await city.sql("SELECT * FROM clocks ORDER BY id") == before
    assert "deadline.recomputed" not in await case.events()


async def test_p4_a_clock_that_stands_still_is_reckoned_when_it_resumes(city: City) -> None:
    case = await accepted(city)
    await case.act("ask", {"items": ["无房证明"]})
    await snowed(city, date="2026-03-11")
    await city.sweep()
    found = await clocks(city, case)
    assert (found["handling"]["due_at"], found["handling"]["generation"]) == (None, 1)
    assert found["correction"]["generation"] == 1  # due on the 9th
    city.at("2026-03-09 10:00")
    case.holder = await city.person("talent", region="370100")
    await case.hold("answers", {"note": "已补"})
    found = await clocks(city, case)
    assert found["handling"]["calendar_version"] == 2
    assert day(found["handling"]["due_at"]) == "04-09"


async def test_b4_a_provisional_deadline_is_certain_once_its_year_is_published(city: City) -> None:
    case, start = await submitted(city), datetime(2026, 12, 15, 10, tzinfo=SHANGHAI)
    budget = reckoning.from_json((await clocks(city, case))["promise"]["budget"])
    found = reckoning.due(start, budget, shipped().of("370100"))
    await city.sql(
        "UPDATE clocks SET started_at = $1, due_at = $2, provisional = $3", start, found.due_at,
        found.provisional,
    )  # fmt: skip
    assert found.provisional
    await applied(city, await drafted(city, notice()))
    await city.sweep()
    after = (await clocks(city, case))["promise"]
    assert (after["provisional"], after["generation"], after["calendar_version"]) == (False, 1, 2)


async def test_a_busy_request_is_left_and_comes_in_the_next_round(city: City) -> None:
    free, busy = await accepted(city), await submitted(city)
    await snowed(city)
    async with city.sessions.begin() as mine:
        await mine.execute(text("SELECT FROM requests WHERE id = :id FOR UPDATE"), {"id": busy.id})
        for _ in range(3):
            async with city.sessions.begin() as session:
                await recomputing.step(session, city.now)
        assert (await clocks(city, free))["handling"]["generation"] == 2
        assert (await clocks(city, busy))["promise"]["generation"] == 1
    await city.sweep()
    assert (await clocks(city, busy))["promise"]["generation"] == 2


async def test_it_goes_on_where_it_was_cut_off_and_counts_each_once(city: City) -> None:
    for _ in range(5):
        await submitted(city)
    await snowed(city)
    for round_ in range(30):
        try:
            async with city.sessions.begin() as session:
                done = await recomputing.step(session, city.now, limit=2)
                if round_ % 2:
                    raise RuntimeError
        except RuntimeError:
            continue
        if not done:
            break
    [job] = await city.sql("SELECT * FROM calendar_recomputations")
    assert (job["moved"], job["looked_at"], job["finished_at"] is not None) == (5, 5, True)
    rows = await city.sql("SELECT generation FROM clocks WHERE leg = 'promise'")
    assert [row["generation"] for row in rows] == [2] * 5
    rows = await city.sql("SELECT subject FROM events WHERE type = 'hck.deadline.recomputed.v1'")
    assert len({row["subject"] for row in rows}) == len(rows) == 5


@pytest.mark.parametrize("sweepers", [4])
async def test_several_sweepers_move_each_once(city: City, sweepers: int) -> None:
    for _ in range(6):
        await submitted(city)
    await snowed(city)

    async def sweep() -> None:
        for _ in range(8):
            async with city.sessions.begin() as session:
                await recomputing.step(session, city.now, limit=2)

    await asyncio.gather(*(sweep() for _ in range(sweepers)))
    rows = await city.sql("SELECT generation FROM clocks WHERE leg = 'promise'")
    assert [row["generation"] for row in rows] == [2] * 6
