"""Time runs out on a request: who hears of it, where, how often, and what makes it stop."""

from datetime import timedelta

from tests.city import City
from tests.mailing import mail_server, with_mail
from tests.service.requests.ask import accepted
from tests.workers.outgoing import give_address, send_all, states, switched_to


async def test_a_warning_reaches_the_clerk_by_e_mail_after_the_gathering(city: City) -> None:
    await give_address(city, "clerk-housing", "qin@housing.example")
    async with mail_server() as box:
        settings = with_mail(city.settings, box.port)
        with switched_to(settings):
            await accepted(city)
            city.pass_time(timedelta(minutes=10))
            await send_all(city, settings)
            rows = await city.sql("SELECT next_at, next_rung FROM clocks WHERE leg = 'handling'")
            assert rows[0]["next_rung"] == "0.5"
            city.at(rows[0]["next_at"])
            await city.sweep()
            await send_all(city, settings)
            first = len(box.letters)
            city.pass_time(timedelta(minutes=10))
            await send_all(city, settings)
        assert (first, len(box.letters)) == (1, 2)
        assert set(box.recipients) == {"qin@housing.example"}
        assert "新的“人才公寓申请”申请待接件" in box.texts[0]
        assert "“人才公寓申请”申请办理将于" in box.texts[1]
        assert box.letters[1]["Subject"] == "惠才卡:申请即将到期"
        assert await states(city) == ["sent", "sent"]
