"""Reasons to look: of the file itself, of a return, and of whoever else knows one."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service.talents.applications import hints
from service.talents.applications.application import Application
from service.talents.applications.hints import Hint
from tests.city import City
from tests.service.talents.applications.test_batches import WHOLE
from tests.service.talents.apply import Way, at_county, drafted

BACK = {"decision": "return", "opinion": "补", "missing": [{"what": "field", "name": "phone"}]}


async def codes(way: Way, hand: str = "county") -> list[str]:
    found = (await (await way.who(hand)).get(f"{way.path}/hints")).json()["items"]
    return [each["code"] for each in found]


async def test_a_whole_file_has_none(city: City) -> None:
    assert await codes(await at_county(city, evidence=WHOLE)) == []


async def test_a_contract_that_ends_soon_is_one(city: City) -> None:
    way = await at_county(city, evidence=WHOLE, contract_until="2026-05-31")
    assert await codes(way) == ["ends-soon"]


async def test_what_a_return_asked_for_in_vain_is_said_to_every_step(city: City) -> None:
    way = await at_county(city, evidence=WHOLE)
    await way.done("county", "decisions", BACK)
    await way.done("talent", "submit")
    assert await codes(way) == ["mended", "still-missing"]
    await way.pass_("county")
    assert await codes(way, "city") == ["still-missing"]


async def test_what_has_ended_needs_no_look(city: City) -> None:
    way = await at_county(city)
    await way.done("county", "decisions", {"decision": "reject", "opinion": "不符"})
    assert await codes(way) == []
    await drafted(city)


@pytest.fixture
def alike() -> Iterator[None]:
    """Another room that knows of a reason."""

    async def source(
        session: AsyncSession, application: Application, now: datetime
    ) -> Sequence[Hint]:
        return [Hint("look-alike", "与另一位申请人相似。")]

    hints.more(source)
    hints.more(source)
    yield
    hints._more.remove(source)


@pytest.mark.usefixtures("alike")
async def test_another_room_may_know_of_a_reason(city: City) -> None:
    way = await at_county(city, evidence=WHOLE)
    assert await codes(way) == ["look-alike"]
    text = (await (await way.who("county")).get(f"/review/{way.id}")).text
    assert 'data-hint="look-alike"' in text
