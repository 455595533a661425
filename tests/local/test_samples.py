"""The sample people: as api.md 7.2 asks, fictional, valid, and new for each data folder."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.cn import ric, uscc

from cards import number
from local import samples
from local.samples import accounts, holders
from service.offerings import queries
from service.partners.models import Route, ServicePoint
from service.reference import regions
from service.talents.cards.card import Card
from service.talents.models import Person, Unit
from tests.city import City

TODAY = date(2026, 3, 2)


def roles(planted: dict[str, Any]) -> list[str]:
    """The roles of the document, one for each person."""
    return [person["role"] for person in planted["people"]]


def test_the_document_names_everybody_whom_the_contract_asks_for(planted: dict[str, Any]) -> None:
    assert set(planted) == {"base_url", "people", "clients"}
    found = roles(planted)
    assert found.count("talent") == 4
    assert found.count("centre") == 2
    assert {p["region"] for p in planted["people"] if p["role"] == "reviewer"} == {
        "370102", "370100", "370000",
    }  # fmt: skip
    wanted = "unit_manager unit_specialist office steward partner_clerk system_admin"
    assert set(f"{wanted} security_admin auditor".split()) <= set(found)
    by_key = {client["key"]: client for client in planted["clients"]}
    assert {"housing", "education", "bank1", "bank2", "bank3"} <= set(by_key)
    for counter in ("hospital", "airport", "museum"):
        assert by_key[counter]["scopes"] == ["cards:verify", "cards:redeem"]
    assert any("private_key_pem" in client for client in planted["clients"])


def test_every_login_is_readable_and_every_secret_its_own(planted: dict[str, Any]) -> None:
    people, clients = planted["people"], planted["clients"]
    assert all(re.fullmatch(r"[a-z0-9-]+", person["login"]) for person in people)
    passwords = [p["password"] for p in people] + [c["client_secret"] for c in clients]
    assert len(set(passwords)) == len(passwords)
    assert accounts.new_password() != accounts.new_password()
    assert all(("totp_secret" in p) == (p["role"] != "talent") for p in people)


@pytest.mark.parametrize("person", holders.HOLDERS, ids=lambda each: each.login)
def test_id_numbers_are_valid_and_name_a_birthday(person: holders.Holder) -> None:
    assert ric.is_valid(person.id_number)
    assert ric.get_birth_date(person.id_number) == person.born_on


@pytest.mark.parametrize("unit", holders.UNITS, ids=lambda each: each.key)
def test_units_have_valid_codes(unit: holders.Employer) -> None:
    assert uscc.is_valid(unit.uscc)


async def test_three_cards_of_different_cities_and_categories_are_valid(
    session: AsyncSession,
) -> None:
    cards = list(await session.scalars(select(Card).order_by(Card.category)))
    found = [(card.region, card.category, card.tier) for card in cards]
    assert found == [("370100", 2, "A"), ("370200", 3, "B"), ("370600", 5, "C")]
    assert {card.state for card in cards} == {"active"}
    assert all(card.valid_until == date(2031, 3, 1) for card in cards)
    assert all(number.valid(card.number) for card in cards)


async def test_every_issued_card_has_its_story(city: City) -> None:
    for row in await city.sql("SELECT id, application_id FROM cards"):
        assert await city.events(f"cards/{row['id']}") == ["hck.card.issued.v1"]
        told = await city.events(f"applications/{row['application_id']}")
        assert told[-1] == "hck.application.issued.v1"


async def test_the_one_without_a_card_works_in_a_county_whose_window_is_there(
    session: AsyncSession,
) -> None:
    names = {person.name: person.id for person in await session.scalars(select(Person))}
    cards = set(await session.scalars(select(Card.person_id)))
    assert [name for name, person in names.items() if person not in cards] == ["陈若溪"]
    unit = await session.scalar(select(Unit).where(Unit.level == "county"))
    assert unit is not None
    assert unit.region == "370102"


async def test_every_case_in_every_city_has_somebody_who_takes_it(session: AsyncSession) -> None:
    places = await regions.of(session)
    taken = {(r.offering, r.region) for r in await session.scalars(select(Route))}
    for version in await queries.in_force(session, TODAY):
        for city in places.cities(TODAY):
            somebody = any((version.code, at) in taken for at in places.chain(city.code))
            assert somebody is (version.mode == "case"), (version.code, city.code)


async def test_a_bounced_apartment_in_lixia_finds_another_agency(session: AsyncSession) -> None:
    query = select(Route).where(
        Route.offering == "HO-01", Route.region.in_(["370102", "370100", "370000"])
    )
    partners = {route.partner_id for route in await session.scalars(query)}
    assert len(partners) == 3


async def test_every_counter_has_service_points(session: AsyncSession) -> None:
    points = list(await session.scalars(select(ServicePoint)))
    assert len({point.partner_id for point in points}) >= 6
    assert await samples.is_planted(session)


async def test_a_talent_and_an_official_can_sign_in_with_what_the_document_says(
    city: City,
) -> None:
    for role in ("talent", "reviewer", "partner_clerk", "auditor"):
        me = await (await city.person(role)).get("/v1/me")
        assert me.json()["roles"] == [role]


async def test_a_machine_gets_its_scopes(city: City) -> None:
    me = await (await city.client("hospital")).get("/v1/me")
    assert me.json()["scopes"] == ["cards:redeem", "cards:verify"]
