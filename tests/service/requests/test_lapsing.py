from datetime import timedelta
from uuid import UUID

from service.requests import lapsing
from tests.city import City
from tests.service.requests.ask import accepted, offered


async def test_an_offer_that_lapsed_is_taken_back_once_and_goes_on(city: City) -> None:
    case = await offered(city)
    async with city.sessions.begin() as session:
        assert await lapsing.lapse(session, UUID(case.id), city.now)
    async with city.sessions.begin() as session:
        assert not await lapsing.lapse(session, UUID(case.id), city.now)
    assert (await case.partner.get(case.desk)).status_code == 404
    await city.settle()
    window = await city.client("window")
    assert (await window.get(case.desk)).json()["state"] == "offered"
    assert (await case.events())[-2:] == ["request.withdrawn_offer", "request.offered"]


async def test_a_partner_that_was_quicker_than_the_clock_keeps_it(city: City) -> None:
    case = await accepted(city)
    async with city.sessions.begin() as session:
        for act in (lapsing.lapse, lapsing.expire, lapsing.end_publicity):
            assert not await act(session, UUID(case.id), city.now)
    assert await case.state() == "accepted"


async def test_l2_the_third_lapse_is_for_the_centre(city: City) -> None:
    case = await offered(city, region="370102")
    for _ in range(3):
        async with city.sessions.begin() as session:
            assert await lapsing.lapse(session, UUID(case.id), city.now)
        await city.settle()
    assert await case.state() == "in_ruling"


async def test_a_correction_that_nobody_answers_ends_the_request(city: City) -> None:
    case = await accepted(city)
    await case.act("ask", {"items": ["无房证明"]})
    async with city.sessions.begin() as session:
        assert await lapsing.expire(session, UUID(case.id), city.now)
    assert await case.state() == "expired"
    assert await city.sql("SELECT 1 FROM clocks WHERE stopped_at IS NULL") == []
    late = await case.hold("answers", {"note": "来晚了"})
    assert (late.status_code, late.json()["allowed"]) == (409, [])


async def test_after_publicity_handling_goes_on(city: City) -> None:
    case = await accepted(city)
    await case.act("publicity", {"from": "2026-03-02", "to": "2026-03-03"})
    city.pass_time(timedelta(days=2))
    async with city.sessions.begin() as session:
        assert await lapsing.end_publicity(session, UUID(case.id), city.now)
    partner = await city.client("housing")
    seen = (await partner.get(case.desk)).json()
    assert seen["state"] == "accepted"
    assert list(seen["deadlines"]) == ["handling"]
