"""A notice for 2027 as it might be, and doors to it, for the tests of calendars."""

from typing import Any

import httpx

from tests.city import City, Someone

HEADER = "date\tkind\tname_en\tstate"
DAYS_2027 = {
    "New Year's Day": (["01-01", "01-02", "01-03"], []),
    "Spring Festival": (
        ["02-05", "02-06", "02-07", "02-08", "02-09", "02-10", "02-11", "02-12"],
        ["01-30", "02-20"],
    ),
    "Tomb-sweeping Day": (["04-03", "04-04", "04-05"], []),
    "Labour Day": (["05-01", "05-02", "05-03", "05-04", "05-05"], ["05-08"]),
    "Dragon Boat Festival": (["06-09", "06-10", "06-11"], ["06-12"]),
    "Mid-autumn Festival": (["09-15"], []),
    "National Day": ([f"10-0{n}" for n in range(1, 8)], ["10-09"]),
}


def lines(state: str = "published", **changed: str) -> list[str]:
    """The rows of 2027; `changed` replaces a row by its date (`d0501="…"`), empty leaves it out."""
    found: dict[str, str] = {}
    for name, (holidays, makeups) in DAYS_2027.items():
        for kind, days in (("holiday", holidays), ("makeup", makeups)):
            found |= {day: f"2027-{day}\t{kind}\t{name}\t{state}" for day in days}
    found |= {f"{key[1:3]}-{key[3:]}": row for key, row in changed.items()}
    return [row for _, row in sorted(found.items()) if row]


def table(**changed: str) -> str:
    """The same as a file."""
    return "\n".join([HEADER, *lines(**changed)]) + "\n"


def notice(**given: Any) -> dict[str, Any]:
    """The notice as it is sent."""
    return {
        "kind": "notice", "year": 2027, "notice": "国办发明电〔2026〕8号",
        "published_on": "2026-02-20", "source": "国务院办公厅", "table": table(),
    } | given  # fmt: skip


def snow(**given: Any) -> dict[str, Any]:
    """A day on which 济南 is closed."""
    day = {
        "date": "2026-03-03", "region": "370100", "kind": "holiday", "reason": "暴雪停工",
        "source": "济政发〔2026〕1号",
    }  # fmt: skip
    return {"kind": "overlay", "days": [day | given]}


async def centre(city: City, number: int = 1) -> Someone:
    return await city.person("centre", login=f"centre{number}")


async def drafted(city: City, given: dict[str, Any], who: Someone | None = None) -> httpx.Response:
    return await (who or await centre(city)).post("/v1/calendar-drafts", given)


async def tried(city: City, draft: httpx.Response) -> dict[str, Any]:
    path = f"/v1/calendar-drafts/{draft.json()['id']}/dry-run"
    answer = await (await centre(city)).get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def applied(
    city: City, draft: httpx.Response, who: Someone | None = None, seen: int | None = None
) -> httpx.Response:
    """A second person applies it, by the dry run of now."""
    who = who or await centre(city, 2)
    path = f"/v1/calendar-drafts/{draft.json()['id']}"
    etag = (await who.get(path)).headers["ETag"]
    if seen is None:
        seen = (await tried(city, draft))["calendar_version"]
    return await who.post(f"{path}/apply", {"calendar_version": seen}, etag=etag)
