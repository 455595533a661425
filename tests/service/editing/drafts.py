"""Drafts of offerings, through the doors: for tests that begin further on."""

from typing import Any

import httpx

from service.editing import content as contents
from tests.city import City, Someone


async def centre(city: City, number: int = 1) -> Someone:
    return await city.person("centre", login=f"centre{number}")


async def content_of(city: City, code: str = "HO-01", **changed: Any) -> dict[str, Any]:
    shown = (await city.nobody.get(f"/v1/offerings/{code}")).json()
    plain = {name: shown[name] for name in contents.FIELDS if name in shown}
    query = "SELECT low_value FROM offering_versions WHERE code = $1 ORDER BY version DESC LIMIT 1"
    [low] = await city.sql(query, code)
    empty = {name: shown[name] or {} for name in ("form_schema", "result_schema")}
    return plain | empty | {"low_value": low["low_value"]} | changed


async def drafted(
    city: City, who: Someone | None = None, code: str = "HO-01", **changed: Any
) -> httpx.Response:
    valid_from = changed.pop("valid_from", city.now.date().isoformat())
    body = {
        "content": await content_of(city, code, **changed), "valid_from": valid_from,
        "why": "按新办法缩短时限",
    }  # fmt: skip
    who = who or await centre(city)
    return await who.post(f"/v1/offerings/{code}/drafts", body)


async def act(who: Someone, draft: httpx.Response, name: str) -> httpx.Response:
    path = f"/v1/offering-drafts/{draft.json()['id']}"
    etag = (await who.get(path)).headers["ETag"]
    return await who.post(f"{path}/{name}", etag=etag)
