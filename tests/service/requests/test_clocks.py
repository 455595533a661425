"""Clocks of a request on the real product: started, stopped, standing still, firing (time.md)."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings.models import OfferingVersion
from service.requests import falling
from service.requests.clocks import budget_of
from service.worktime.reckoning import Series, WorkingDays, WorkingMinutes
from tests.city import SHANGHAI, City
from tests.service.requests.ask import GRANTED, Case, accepted, offered, submitted
from workers import timers


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


async def later(case: Case, when: str) -> None:
    """Time goes by; both sides sign in again."""
    case.city.at(when)
    case.holder = await case.city.person("talent", region="370100")
    case.partner = await case.city.client("housing")


async def clock(case: Case, leg: str) -> Any:
    """The newest clock of a leg."""
    query = "SELECT * FROM clocks WHERE request_id = $1 AND leg = $2 ORDER BY id DESC LIMIT 1"
    rows = await case.city.sql(query, UUID(case.id), leg)
    return rows[0] if rows else None


async def told(case: Case, leg: str) -> list[tuple[str, str, int]]:
    """What fired: kind, rung and how late, in order."""
    rows = await case.city.sql(
        "SELECT type, data FROM events WHERE subject = $1 AND type LIKE 'hck.deadline.%'"
        " ORDER BY sequence",
        f"requests/{case.id}",
    )
    return [
        (row["type"].split(".")[2], row["data"]["rung"], row["data"]["late_seconds"])
        for row in rows
        if row["data"]["leg"] == leg
    ]


async def test_l3_the_promise_is_acceptance_and_handling_one_after_the_other(city: City) -> None:
    case = await submitted(city)
    promise = await clock(case, "promise")
    # 16 working hours end on Wednesday the 4th at noon, the 20th working day after it on 1 April.
    assert promise["due_at"] == at(4, 2)
    assert [part["n"] for part in promise["budget"]["parts"]] == [960, 20]
    assert (promise["provisional"], promise["generation"]) == (False, 1)
    assert (promise["next_rung"], promise["next_at"]) == ("0.5", at(3, 18, 9))


async def test_l2_an_offer_that_nobody_answers_warns_breaches_and_goes_on(city: City) -> None:
    case = await offered(city)
    assert (await clock(case, "acceptance"))["due_at"] == at(3, 4, 12)
    city.at("2026-03-04 11:59")
    await city.sweep()
    assert [rung for _, rung, _ in await told(case, "acceptance")] == ["0.5", "0.8", "due"]
    city.at("2026-03-04 12:00")
    await city.sweep()
    assert (await told(case, "acceptance"))[-1] == ("breached", "breach", 0)
    events = await case.events()
    assert events[-3:] == ["deadline.breached", "request.withdrawn_offer", "request.offered"]
    first, second = await city.sql(
        "SELECT * FROM clocks WHERE request_id = $1 AND leg = 'acceptance' ORDER BY id",
        UUID(case.id),
    )
    assert (first["breached_at"], first["stopped_at"]) == (at(3, 4, 12), at(3, 4, 12))
    assert (second["started_at"], second["stopped_at"]) == (at(3, 4, 12), None)
    # Bouncing does not lengthen the promise (L3).
    assert (await clock(case, "promise"))["due_at"] == at(4, 2)


async def test_e2_rungs_that_nobody_watched_fire_once_each_and_say_how_late(city: City) -> None:
    case = await accepted(city)  # at ten on the 2nd: 20 working days end with the 30th
    assert (await clock(case, "handling"))["due_at"] == at(3, 31)
    city.at("2026-03-31 00:01")
    await city.sweep()
    await city.sweep()
    assert await told(case, "handling") == [
        ("warned", "0.5", (15 * 24 - 9) * 3600 + 60),  # since the 16th at nine
        ("warned", "0.8", (6 * 24 + 15) * 3600 + 60),  # since the 24th
        ("warned", "due", 15 * 3600 + 60),
        ("breached", "breach", 60),
    ]
    city.at("2026-04-30 10:00")
    await city.sweep()
    assert [rung for _, rung, _ in await told(case, "handling")][4:] == ["breach+1", "breach+3"]
    assert (await clock(case, "handling"))["next_at"] is None


async def test_e2_rival_sweepers_fire_each_rung_once(city: City) -> None:
    cases = [await accepted(city) for _ in range(3)]
    city.at("2026-03-31 00:01")
    await asyncio.gather(*(timers.sweep(city.sessions, city.now) for _ in range(6)))
    await city.sweep()
    for case in cases:
        assert [rung for _, rung, _ in await told(case, "handling")] == [
            "0.5", "0.8", "due", "breach",
        ]  # fmt: skip


async def test_e2_a_sweep_that_dies_before_its_commit_has_done_nothing(city: City) -> None:
    case = await accepted(city)
    city.at("2026-03-31 00:01")
    async with city.sessions() as session:
        assert await falling.fire_due(session, city.now, 20, timers.ACTS) > 0
        await session.rollback()
    assert await told(case, "handling") == []
    await city.sweep()
    assert len(await told(case, "handling")) == 4


async def test_e3_a_completion_after_the_deadline_is_a_breach_even_before_the_sweep(
    city: City,
) -> None:
    case = await accepted(city)
    await later(case, "2026-04-02 00:00")  # in time is before it (B2)
    answer = await case.act("complete", GRANTED)
    assert answer.status_code == 200, answer.text
    promise = await clock(case, "promise")
    assert (promise["breached_at"], promise["stopped_at"]) == (at(4, 2), at(4, 2))
    assert [kind for kind, _, _ in await told(case, "promise")] == [*["warned"] * 3, "breached"]
    before = await told(case, "handling")
    await city.sweep()
    assert await told(case, "handling") == before
    rows = await city.sql("SELECT in_time FROM requests WHERE id = $1", UUID(case.id))
    assert rows[0]["in_time"] is False


async def test_b2_a_completion_in_the_last_second_keeps_the_promise(city: City) -> None:
    case = await accepted(city)
    await later(case, "2026-04-01 23:59:59.999999")
    await case.act("complete", GRANTED)
    assert (await clock(case, "promise"))["breached_at"] is None
    rows = await city.sql("SELECT in_time FROM requests WHERE id = $1", UUID(case.id))
    assert rows[0]["in_time"] is True


async def test_p4_while_a_correction_is_awaited_nothing_is_due_but_the_correction(
    city: City,
) -> None:
    case = await accepted(city)
    await later(case, "2026-03-05 10:00")
    await case.act("ask", {"items": ["无房证明"]})
    handling, promise = await clock(case, "handling"), await clock(case, "promise")
    assert (handling["due_at"], handling["next_at"]) == (None, None)
    assert (promise["due_at"], promise["next_at"]) == (None, None)
    assert (await clock(case, "correction"))["due_at"] == at(3, 13)
    await later(case, "2026-03-10 10:00")
    await case.hold("answers", {"note": "已补"})
    # Accepted on the 2nd: 3rd and 4th are used, the 10th is a new day 0, 18 days are left.
    assert (await clock(case, "handling"))["due_at"] == at(4, 4)
    assert (await clock(case, "correction"))["stopped_at"] == at(3, 10, 10)


async def test_p5_a_correction_that_is_not_answered_ends_the_request(city: City) -> None:
    case = await accepted(city)
    await case.act("ask", {"items": ["无房证明"]})
    city.at("2026-03-09 23:59:59")
    await city.sweep()
    assert await case.state() == "awaiting_correction"
    city.at("2026-03-10 00:00")
    await city.sweep()
    assert await case.state() == "expired"
    assert (await told(case, "correction"))[-1] == ("breached", "breach", 0)
    assert await told(case, "handling") == []
    assert await city.sql("SELECT 1 FROM clocks WHERE stopped_at IS NULL") == []
    assert await city.sql("SELECT 1 FROM pauses WHERE ended_at IS NULL") == []


async def test_publicity_ends_when_it_was_to_end_however_late_anybody_looks(city: City) -> None:
    case = await accepted(city)
    await case.act("publicity", {"from": "2026-03-02", "to": "2026-03-04"})
    city.at("2026-03-11 10:00")  # the timers were down for days
    await city.sweep()
    pauses = await city.sql("SELECT * FROM pauses")
    assert [pause["ended_at"] for pause in pauses] == [at(3, 5)]
    # The 5th is the new day 0, and 20 days are left.
    assert (await clock(case, "handling"))["due_at"] == at(4, 3)
    assert await case.state() == "accepted"


async def test_p4_a_breach_that_fell_before_a_pause_stays_and_is_not_told_again(city: City) -> None:
    case = await accepted(city)
    await later(case, "2026-04-07 10:00")
    asked = await case.act("publicity", {"from": "2026-04-07", "to": "2026-04-08"})
    assert asked.status_code == 200, asked.text
    assert [kind for kind, _, _ in await told(case, "promise")].count("breached") == 1
    city.at("2026-04-09 00:00")
    await city.sweep()
    promise = await clock(case, "promise")
    assert (promise["breached_at"], promise["due_at"]) == (at(4, 2), at(4, 2))
    assert [kind for kind, _, _ in await told(case, "promise")].count("breached") == 1


async def test_one_that_fails_is_left_for_later_and_holds_up_nobody(city: City) -> None:
    broken, whole = await offered(city), await offered(city)
    city.at("2026-03-04 12:00")

    async def lapse(session: AsyncSession, request_id: UUID, now: datetime) -> bool:
        if str(request_id) == broken.id:
            raise LookupError
        return await timers.ACTS["lapse"](session, request_id, now)

    async with city.sessions.begin() as session:
        await falling.fire_due(session, city.now, 20, {**timers.ACTS, "lapse": lapse})
    assert await told(broken, "acceptance") == []
    assert (await clock(broken, "acceptance"))["next_at"] == city.now + falling.AGAIN
    assert await whole.state() == "routing"
    city.now += falling.AGAIN
    await city.sweep()
    assert ("breached", "breach", 300) in await told(broken, "acceptance")


async def test_a_request_that_somebody_is_busy_with_is_left_for_the_next_sweep(
    city: City,
) -> None:
    case = await offered(city)
    city.at("2026-03-04 12:00")
    async with city.sessions.begin() as session:
        await session.connection()
        await session.execute(
            text("SELECT 1 FROM requests WHERE id = :id FOR UPDATE"), {"id": case.id}
        )
        assert await timers.sweep(city.sessions, city.now) == 0
    assert await timers.sweep(city.sessions, city.now) > 0


async def test_an_acceptance_at_the_very_deadline_and_the_sweep_leave_one_truth(
    city: City,
) -> None:
    for _ in range(3):
        city.at("2026-03-02 10:00")
        case = await offered(city)
        await later(case, "2026-03-04 12:00")
        await asyncio.gather(
            case.act("accept"), timers.sweep(city.sessions, city.now), return_exceptions=True
        )
        events = await case.events()
        # Either the partner was quicker, and late, or its offer was withdrawn: never both.
        lapsed = "request.withdrawn_offer" in events
        assert lapsed != ("request.accepted" in events)
        await city.sweep()
        assert (await case.events()).count("deadline.breached") == 1


def test_d0_budgets_come_from_the_version_in_hours_of_sixty_working_minutes() -> None:
    version = OfferingVersion(accept_hours=16, complete_wd=20, correction_wd=None)
    assert budget_of("acceptance", version) == WorkingMinutes(960)
    assert budget_of("handling", version) == WorkingDays(20)
    assert budget_of("correction", version) == WorkingDays(5)
    assert budget_of("promise", version) == Series((WorkingMinutes(960), WorkingDays(20)))


async def test_p1_at_most_one_pause_is_open_and_a_second_correction_is_refused(city: City) -> None:
    case = await accepted(city)
    await case.act("ask", {"items": ["无房证明"]})
    with pytest.raises(asyncpg.UniqueViolationError):
        await city.sql(
            "INSERT INTO pauses (id, request_id, reason, began_at)"
            " SELECT gen_random_uuid(), request_id, 'statutory', began_at FROM pauses"
        )
    await case.hold("answers", {"note": "已补"})
    again = await case.act("ask", {"items": ["收入证明"]})
    assert again.status_code == 409
    [row] = await city.sql("SELECT reason, ended_at FROM pauses")
    assert (row["reason"], row["ended_at"] is not None) == ("correction", True)
