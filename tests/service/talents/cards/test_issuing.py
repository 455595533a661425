"""The last pass makes one card, whoever presses how often (api.md 3.4)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cards import number
from service import ids
from service.talents.cards import issuing
from service.talents.cards.card import Card
from service.talents.people import CardExists
from tests.city import City
from tests.service.talents.apply import WAYS, applicant, at_office, body

PASS = {"decision": "pass", "opinion": "同意"}


async def at_once(*calls: Callable[[], Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """All calls let go by one barrier."""
    barrier = asyncio.Barrier(len(calls))

    async def one(call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        await barrier.wait()
        return await call()

    return list(await asyncio.gather(*(one(call) for call in calls)))


async def test_two_who_press_at_once_make_one_card(city: City) -> None:
    way = await at_office(city)
    office = await way.who("office")
    tag = (await way.seen("office")).headers["ETag"]

    async def press() -> httpx.Response:
        return await office.post(f"{way.path}/decisions", PASS, etag=tag)

    answers = await at_once(press, press, press)
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert set(codes[1:]) <= {409, 412}
    cards = await city.sql("SELECT id FROM cards WHERE application_id = $1", way.id)
    assert len(cards) == 1
    assert (await way.events())[-2:] == ["issuing", "issued"]
    assert await city.events(f"cards/{cards[0]['id']}") == ["hck.card.issued.v1"]


async def test_passing_and_withdrawing_at_once_leave_one_story(city: City) -> None:
    way = await at_office(city)
    office, talent = await way.who("office"), await way.who("talent")
    tag = (await way.seen("office")).headers["ETag"]
    passed, withdrawn = await at_once(
        lambda: office.post(f"{way.path}/decisions", PASS, etag=tag),
        lambda: talent.post(f"{way.path}/withdraw", etag=tag),
    )
    assert sorted((passed.status_code, withdrawn.status_code))[0] == 200
    cards = await city.sql("SELECT 1 FROM cards WHERE application_id = $1", way.id)
    assert len(cards) == (passed.status_code == 200)


async def test_applying_twice_at_once_makes_one_application(city: City) -> None:
    who = await applicant(city)
    answers = await at_once(*[lambda: who.post(WAYS, body(who))] * 3)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"application-open"}


async def test_what_the_card_says(city: City) -> None:
    way = await at_office(city)
    await way.pass_("office")
    card = (await (await way.who("talent")).get("/v1/me/card")).json()
    assert number.valid(card["number"])
    assert card["shown_number"] == number.shown(card["number"])
    assert (card["state"], card["masked_name"], card["name"]) == ("active", "陈*", "陈若溪")
    assert (card["issued_on"], card["valid_until"]) == ("2026-03-02", "2029-06-30")
    assert (card["category"], card["tier"], card["region"]) == (5, "C", "370102")
    assert (card["application_id"], card["allowed"]) == (way.id, ["suspend", "print"])


def twin(card: Card, **changed: object) -> Card:
    values = {c.name: getattr(card, c.name) for c in Card.__table__.columns if c.name != "revision"}
    return Card(**values | {"id": ids.new_id(), "number": number.new(ids.random_below)} | changed)


async def test_the_database_itself_refuses_a_second_card(session: AsyncSession, city: City) -> None:
    way = await at_office(city)
    last = await way.pass_("office")
    async with city.sessions() as other:
        card = await other.get_one(Card, UUID(last["card_id"]))
        with pytest.raises(CardExists):  # another live card of the person
            await issuing.keep(other, twin(card, application_id=None))
        with pytest.raises(CardExists):  # another card of the application, live or not
            await issuing.keep(other, twin(card, state="expired"))
        await issuing.keep(other, twin(card, application_id=None, state="expired"))
        await other.rollback()


async def test_the_card_begins_on_the_day_in_shanghai(city: City) -> None:
    way = await at_office(city, contract_until=None)
    city.at("2026-03-03 00:30")
    await way.pass_("office")
    (card,) = await city.sql("SELECT * FROM cards WHERE application_id = $1", way.id)
    assert (card["issued_on"], card["valid_until"]) == (date(2026, 3, 3), date(2031, 3, 2))
