"""The account after the storm finds what is lost and what is doubled."""

from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from bench.chaos import account as accounts
from bench.chaos.clients import Ledger, forged
from bench.chaos.product import Product
from bench.receiver import Receiver
from tests.city import City
from tests.service.requests.ask import submitted
from workers.webhooks import Caller, push_due


class Standing:
    """A product that stands still."""

    def __init__(self, city: City) -> None:
        self.city = city

    async def owner(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.city.settings.database_owner_url)


async def account(city: City, ledger: Ledger) -> dict[str, int]:
    """What is wrong, without what is right."""
    found = await accounts.account(cast(Product, Standing(city)), ledger)
    return {name: count for name, count in found.items() if count}


@pytest.fixture
async def ledger(city: City) -> Ledger:
    """One request, answered and worked off."""
    case = await submitted(city)
    await city.settle()
    found = Ledger()
    found.requests["key"] = case.id
    return found


async def bend(city: City, statement: str, *arguments: Any) -> None:
    owner = await asyncpg.connect(city.settings.database_owner_url)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(statement, *arguments)
    await owner.close()


async def test_where_all_is_well_there_is_nothing(city: City, ledger: Ledger) -> None:
    assert await account(city, ledger) == {}


async def test_an_answer_without_a_request_and_a_request_without_an_answer(
    city: City, ledger: Ledger
) -> None:
    ledger.requests["key"] = str(uuid4())
    assert await account(city, ledger) == {"答复过而不在的申请": 1}
    ledger.requests.clear()
    assert await account(city, ledger) == {"没有人要过的申请": 1}
    ledger.redemptions["key"] = str(uuid4())
    ledger.unanswered.append("/v1/requests")
    ledger.misjudged.append("valid: 200 card-revoked")
    found = await account(city, ledger)
    assert found["答错的核验"] == 1
    assert found["答复过而不在的核销"] == 1
    assert found["始终没有答复的请求"] == 1


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("DELETE FROM events WHERE type = 'hck.request.submitted.v1'",
         "没有或不止一条“已提交”的申请"),
        ("UPDATE events SET published_at = NULL WHERE type = 'hck.request.submitted.v1'",
         "未转发的事件"),
        ("UPDATE events SET sequence = sequence + 5 WHERE type = 'hck.request.offered.v1'",
         "一个事物的事件序号断开或重复"),
        ("UPDATE requests SET state = 'routing'", "没有去处的申请"),
        ("UPDATE inbox SET sequence = 0 WHERE subject LIKE 'requests/%'", "消费者没有读到的事件"),
        ("INSERT INTO quota_uses SELECT id, 'TR-01', 2026, 1 FROM cards LIMIT 1",
         "用量与核销笔数不符的卡"),
    ],
)  # fmt: skip
async def test_each_loss_has_its_line(
    city: City, ledger: Ledger, statement: str, name: str
) -> None:
    await bend(city, statement)
    assert name in await account(city, ledger)


async def test_an_event_that_a_subscriber_never_gets_has_its_line(
    city: City, ledger: Ledger
) -> None:
    allowed = msgspec.structs.replace(city.settings, webhook_networks="127.0.0.0/8")
    city.app.state.settings = city.settings = allowed
    receiver = await Receiver().start()
    housing = await city.client("housing")
    made = await housing.post("/v1/partner/webhooks", {"url": receiver.url, "types": []})
    assert made.status_code == 201, made.text
    city.pass_time(timedelta(seconds=1))
    case = await submitted(city)
    ledger.requests["other"] = case.id
    await city.settle()
    await push_due(city.sessions, Caller(city.settings), lambda: city.now)
    await receiver.stop()
    assert receiver.got
    ledger.received = set(receiver.got)
    assert await account(city, ledger) == {}
    ledger.received.pop()
    assert await account(city, ledger) == {"记为送达而接收端没有的事件": 1}
    await bend(city, "UPDATE webhook_deliveries SET state = 'failed', next_at = NULL")
    assert (await account(city, ledger))["既未送达也不再投的推送"] == len(receiver.got)
    await bend(city, "DELETE FROM webhook_deliveries")
    assert (await account(city, ledger))["订阅了而没有推送记录的事件"] == len(receiver.got)


@pytest.mark.usefixtures("ledger")
async def test_an_event_changed_after_the_seal_or_in_none_has_its_line(city: City) -> None:
    night = accounts.tomorrow_night(city.now)

    async def wrong() -> list[str]:
        found = await accounts.seals(city.sessions, night)
        return [name for name, count in found.items() if count]

    assert await wrong() == []
    await bend(city, "UPDATE events SET data = '{}' WHERE type = 'hck.request.submitted.v1'")
    assert await wrong() == ["与封存对不上的日志"]
    await bend(city, "DELETE FROM audit_regions")
    assert "不在任何一日封存里的事件" in await wrong()


def test_a_forged_code_is_another_one_with_the_same_alphabet() -> None:
    assert forged("HCK1:ABC") == "HCK1:000"
    assert forged("HCK1:000") == "HCK1:100"
