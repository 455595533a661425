"""What the README's pictures show beside the walk: a town on a usual day.

Only where HCK_PICTURES names a folder: requests of everybody, some taken on, some done and rated.
"""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.city import Someone
from tests.walks.running import Product, Town, until

WANTED = ("HO-01", "HO-02", "HO-03", "LE-01")
PLACES = (
    *[("talent1", "370100"), ("talent4", "370100")] * 2,
    ("talent2", "370200"),
    ("talent3", "370600"),
)
BUREAUS = ("housing", "window")
GRADES = (5, 5, 4, 5, 5, 3, 5, 4, 5)


def wanted() -> bool:
    """Whether somebody wants pictures."""
    return bool(os.environ.get("HCK_PICTURES"))


def usual_day(product: Product) -> None:
    """Let it happen; in a thread, as the browser's hand has the loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _usual_day(product)).result()


async def _usual_day(product: Product) -> None:
    async with product.town() as town:
        asked = 0
        for login, region in PLACES:
            for code in WANTED:
                asked += await _asked(town, login, code, region)
        bureaus = [await town.machine(key) for key in BUREAUS]

        async def routed() -> bool | None:
            return sum([len(await _queue(each)) for each in bureaus]) >= asked or None

        await until(routed)
        grades = iter(GRADES)
        for bureau in bureaus:
            await _handled(town, bureau, grades)


async def _asked(town: Town, login: str, code: str, region: str) -> bool:
    """One request, if they may have it."""
    holder = await town.person(login)
    offering = (await holder.get(f"/v1/offerings/{code}")).json()
    (example, *_) = offering["form_schema"]["examples"]
    body = {"offering": code, "region": region, "form": example}
    return (await holder.post("/v1/requests", body)).status_code == 201


async def _queue(bureau: Someone) -> list[dict[str, Any]]:
    found = await bureau.get("/v1/partner/requests", params={"state": "offered", "limit": 200})
    return list(found.json()["items"])


async def _handled(town: Town, bureau: Someone, grades: Iterator[int]) -> None:
    """Two of three are taken on, every second of these is done and rated."""
    for n, line in enumerate(await _queue(bureau)):
        path = f"/v1/partner/requests/{line['id']}"
        if n % 3 == 2 or not await _acts(bureau, path, "accept") or n % 2:
            continue
        result = {"outcome": "granted", "result": {"summary": "已办理"}}
        if await _acts(bureau, path, "complete", result):
            await _rated(town, line["id"], next(grades, 5))


async def _acts(bureau: Someone, path: str, act: str, body: Any = None) -> bool:
    etag = (await bureau.get(path)).headers["ETag"]
    return (await bureau.post(f"{path}/{act}", body, etag=etag)).status_code == 200


async def _rated(town: Town, request: str, grade: int) -> None:
    """By whoever's request it is: for the others there is no such request."""
    for login in sorted({login for login, _ in PLACES}):
        await (await town.person(login)).post(f"/v1/requests/{request}/rating", {"grade": grade})
