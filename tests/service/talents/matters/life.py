"""Cards, those who act on them, and matters brought up over the public interface."""

from typing import Any
from uuid import UUID

import httpx

from tests.city import City, Someone

WHY = "情况属实,请办理"
KINDS: dict[str, dict[str, Any]] = {
    "renewal": {"contract_until": "2033-06-30"},
    "revocation": {},
    "leaving": {"happened_on": "2026-02-28"},
    "unit_change": {},
    "death": {"happened_on": "2026-02-27"},
    "replacement": {"cause": "damaged"},
}


async def employed(city: City) -> None:
    """The sample unit's manager and specialist work for the 济南 holder's unit."""
    await city.sql(
        "UPDATE grants SET organisation_id = (SELECT id FROM units WHERE region = '370100')"
        " WHERE role IN ('unit_manager', 'unit_specialist')"
    )


async def holder(city: City) -> Someone:
    return await city.person("talent", region="370100", category=2)


async def manager(city: City) -> Someone:
    await employed(city)
    return await city.person("unit_manager")


async def specialist(city: City) -> Someone:
    await employed(city)
    return await city.person("unit_specialist")


async def window(city: City, region: str) -> Someone:
    return await city.person("reviewer", region=region)


async def card_of(who: Someone) -> dict[str, Any]:
    found: dict[str, Any] = (await who.get("/v1/me/card")).json()
    return found


async def uscc(city: City, region: str) -> str:
    (row,) = await city.sql("SELECT uscc FROM units WHERE region = $1", region)
    return str(row["uscc"])


async def ask(who: Someone, card_id: str, kind: str, **more: Any) -> httpx.Response:
    """Bring a matter up."""
    body = {"kind": kind, "reason": WHY, **KINDS[kind], **more}
    return await who.post(f"/v1/cards/{card_id}/matters", body)


async def asked(who: Someone, card_id: str, kind: str, **more: Any) -> dict[str, Any]:
    """The same where nothing stands against it."""
    answer = await ask(who, card_id, kind, **more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def act(who: Someone, matter: dict[str, Any], name: str, body: Any = None) -> httpx.Response:
    """Somebody acts on it as they see it now."""
    path = f"/v1/card-matters/{matter['id']}"
    seen = await who.get(path)
    return await who.post(f"{path}/{name}", body, etag=seen.headers.get("ETag", '"0"'))


async def decide(
    who: Someone, matter: dict[str, Any], decision: str = "agree", opinion: str = "已核实"
) -> httpx.Response:
    return await act(who, matter, "decisions", {"decision": decision, "opinion": opinion})


async def agreed(who: Someone, matter: dict[str, Any]) -> dict[str, Any]:
    answer = await decide(who, matter)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def notices_of(city: City, who: Someone) -> list[str]:
    """What somebody's inbox says, oldest first."""
    query = (
        "SELECT n.text FROM notices n JOIN accounts a ON a.id = n.account_id"
        " WHERE a.login = $1 ORDER BY n.id"
    )
    return [row["text"] for row in await city.sql(query, who.entry["login"])]


async def person_of(city: City, card_id: str) -> UUID:
    (row,) = await city.sql("SELECT person_id FROM cards WHERE id = $1", UUID(card_id))
    found: UUID = row["person_id"]
    return found
