"""Reasons to look: of the file itself, of a return, and of whoever else knows one."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.talents.applications import hints
from service.talents.applications.application import Application
from service.talents.applications.hints import Hint
from service.talents.models import Person
from tests.city import City
from tests.service.talents.applications.test_batches import WHOLE
from tests.service.talents.apply import CHEN, Way, at_county, drafted
from workers import timers

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


async def twin(city: City, **other: object) -> None:
    """Somebody who was written down with another document before there was a key for it."""
    person = Person(
        id=ids.new_id(), name="陈 若溪", id_kind="passport", id_number="E87654321",
        id_blind=b"twin", phone=None, phone_blind=None, address=None, born_on=date(1990, 11, 8),
        steward_id=None, created_at=city.now,
    )  # fmt: skip
    for name, value in other.items():
        setattr(person, name, value)
    async with city.sessions.begin() as session:
        session.add(person)
    await timers.tidy(city.sessions, city.now)


async def test_another_person_of_the_same_name_and_birthday_is_a_reason_to_look(
    city: City,
) -> None:
    way = await at_county(city, evidence=WHOLE)
    assert await codes(way) == []
    await twin(city)
    assert await codes(way) == ["look-alike"]
    [hint] = (await (await way.who("county")).get(f"{way.path}/hints")).json()["items"]
    assert "护照 *********" in hint["text"]
    assert "没有有效的惠才卡" in hint["text"]
    assert "陈" not in hint["text"]


@pytest.mark.parametrize(
    "other", [{"name": "陈若汐"}, {"born_on": date(1990, 11, 9)}, {"born_on": None}]
)
async def test_a_namesake_born_on_another_day_is_none(city: City, other: dict[str, Any]) -> None:
    way = await at_county(city, evidence=WHOLE)
    await twin(city, **other)
    assert await codes(way) == []


async def test_a_corrected_name_is_looked_for_anew(city: City) -> None:
    way = await drafted(city, evidence=WHOLE)
    await twin(city, name="陈若汐")
    who = await way.who("talent")
    seen = await who.get(way.path)
    changed = {"person": CHEN | {"name": "陈若汐"}}
    assert (await who.patch(way.path, changed, etag=seen.headers["ETag"])).status_code == 200
    await way.done("talent", "submit")
    await way.done("manager", "assign", {"specialist": "specialist1"})
    assert await codes(way, "manager") == ["look-alike"]


async def settled(city: City, way: Way, hand: str, *, same: bool) -> httpx.Response:
    who = await way.who(hand)
    [found] = (await who.get(f"{way.path}/hints")).json()["items"]
    body = {"same": same, "note": "比对护照与身份证照片"}
    return await who.post(f"{way.path}/look-alikes/{found['about']}", body)


async def test_who_was_found_to_be_another_person_is_not_spoken_of_again(city: City) -> None:
    way = await at_county(city, evidence=WHOLE)
    await twin(city)
    done = await settled(city, way, "county", same=False)
    assert (done.status_code, done.json()["items"]) == (200, [])
    await way.pass_("county")
    assert await codes(way, "city") == []
    assert "look_alike" in await way.events()
    (row,) = await city.sql("SELECT t::text AS row FROM look_alikes t")
    assert "护照" not in row["row"], "the note is sealed"
    story = (await (await way.who("city")).get(f"{way.path}/timeline")).json()
    assert "已核对姓名、生日相同的登记人" in str(story)


async def test_who_was_found_to_be_the_same_stays_a_reason_at_every_step(city: City) -> None:
    way = await at_county(city, evidence=WHOLE)
    await twin(city)
    await settled(city, way, "county", same=True)
    await way.pass_("county")
    assert await codes(way, "city") == ["same-person"]
    again = await settled(city, way, "city", same=False)
    assert again.json()["items"] == [], "the latest finding counts"


async def test_only_who_holds_the_step_settles_and_only_a_look_alike(city: City) -> None:
    way = await at_county(city, evidence=WHOLE)
    await twin(city)
    assert (await settled(city, way, "manager", same=False)).status_code == 409
    county = await way.who("county")
    body = {"same": False, "note": "比对"}
    nobody = await county.post(f"{way.path}/look-alikes/{ids.new_id()}", body)
    assert nobody.status_code == 404
    talent = await way.who("talent")
    assert (await talent.post(f"{way.path}/look-alikes/{ids.new_id()}", body)).status_code == 403


async def test_a_reviewer_settles_it_on_the_page(city: City) -> None:
    way = await at_county(city, evidence=WHOLE)
    await twin(city)
    county = await way.who("county")
    page = (await county.get(f"/review/{way.id}")).text
    assert 'data-test="alike-other"' in page
    about = (await county.get(f"{way.path}/hints")).json()["items"][0]["about"]
    sent = {"do": "alike", "other": about, "same": "no", "note": ""}
    refused = await county.post(f"/review/{way.id}", data=sent, key=None)
    assert "请写明怎样核对的" in refused.text
    done = await county.post(f"/review/{way.id}", data=sent | {"note": "比对照片"}, key=None)
    assert done.status_code == 303
    assert 'data-hint="look-alike"' not in (await county.get(f"/review/{way.id}")).text
