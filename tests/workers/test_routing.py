"""The actor that routes: safe to receive twice, late, or for nothing."""

from uuid import UUID

from sqlalchemy import select

from service.requests.models import Dispatch
from tests.city import City
from tests.service.requests.ask import Case, submitted
from workers import routing


async def route(city: City, case: Case) -> bool:
    async with city.sessions.begin() as session:
        return await routing.route_on(session, f"requests/{case.id}", city.now)


async def test_a_message_received_twice_offers_once(city: City) -> None:
    case = await submitted(city)
    assert [await route(city, case) for _ in range(3)] == [True, False, False]
    assert await case.events() == ["request.submitted", "request.offered"]


async def test_a_message_that_comes_after_the_holder_withdrew_does_nothing(city: City) -> None:
    case = await submitted(city)
    await case.hold("withdraw")
    assert not await route(city, case)
    assert await case.events() == ["request.submitted", "request.withdrawn"]


async def test_work_that_is_lost_half_way_is_done_again_and_once(city: City) -> None:
    case = await submitted(city)
    async with city.sessions() as session:
        assert await routing.route_on(session, f"requests/{case.id}", city.now)
        await session.rollback()  # the worker was killed before its commit
    assert await city.sql("SELECT 1 FROM dispatches") == []
    assert await route(city, case)
    async with city.sessions() as session:
        offers = await session.scalars(select(Dispatch).where(Dispatch.request_id == UUID(case.id)))
        assert [offer.round for offer in offers] == [1]


async def test_a_subject_without_events_is_no_work(city: City) -> None:
    async with city.sessions.begin() as session:
        assert not await routing.route_on(session, "requests/nothing", city.now)
