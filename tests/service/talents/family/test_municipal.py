"""市级人才卡: what officials say of them, and what a holder may declare."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings.entitlement import Gift
from service.reference import tables
from service.reference.tables import BadTable
from service.talents.family import municipal
from tests.city import MONDAY, City
from tests.service.talents.family.kin import QINGDAO, declared, holder

CARDS = "/v1/me/municipal-cards"
HEADER = "city\ttier\tcard_name\toffering\tannual_limit\tcompanions_max\tamount_yuan\tbasis"
TIERED = "370200\tA\t青岛市人才卡\tTR-01\t50\t2\t\tA\n370200\t-\t青岛市人才卡\tTR-01\t24\t1\t\tA"


async def load(session: AsyncSession, *lines: str) -> int:
    return await tables.load(session, municipal.TABLE, "\n".join([HEADER, *lines]), MONDAY)


def test_a_row_of_the_tier_stands_before_one_of_any() -> None:
    row = dict.fromkeys(HEADER.split("\t"), "")
    rows = [
        row | {"city": QINGDAO, "tier": tier, "offering": "TR-01", "annual_limit": limit}
        for tier, limit in (("A", "50"), ("-", "24"))
    ]
    gifts = municipal.gifts_of(rows)["TR-01"]
    assert [each.limit for each in municipal.held(gifts, [(QINGDAO, "A")])] == [50]
    assert [each.limit for each in municipal.held(gifts, [(QINGDAO, "B")])] == [24]
    assert municipal.held(gifts, [("370100", "A")]) == []
    both = municipal.held(gifts, [(QINGDAO, "A"), (QINGDAO, "-")])
    assert [type(each) for each in both] == [Gift, Gift]


async def test_the_shipped_table_is_right(session: AsyncSession) -> None:
    rows = await tables.rows_of(session, municipal.TABLE)
    await municipal.check_table(session, rows, MONDAY)
    assert {row["basis"] for row in rows} == {"A"}


@pytest.mark.parametrize(
    "line",
    [
        "371200\t-\t莱芜市人才卡\tTR-01\t12\t0\t\tA",  # no city since 2018
        "370102\t-\t历下区人才卡\tTR-01\t12\t0\t\tA",
        "370200\t-\t青岛市人才卡\tXX-99\t12\t0\t\tA",
        "370200\t-\t青岛市人才卡\tTR-01\t-1\t0\t\tA",
        "370200\t-\t青岛市人才卡\tTR-01\t12\tx\t\tA",
        "370200\t-\t青岛市人才卡\tHO-02\t\t\t许多\tA",
        "370200\t\t青岛市人才卡\tTR-01\t12\t0\t\tA",
        "370200\t-\t\tTR-01\t12\t0\t\tA",
    ],
)
async def test_a_wrong_row_keeps_the_whole_table_out(session: AsyncSession, line: str) -> None:
    before = await tables.version_of(session, municipal.TABLE)
    with pytest.raises(BadTable):
        async with session.begin_nested():
            await load(session, TIERED, line)
    assert await tables.version_of(session, municipal.TABLE) == before


async def test_a_card_is_declared_once_a_city_and_is_its_holders_own(city: City) -> None:
    who = await holder(city)
    card = await declared(who, valid_until="2028-12-31")
    (line,) = (await who.get(CARDS)).json()["items"]
    assert line == {
        "id": card, "region": QINGDAO, "tier": None, "valid_until": "2028-12-31",
        "declared_at": "2026-03-02T10:00:00+08:00",
    }  # fmt: skip
    again = await who.post(CARDS, {"region": QINGDAO})
    assert (again.status_code, again.json()["code"]) == (409, "municipal-card-exists")
    other = await holder(city, QINGDAO)
    assert (await other.delete(f"{CARDS}/{card}")).status_code == 404
    assert (await who.delete(f"{CARDS}/{card}")).status_code == 204
    assert (await who.delete(f"{CARDS}/{card}")).status_code == 404
    assert await city.events(f"municipal-cards/{card}") == [
        "hck.municipal_card.declared.v1", "hck.municipal_card.ended.v1",
    ]  # fmt: skip
    await declared(who)


async def test_of_two_declarations_at_once_one_is_kept(city: City) -> None:
    who = await holder(city)
    answers = await asyncio.gather(*(who.post(CARDS, {"region": QINGDAO}) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"region": "370102"}, "/region"),
        ({"region": "371200"}, "/region"),
        ({"region": "110100"}, "/region"),
        ({"region": QINGDAO, "valid_until": "2026-03-01"}, "/valid_until"),
        ({"region": QINGDAO, "surprise": 1}, "/surprise"),
        ({}, "/region"),
    ],
)
async def test_what_is_wrong_is_told_where(
    city: City, given: dict[str, object], pointer: str
) -> None:
    answer = await (await holder(city)).post(CARDS, given)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


async def test_where_a_city_tells_tiers_apart_one_of_them_is_named(city: City) -> None:
    async with city.sessions.begin() as session:
        await load(session, TIERED.splitlines()[0])
    who = await holder(city)
    for given in ({"region": QINGDAO}, {"region": QINGDAO, "tier": "Z"}):
        answer = await who.post(CARDS, given)
        assert answer.json()["errors"][0]["pointer"] == "/tier"
    await declared(who, tier="A")
    assert (await who.get(CARDS)).json()["items"][0]["tier"] == "A"
    assert "档次" in (await who.get("/my/family")).text


async def test_only_talents_have_such_cards(city: City) -> None:
    centre = await city.person("centre")
    assert (await centre.post(CARDS, {"region": QINGDAO})).status_code == 403
    assert (await city.nobody.get(CARDS)).status_code == 401
