"""Many hands at once, on real connections: each fact goes out once, and in a whole message."""

import asyncio
from collections import Counter
from datetime import timedelta

from service.channels import planning
from service.channels.planning import Fact
from tests.city import City
from tests.mailing import mail_server, with_mail
from tests.workers.outgoing import give_address, switched_to
from workers import outward

FACTS, HANDS = 24, 8


async def test_facts_told_while_messages_go_out_are_in_one_of_them_each(city: City) -> None:
    clerk = await give_address(city, "clerk-housing", "qin@housing.example")
    async with mail_server() as box:
        settings = with_mail(city.settings, box.port)
        with switched_to(settings):
            channel = outward.Email(settings)

            async def tell(number: int) -> None:
                fact = Fact(
                    account_id=clerk, key=f"requests/x#{number}", kind="deadline.warned",
                    text=f"第{number}件。", region="370102", role="partner_clerk",
                )  # fmt: skip
                async with city.sessions.begin() as session:
                    await planning.plan(session, [fact], city.now - timedelta(minutes=10))

            async def hand(which: int) -> None:
                for number in range(which, FACTS, HANDS):
                    await tell(number)
                    await tell(number)  # redelivered
                    await outward.send_due(city.sessions, channel, lambda: city.now, "")

            await asyncio.gather(*(hand(n) for n in range(HANDS)))
            while await outward.send_due(city.sessions, channel, lambda: city.now, ""):
                pass
    said = Counter(line for text in box.texts for line in text.split() if "件。" in line)
    assert said == Counter(f"第{number}件。" for number in range(FACTS))
    keys = [letter["Message-ID"] for letter in box.letters]
    assert len(keys) == len(set(keys))
