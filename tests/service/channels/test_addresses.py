"""Addresses: theirs once the code comes back; sealed, masked, and nowhere in what is kept open."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.channels import addresses
from service.problems import InvalidBody
from service.settings import Settings
from tests.city import City, Someone
from tests.mailing import Gateway, Mailbox, mail_server, sms_gateway, with_mail, with_sms
from tests.workers.outgoing import send_all, switched_to

MAIL, PHONE = "lin.xiaoman@example.cn", "13805310099"
BASE = "/v1/me/channels"


class Reachable:
    """A holder of the city with a mail server and a gateway to be reached by."""

    def __init__(self, city: City, settings: Settings, box: Mailbox, gateway: Gateway) -> None:
        self.city, self.settings, self.box, self.gateway = city, settings, box, gateway

    async def holder(self) -> Someone:
        return await self.city.person("talent", region="370100")

    async def ask(self, channel: str, address: str) -> Any:
        return await (await self.holder()).post(f"{BASE}/{channel}/address", {"address": address})

    async def confirm(self, channel: str, code: str) -> Any:
        return await (await self.holder()).post(f"{BASE}/{channel}/confirm", {"code": code})

    async def code(self, channel: str) -> str:
        """The last code that came by this channel."""
        await send_all(self.city, self.settings)
        texts: Sequence[str] = self.box.texts if channel == "email" else self.gateway.texts
        found = re.search(r"\d{6}", texts[-1])
        assert found
        return found[0]

    async def seen(self, channel: str) -> dict[str, Any]:
        channels = (await (await self.holder()).get(BASE)).json()["channels"]
        return dict(next(each for each in channels if each["channel"] == channel))


@pytest.fixture
async def reachable(city: City) -> AsyncIterator[Reachable]:
    async with mail_server() as box, sms_gateway() as gateway:
        settings = with_sms(with_mail(city.settings, box.port), gateway.url)
        with switched_to(settings):
            yield Reachable(city, settings, box, gateway)


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [("email", MAIL, "l***@example.cn"), ("sms", PHONE, "138****0099")],
)
async def test_an_address_is_theirs_once_its_code_comes_back(
    reachable: Reachable, channel: str, address: str, shown: str
) -> None:
    asked = await reachable.ask(channel, address)
    assert asked.status_code == 202
    assert (await reachable.seen(channel))["state"] == "unconfirmed"
    confirmed = await reachable.confirm(channel, await reachable.code(channel))
    assert confirmed.status_code == 200
    seen = await reachable.seen(channel)
    assert (seen["state"], seen["address"], seen["pending"]) == ("confirmed", shown, None)
    for text in (asked.text, confirmed.text):
        assert address not in text


async def test_only_the_last_code_is_good_and_not_for_long(reachable: Reachable) -> None:
    await reachable.ask("email", MAIL)
    first = await reachable.code("email")
    await reachable.ask("email", MAIL)
    second = await reachable.code("email")
    if first != second:
        assert (await reachable.confirm("email", first)).json()["code"] == "wrong-code"
    reachable.city.pass_time(timedelta(minutes=10))
    assert (await reachable.confirm("email", second)).json()["code"] == "wrong-code"


async def test_codes_cannot_be_guessed_nor_strangers_flooded(reachable: Reachable) -> None:
    await reachable.ask("email", MAIL)
    right = await reachable.code("email")
    wrong = "000000" if right != "000000" else "000001"
    tries = [(await reachable.confirm("email", wrong)).status_code for _ in range(6)]
    assert tries == [409] * 5 + [429]
    assert (await reachable.confirm("email", right)).status_code == 429
    asked = [(await reachable.ask("sms", PHONE)).status_code for _ in range(5)]
    assert asked == [202] * 4 + [429]  # the e-mail's was the first of five


async def test_a_new_address_does_not_lose_the_old_one_before_its_code(
    reachable: Reachable,
) -> None:
    await reachable.ask("email", MAIL)
    await reachable.confirm("email", await reachable.code("email"))
    await reachable.ask("email", "another@example.cn")
    seen = await reachable.seen("email")
    assert (seen["address"], seen["pending"]) == ("l***@example.cn", "a***@example.cn")
    assert seen["state"] == "confirmed"
    await reachable.confirm("email", await reachable.code("email"))
    assert (await reachable.seen("email"))["address"] == "a***@example.cn"


async def test_a_removed_address_gets_nothing_more(reachable: Reachable) -> None:
    await reachable.ask("email", MAIL)
    await reachable.confirm("email", await reachable.code("email"))
    holder = await reachable.holder()
    assert (await holder.delete(f"{BASE}/email/address")).status_code == 204
    assert (await reachable.seen("email"))["state"] == "none"
    assert (await holder.delete(f"{BASE}/email/address")).status_code == 404


async def test_what_is_kept_open_names_no_address_and_no_code(
    reachable: Reachable,
) -> None:
    with capture_logs() as logged:
        await reachable.ask("email", MAIL)
        code = await reachable.code("email")
        await reachable.confirm("email", code)
        await reachable.ask("sms", "138 0531 0099")
        await reachable.ask("email", "not an address " + MAIL)
    for table in ("events", "sendings", "addresses", "rate_counters", "idempotency_keys"):
        rows = await reachable.city.sql(f"SELECT t::text AS row FROM {table} t")
        kept = " ".join(row["row"] for row in rows)
        for secret in (MAIL, PHONE, code) if table != "events" else (MAIL, PHONE):
            assert secret not in kept, table
            assert secret.encode().hex() not in kept, table
    told = str(logged)
    assert "/v1/me/channels/{channel}/address" in told
    assert MAIL not in told
    assert PHONE not in told


async def test_without_the_channel_there_is_nothing_to_confirm(city: City) -> None:
    holder = await city.person("talent", region="370100")
    answer = await holder.post(f"{BASE}/email/address", {"address": MAIL})
    assert (answer.status_code, answer.json()["code"]) == (409, "channel-off")
    assert (await holder.post(f"{BASE}/fax/address", {"address": MAIL})).status_code == 404
    machine = await city.client("housing")
    assert (await machine.post(f"{BASE}/email/address", {"address": MAIL})).status_code == 403


@pytest.mark.parametrize(
    "text", ["x", "a@b", "a@b..cn", "a b@c.cn", "a@c.cn\nBcc: d@e.cn", "@c.cn"]
)
def test_what_is_no_mail_address_is_refused_without_an_echo(text: str) -> None:
    with pytest.raises(InvalidBody) as refusal:
        addresses.read("email", text)
    assert text not in str(refusal.value.members())


@pytest.mark.parametrize(
    ("text", "kept"),
    [("138-0531-0099", PHONE), ("+86 13805310099", PHONE), ("+4915112345678", "+4915112345678")],
)
def test_a_number_is_kept_in_one_form(text: str, kept: str) -> None:
    assert addresses.read("sms", text) == kept


@pytest.mark.parametrize(
    "text", ["12805310099", "1380531009", "+0123456789", "１３８０５３１００９９"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidBody):
        addresses.read("sms", text)
