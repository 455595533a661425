"""Real connections at the same instant (api.md 5.5)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.city import City
from tests.service.requests.ask import Case, offered


async def at_once(*calls: Callable[[], Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """All calls let go by one barrier."""
    barrier = asyncio.Barrier(len(calls))

    async def one(call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        await barrier.wait()
        return await call()

    return list(await asyncio.gather(*(one(call) for call in calls)))


def doing(case: Case, who: Any, act: str, tag: str, content: Any = None) -> Any:
    base = case.path if act == "withdraw" else case.desk
    return lambda: who.post(f"{base}/{act}", content, etag=tag)


async def test_of_two_clerks_and_a_machine_one_accepts_and_nothing_is_half_done(
    city: City,
) -> None:
    case = await offered(city)
    clerk = await city.person("partner_clerk", organisation=case.partner.entry["partner"])
    tag = await case.tag()
    answers = await at_once(
        *(doing(case, who, "accept", tag) for who in (clerk, case.partner, clerk, case.partner))
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert set(codes[1:]) <= {409, 412}
    assert (await case.events()).count("request.accepted") == 1
    handling = await city.sql("SELECT 1 FROM clocks WHERE leg = 'handling'")
    ended = await city.sql('SELECT "end" FROM dispatches')
    assert (len(handling), [row["end"] for row in ended]) == (1, ["accepted"])


async def test_accepting_and_withdrawing_at_once_leave_one_story(city: City) -> None:
    case = await offered(city)
    tag = await case.tag()
    accepted, withdrawn = await at_once(
        doing(case, case.partner, "accept", tag), doing(case, case.holder, "withdraw", tag)
    )
    assert sorted((accepted.status_code, withdrawn.status_code))[0] == 200
    assert {accepted.status_code, withdrawn.status_code} <= {200, 404, 409, 412}
    state = await case.state()
    assert state == ("accepted" if accepted.status_code == 200 else "withdrawn")


async def test_accepting_and_bouncing_at_once_leave_one_story(city: City) -> None:
    case = await offered(city)
    tag = await case.tag()
    accepted, bounced = await at_once(
        doing(case, case.partner, "accept", tag),
        doing(case, case.partner, "bounce", tag, {"reason": "other"}),
    )
    won = {accepted.status_code, bounced.status_code}
    assert 200 in won
    assert won <= {200, 404, 409, 412}
    assert ("request.accepted" in await case.events()) == (accepted.status_code == 200)
