"""Reading somebody's data is itself on record, and only the auditor reads that record."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from service.audit.pages import KINDS
from tests.city import City
from tests.service.satisfaction.test_doors import Town
from tests.service.test_manners import handlers

NOBODYS = {
    # Doors with an id in their path that show no person's data, or only the caller's own.
    "calendars", "editing", "console_pages", "webhooks", "digests", "rating_pages", "batches",
    "deadline_routes", "staff_routes", "file_routes", "offerings", "routing",
}  # fmt: skip


def shown() -> dict[str, str]:
    return {path: h.opt["shows"] for path, h in handlers() if "shows" in h.opt}


async def looks(city: City, **asked: Any) -> list[tuple[str, str, str | None]]:
    auditor = await city.person("auditor")
    found = (await auditor.get("/v1/audit/looks", params=asked)).json()["items"]
    return [(each["role"], each["kind"], each["thing_id"]) for each in found]


async def test_who_was_shown_a_bad_rating_is_on_record(city: City) -> None:
    town = await Town(city).set()
    path, _ = await town.case()
    case = path.rpartition("/")[2]
    assert await looks(city, thing=case) == [("centre", "bad-rating", case)]
    await town.officer.get(path.removeprefix("/v1"))
    await town.holder.get(path)
    assert await looks(city, thing=case) == [("centre", "bad-rating", case)] * 2
    page = (await (await city.person("auditor")).get(f"/audit?subject=cases/{case}")).text
    assert page.count('data-test="look"') == 2


async def test_what_is_ones_own_is_no_matter_of_record(city: City) -> None:
    town = await Town(city).set()
    request = await town.completed()
    assert (await town.holder.get(f"/v1/requests/{request}")).status_code == 200
    assert await looks(city, thing=request) == []


async def test_a_machine_that_reads_a_request_is_on_record(city: City) -> None:
    town = await Town(city).set()
    request = await town.completed()
    path = f"/v1/partner/requests/{request}"
    seen = await town.clerk.get(path)
    assert seen.status_code == 200
    assert await looks(city, thing=request) == [("partner_clerk", "request", str(request))]
    await town.clerk.send("GET", path, headers={"If-None-Match": seen.headers["ETag"]})
    assert len(await looks(city, thing=request)) == 1


async def test_who_is_refused_was_shown_nothing(city: City) -> None:
    town = await Town(city).set()
    request = await town.completed()
    assert (await town.other_clerk.get(f"/v1/partner/requests/{request}")).status_code == 404
    assert await looks(city, thing=request) == []


async def test_the_service_cannot_bend_the_record(city: City) -> None:
    town = await Town(city).set()
    await town.case()
    for bend in ("UPDATE looks SET role = 'x'", "DELETE FROM looks"):
        with pytest.raises(ProgrammingError):
            async with city.sessions.begin() as session:
                await session.execute(text(bend))


def test_every_door_to_one_thing_says_whether_it_shows_somebody() -> None:
    silent = [
        path
        for path, handler in handlers()
        if "GET" in handler.http_methods and "{" in path and not handler.opt.get("open")
        and "shows" not in handler.opt
        and not NOBODYS & set(handler.fn.__module__.split("."))
        and not path.startswith("/my/")
    ]  # fmt: skip
    assert sorted(set(silent)) == KNOWN


KNOWN = sorted(
    [
        "/requests/{request_id}/deadline",
        "/v1/card-applications/{application_id}/deadline",
        "/v1/card-applications/{application_id}/timeline",
        "/v1/cards/{card_id}/timeline",
        "/v1/photos/{ticket}",
        "/v1/redemptions/{redemption_id}/rating",
        "/v1/requests/{request_id}/rating",
        "/v1/requests/{request_id}/timeline",
    ]
)
"""Deadlines and stories without names; the counter's photo, whose look is in `verifications`."""


def test_every_kind_has_its_chinese() -> None:
    assert set(shown().values()) <= set(KINDS)
