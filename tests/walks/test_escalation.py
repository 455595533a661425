"""Time runs out on a request: who hears of it, where, how often, and what makes it stop."""

from datetime import datetime, timedelta

import pytest

from service.reference import tables
from tests.city import City
from tests.mailing import mail_server, with_mail
from tests.service.requests.ask import Case, accepted
from tests.workers.outgoing import give_address, send_all, states, switched_to

CLERK, HEAD = "clerk-housing", "clerk-housing-2"
HEADS = f"partner\tlogin\n济南市住房和城乡建设局\t{HEAD}\n"


async def next_rung(city: City, leg: str = "handling") -> str:
    """Go to the next rung of the request's clock and let it fall; returns its name."""
    query = "SELECT next_at, next_rung FROM clocks WHERE leg = $1 AND next_at IS NOT NULL"
    (row,) = await city.sql(query, leg)
    falls: datetime = row["next_at"]
    city.at(falls)
    await city.sweep()
    return str(row["next_rung"])


async def lines_of(city: City, login: str, case: Case) -> list[str]:
    """What somebody's inbox says of this request."""
    someone = await city.person("partner_clerk", login=login)
    items = (await someone.get("/v1/me/notices?limit=200")).json()["items"]
    return [each["text"] for each in items if each["subject"] == f"requests/{case.id}"]


@pytest.fixture
async def led(city: City) -> City:
    """The housing bureau's second clerk leads it."""
    async with city.sessions.begin() as session:
        await tables.load(session, "partner_heads", HEADS, city.now)
    return city


async def test_a_request_is_warned_of_breached_escalated_and_acknowledged(led: City) -> None:
    city = led
    await give_address(city, CLERK, "qin@housing.example")
    await give_address(city, HEAD, "yan@housing.example")
    async with mail_server() as box:
        settings = with_mail(city.settings, box.port)
        with switched_to(settings):
            case = await accepted(city)
            city.pass_time(timedelta(minutes=10))
            assert await send_all(city, settings) == 2  # the offer, to both

            assert await next_rung(city) == "0.5"
            assert await send_all(city, settings) == 0  # it gathers
            city.pass_time(timedelta(minutes=10))
            assert await send_all(city, settings) == 2
            assert "申请办理将于" in box.texts[-1]

            for rung, sent in (("0.8", 2), ("due", 2), ("breach", 0)):
                assert await next_rung(city) == rung
                city.pass_time(timedelta(minutes=10))
                assert await send_all(city, settings) == sent, rung  # midnight is no hour to write
            assert await next_rung(city) == "breach+1"
            assert await send_all(city, settings) == 2
            assert box.letters[-1]["Subject"] == "惠才卡:2 条提醒"
            assert "已超期" in box.texts[-1]
            assert "超期仍未办结" in box.texts[-1]

            await repeats_until_acknowledged(city, case)
        assert set(await states(city)) <= {"sent", "gathering"}


async def repeats_until_acknowledged(city: City, case: Case) -> None:
    """Reminded a day later, both sides; one of them takes note, and only the other hears again."""
    clerk = await city.person("partner_clerk", login=CLERK)
    (waiting,) = (await clerk.get("/v1/me/escalations?open=true")).json()["items"]
    assert (waiting["rung"], waiting["told"]) == ("breach+1", 1)
    city.pass_time(timedelta(hours=24))
    await city.sweep()
    assert (await lines_of(city, CLERK, case))[-1].endswith("(第 2 次提醒)")

    clerk = await city.person("partner_clerk", login=CLERK)
    path = f"/v1/me/escalations/{waiting['id']}/acknowledge"
    taken = await clerk.post(path)
    assert (taken.status_code, taken.json()["repeats_at"]) == (200, None)
    assert (await clerk.post(path)).json() == taken.json()
    city.pass_time(timedelta(hours=24))
    await city.sweep()
    assert any("第 3 次" in text for text in await lines_of(city, HEAD, case))
    said = await lines_of(city, CLERK, case)
    assert not any("第 3 次" in text for text in said)
    assert said[-1] == "“人才公寓申请”申请办理超期仍未办结,请立即办理。"  # breach+3 speaks anew
    assert (await case.events()).count("deadline.acknowledged") == 1
