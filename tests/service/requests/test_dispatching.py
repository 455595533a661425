import asyncio
from typing import Any
from uuid import UUID

from service.requests.actions import routing
from service.requests.models import Dispatch
from tests.city import City
from tests.service.requests.ask import Case, offered, submitted


async def bounced_by(city: City, case: Case, *partners: str) -> None:
    for key in partners:
        partner = await city.client(key)
        at = Case(city, case.holder, partner, case.made)
        answer = await at.act("bounce", {"reason": "no_capacity", "note": "人手不足"})
        assert answer.status_code == 200, answer.text
        await city.settle()


async def test_the_nearest_bureau_gets_it_and_a_bounce_goes_on_upward(city: City) -> None:
    case = await offered(city, region="370102")
    lixia, jinan = await city.client("housing_lixia"), await city.client("housing")
    assert (await lixia.get(case.desk)).json()["state"] == "offered"
    assert (await jinan.get(case.desk)).status_code == 404
    await bounced_by(city, case, "housing_lixia")
    assert (await lixia.get(case.desk)).status_code == 404
    assert (await jinan.get(case.desk)).json()["state"] == "offered"
    assert (await case.events())[1:] == ["request.offered", "request.bounced", "request.offered"]


async def test_the_third_bounce_is_for_the_centre(city: City) -> None:
    case = await offered(city, region="370102")
    await bounced_by(city, case, "housing_lixia", "housing")
    last = Case(city, case.holder, await city.client("window"), case.made)
    answer = await last.act("bounce", {"reason": "out_of_region"})
    assert answer.json()["state"] == "in_ruling"
    await city.settle()
    assert await case.state() == "in_ruling"
    assert (await case.events())[-2:] == ["request.bounced", "request.ruled"]
    view = (await case.holder.get(case.path)).json()
    assert (view["bounces"], view["deadline"], view["partner"]) == (3, None, None)


async def test_where_nobody_is_able_the_centre_rules_at_once(city: City) -> None:
    await city.sql("DELETE FROM routes")
    case = await offered(city)
    assert await case.state() == "in_ruling"
    assert await case.events() == ["request.submitted", "request.ruled"]


async def test_routing_twice_or_late_offers_once(city: City) -> None:
    case = await submitted(city)

    async def dispatch() -> Any:
        async with city.sessions.begin() as session:
            return await routing.dispatch(session, UUID(case.id), city.now)

    done = await asyncio.gather(*(dispatch() for _ in range(3)))
    assert sum(each is not None for each in done) == 1
    await city.settle()
    assert (await case.events()).count("request.offered") == 1


async def test_a_day_that_is_full_passes_over_even_for_two_at_once(city: City) -> None:
    await city.sql(
        "UPDATE routes SET daily_capacity = 1 WHERE offering = 'HO-01' AND region = '370100'"
    )
    first, second = await submitted(city), await submitted(city)

    async def dispatch_second() -> UUID:
        async with city.sessions.begin() as session:
            return partner_of(await routing.dispatch(session, UUID(second.id), city.now))

    async with city.sessions.begin() as session:
        taken = partner_of(await routing.dispatch(session, UUID(first.id), city.now))
        waiting = asyncio.create_task(dispatch_second())
        while not waiting.done() and not await city.sql(WAITS):
            pass
    assert await waiting != taken


WAITS = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def partner_of(offer: Dispatch | None) -> UUID:
    assert offer is not None
    return offer.partner_id


async def test_staff_are_told_who_was_considered_and_why_passed_over(city: City) -> None:
    case = await offered(city, region="370102")
    centre = await city.person("centre")
    explained = (await centre.get(f"{case.path}/routing")).json()
    assert explained["now"] is None
    (round_,) = explained["rounds"]
    assert round_["partner_name"] == "济南市历下区住房和城乡建设局"
    reasons = {each["name"]: each["reason"] for each in round_["considered"]}
    assert reasons["济南市历下区住房和城乡建设局"] is None
    assert reasons["济南市住房和城乡建设局"] == "farther"
    assert (await case.holder.get(f"{case.path}/routing")).status_code == 403
    assert (await case.partner.get(f"{case.path}/routing")).status_code == 403


async def test_while_nobody_has_it_staff_see_how_it_stands_now(city: City) -> None:
    case = await submitted(city)
    steward = await city.person("steward")
    explained = (await steward.get(f"{case.path}/routing")).json()
    assert explained["rounds"] == []
    assert [each["chosen"] for each in explained["now"]] == [True, False]
