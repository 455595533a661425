"""Who may bring up what about whose card, and what has to be said (guide.md 2.4)."""

from typing import Any

import pytest

from tests.city import City
from tests.service.talents.matters.life import (
    KINDS,
    ask,
    asked,
    card_of,
    holder,
    manager,
    notices_of,
    specialist,
    uscc,
    window,
)

MAY = {
    "renewal": {"holder", "specialist"},
    "revocation": {"manager"},
    "leaving": {"manager"},
    "unit_change": {"holder"},
    "death": {"manager", "steward", "window"},
    "replacement": {"holder"},
}


@pytest.mark.parametrize("kind", MAY)
async def test_only_those_whom_the_table_names_bring_it_up(city: City, kind: str) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    more = {"unit_uscc": await uscc(city, "370102")} if kind == "unit_change" else {}
    people = {
        "holder": mine,
        "manager": await manager(city),
        "specialist": await specialist(city),
        "steward": await city.person("steward"),
        "window": await window(city, "370100"),
    }
    for name, who in people.items():
        answer = await ask(who, card["id"], kind, **more)
        if name not in MAY[kind]:
            assert answer.status_code == 403, (name, answer.text)
            continue
        assert answer.status_code == 201, (name, answer.text)
        matter = answer.json()
        assert (matter["kind"], matter["state"]) == (kind, "open")
        await who.post(f"/v1/card-matters/{matter['id']}/withdraw", etag=answer.headers["ETag"])
    (row,) = await city.sql(
        "SELECT state, revision FROM cards WHERE id = $1::text::uuid", card["id"]
    )
    assert (row["state"], row["revision"]) == ("active", 1)


@pytest.mark.parametrize(
    ("kind", "region", "days"),
    [
        ("renewal", "370100", "2026-03-17"),
        ("replacement", "370100", "2026-03-06"),
        ("revocation", "370000", "2026-03-31"),
        ("leaving", "370000", "2026-03-17"),
        ("death", "370000", "2026-03-10"),
    ],
)
async def test_the_window_and_the_working_days_are_the_table_s(
    city: City, kind: str, region: str, days: str
) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    who = mine if "holder" in MAY[kind] else await manager(city)
    matter = await asked(who, card["id"], kind)
    # Midnight: the end of the day before.
    assert (matter["place"], matter["due_at"]) == (region, f"{days}T00:00:00+08:00")


async def test_a_provincial_unit_s_card_is_renewed_by_the_province(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    await city.sql("UPDATE units SET level = 'province' WHERE region = '370100'")
    matter = await asked(mine, card["id"], "renewal")
    assert matter["place"] == "370000"


async def test_the_new_unit_s_window_decides_on_a_change(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    matter = await asked(mine, card["id"], "unit_change", unit_uscc=await uscc(city, "370200"))
    assert matter["place"] == "370200"
    qingdao = await window_of_qingdao(city)
    assert (await qingdao.get(f"/v1/card-matters/{matter['id']}")).status_code == 200
    assert (await qingdao.get(f"/v1/cards/{card['id']}")).status_code == 404


async def window_of_qingdao(city: City) -> Any:
    """The sample reviewers are 济南's: the county's moves to 青岛 for once."""
    await city.sql(
        "UPDATE grants SET region = '370200' WHERE region = '370102' AND role = 'reviewer'"
    )
    return await city.person("reviewer", region="370102")


@pytest.mark.parametrize(
    ("kind", "more", "pointer", "code"),
    [
        ("renewal", {"contract_until": "2026-03-02"}, "/contract_until", "past"),
        ("renewal", {"cause": "lost"}, "/cause", "not-for-kind"),
        ("renewal", {"reason": "  "}, "/reason", "missing"),
        ("replacement", {"cause": None}, "/cause", "missing"),
        ("unit_change", {}, "/unit_uscc", "missing"),
        ("unit_change", {"unit_uscc": "370100"}, "/unit_uscc", "invalid"),
        ("death", {"happened_on": "2026-03-03"}, "/happened_on", "future"),
    ],
)
async def test_what_is_wrong_is_pointed_at(
    city: City, kind: str, more: dict[str, Any], pointer: str, code: str
) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    who = mine if "holder" in MAY[kind] else await manager(city)
    refused = await ask(who, card["id"], kind, **more)
    assert refused.status_code == 422, refused.text
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


async def test_the_same_unit_is_no_change(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    refused = await ask(mine, card["id"], "unit_change", unit_uscc=await uscc(city, "370100"))
    assert refused.json()["errors"][0]["code"] == "unchanged"


async def test_a_second_of_a_kind_is_refused_while_the_first_is_open(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    await asked(mine, card["id"], "replacement")
    again = await ask(mine, card["id"], "replacement")
    assert (again.status_code, again.json()["code"]) == (409, "matter-open")
    await asked(mine, card["id"], "renewal")


async def test_nobody_else_knows_of_the_card(city: City) -> None:
    card = await card_of(await holder(city))
    other = await city.person("talent", region="370200")
    for kind in KINDS:
        assert (await ask(other, card["id"], kind)).status_code == 404
    assert (await other.get(f"/v1/cards/{card['id']}/matters")).status_code == 404
    assert (await other.get(f"/v1/cards/{card['id']}/timeline")).status_code == 404


async def test_a_suspended_card_is_not_renewed_and_says_what_is_open(city: City) -> None:
    mine = await holder(city)
    card = await card_of(mine)
    await mine.post(f"/v1/cards/{card['id']}/suspend", {"reason": "遗失"}, etag='"1"')
    refused = await ask(mine, card["id"], "renewal")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")
    assert refused.json()["allowed"] == ["unit_change", "replacement"]


async def test_a_year_without_a_calendar_keeps_nobody_from_asking(city: City) -> None:
    city.at("2030-12-01 10:00")
    mine = await holder(city)
    matter = await asked(mine, (await card_of(mine))["id"], "replacement")
    assert (matter["due_at"], matter["overdue"]) == (None, False)
    jinan = await window(city, "370100")
    for path in ("/card-matters", f"/card-matters/{matter['id']}"):
        assert (await jinan.get(path)).status_code == 200
    await city.settle()
    assert "前办理" not in (await notices_of(city, jinan))[-1]
