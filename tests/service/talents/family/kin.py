"""A holder's family and municipal cards, for tests that need one."""

import asyncio
from typing import Any

import httpx
from stdnum.cn import ric

from service.auth.callers import Caller, Grant, Role
from tests.city import City, Someone

JINAN, QINGDAO = "370100", "370200"
GUARDIAN = {"guardian_consent": True}
INFORMED = {"informed": True}


def number(born: str = "20180601", serial: str = "001") -> str:
    """A 居民身份证 number that is right."""
    stem = f"370102{born}{serial}"
    return stem + str(ric.calc_check_digit(stem + "0"))


def child(**given: Any) -> dict[str, Any]:
    """A child of seven."""
    return {
        "relation": "child", "name": "王小满", "id_number": number(), "consent": GUARDIAN,
    } | given  # fmt: skip


def spouse(**given: Any) -> dict[str, Any]:
    """A grown-up."""
    return {
        "relation": "spouse", "name": "李知夏", "id_number": number("19900102", "026"),
        "consent": INFORMED,
    } | given  # fmt: skip


def parent(nth: int = 1, **given: Any) -> dict[str, Any]:
    """One of several."""
    return spouse(
        relation="parent", name="王长安", id_number=number("19600304", f"{nth:03}"), **given
    )


async def holder(city: City, region: str = JINAN) -> Someone:
    """The sample holder of a city."""
    return await city.person("talent", region=region)


async def added(who: Someone, given: dict[str, Any]) -> str:
    """Somebody put on the family list; their id."""
    answer = await who.post("/v1/me/family", given)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def declared(who: Someone, region: str = QINGDAO, **given: Any) -> str:
    """A city's card declared; its id."""
    answer = await who.post("/v1/me/municipal-cards", {"region": region, **given})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def chosen(who: Someone, offering: str, uses: str) -> httpx.Response:
    """`PUT /v1/me/municipal-choices/{offering}`."""
    return await who.send("PUT", f"/v1/me/municipal-choices/{offering}", json={"uses": uses})


async def rights(who: Someone) -> dict[str, dict[str, Any]]:
    """What the card gives now, by offering."""
    answer = await who.get("/v1/me/entitlements")
    assert answer.status_code == 200, answer.text
    return {each["offering"]: each for each in answer.json()["items"]}


async def caller_of(city: City, who: Someone) -> Caller:
    """Somebody as the actions know them."""
    (row,) = await city.sql(
        "SELECT id, person_id FROM accounts WHERE login = $1", who.entry["login"]
    )
    return Caller(
        id=str(row["id"]), grants=(Grant(Role.TALENT),), account_id=row["id"],
        person_id=row["person_id"],
    )  # fmt: skip


async def waiting(city: City, task: asyncio.Task[Any]) -> bool:
    """Whether it comes to wait for a lock of somebody else's; False where it ends instead."""
    query = """
SELECT count(*) AS n FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    while not task.done():
        if (await city.sql(query))[0]["n"]:
            return True
    return False
