"""The account after the storm finds what is lost and what is doubled."""

from typing import Any, cast
from uuid import uuid4

import asyncpg
import pytest

from bench import chaos
from bench.chaos import Ledger, Product
from tests.city import City
from tests.service.requests.ask import submitted


class Standing:
    """A product that stands still."""

    def __init__(self, city: City) -> None:
        self.city = city

    async def owner(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.city.settings.database_owner_url)


async def account(city: City, ledger: Ledger) -> dict[str, int]:
    """What is wrong, without what is right."""
    found = await chaos.account(cast(Product, Standing(city)), ledger)
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
    found = await account(city, ledger)
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
