"""Who gets what where: drafted by one official, tried on last month's log, published by another."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.city import City, Someone
from tests.service.editing.drafts import centre
from tests.service.requests.ask import accepted, offered

PATH = "/centre/routing/HO-01"


async def in_force(city: City, code: str = "HO-01") -> list[dict[str, Any]]:
    query = """SELECT region, partner_id::text AS partner, rank, share, daily_capacity,
        batch_capacity, to_char(opens_at, 'HH24:MI') AS opens_at,
        to_char(closes_at, 'HH24:MI') AS closes_at, valid_from::text, valid_to::text
        FROM routes WHERE offering = $1 ORDER BY region, rank, partner_id"""
    return [dict(row) for row in await city.sql(query, code)]


def form(rows: list[dict[str, Any]], why: str = "济南增加一家") -> dict[str, Any]:
    """The page's form with these lines, and an empty one after them."""
    names = list(rows[0])
    lines = [*rows, dict.fromkeys(names, "")]
    texts = {name: [str(line[name] or "") for line in lines] for name in names}
    return texts | {"why": why}


async def drafted(city: City, who: Someone, **cells: Any) -> httpx.Response:
    """The first line changed; everything else as it is."""
    rows = await in_force(city)
    return await who.post(PATH, data=form([rows[0] | cells, *rows[1:]]), key=None)


async def publish(who: Someone, at: str, revision: int = 1) -> httpx.Response:
    return await who.post(at, data={"_revision": str(revision), "do": "publish"}, key=None)


async def test_a_second_person_puts_them_in_force_and_nothing_else_moves(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    before, schools = await in_force(city), await in_force(city, "ED-01")
    made = await drafted(city, first, daily_capacity=7)
    assert made.status_code == 303, made.text
    at = made.headers["location"]
    assert await in_force(city) == before
    assert (await publish(first, at)).status_code == 409
    assert (await publish(second, at)).status_code == 303
    [changed, *rest] = await in_force(city)
    assert (changed, rest) == (before[0] | {"daily_capacity": 7}, before[1:])
    assert await in_force(city, "ED-01") == schools
    assert await city.events(f"routing-drafts/{at.rpartition('/')[2]}") == [
        "hck.routing.drafted.v1", "hck.routing.published.v1",
    ]  # fmt: skip
    [table] = await city.sql("SELECT count(*) AS n FROM table_versions WHERE name = 'routes'")
    assert table["n"] >= 1


async def test_the_draft_says_what_changes_in_words(city: City) -> None:
    first = await centre(city)
    at = (await drafted(city, first, daily_capacity=7)).headers["location"]
    page = (await first.get(at)).text
    assert "每日承接 无 改为 7" in page
    assert page.count('data-test="change"') == 1
    assert 'data-test="second-person"' in page
    assert 'data-test="publish"' in (await (await centre(city, 2)).get(at)).text


async def test_last_month_is_tried_by_the_draft(city: City) -> None:
    case = await offered(city)
    city.at("2026-04-02T10:00")
    first = await centre(city)
    [had] = await city.sql("SELECT partner_id::text AS id FROM dispatches")
    rows = [row for row in await in_force(city) if row["partner"] != had["id"]]
    made = await first.post(PATH, data=form(rows, "换一家"), key=None)
    page = (await first.get(made.headers["location"])).text
    assert "上个月派单 1 次,按此规则有 1 次不同" in page
    assert case.id not in page, "counts, not whose it was"


async def test_a_new_request_goes_by_the_published_rules(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    case = await accepted(city)
    [had] = await city.sql("SELECT partner_id FROM requests WHERE id = $1::uuid", case.id)
    rows = [r for r in await in_force(city) if r["partner"] != str(had["partner_id"])]
    made = await first.post(PATH, data=form(rows, "换一家"), key=None)
    await publish(second, made.headers["location"])
    holder = await city.person("talent", region="370100")
    again = await holder.post("/v1/requests", {**body_of(case.made)})
    await city.settle()
    [now] = await city.sql(
        "SELECT partner_id FROM requests WHERE id = $1::uuid", again.json()["id"]
    )
    assert now["partner_id"] not in (None, had["partner_id"])


def body_of(made: dict[str, Any]) -> dict[str, Any]:
    return {name: made[name] for name in ("offering", "region", "form")}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"region": "999999"}, "没有行政区划"),
        ({"partner": "nobody"}, "没有这个办理单位"),
        ({"share": "-1"}, "share"),
        ({"opens_at": "18:00", "closes_at": "09:00"}, "opens_at 应早于 closes_at"),
    ],
)
async def test_a_wrong_line_is_named_and_what_was_typed_stays(
    city: City, cells: dict[str, Any], said: str
) -> None:
    first = await centre(city)
    refused = await drafted(city, first, **cells)
    assert refused.status_code == 422
    assert said in refused.text
    assert "第 1 行" in refused.text
    assert "济南增加一家" in refused.text


async def test_nobody_left_is_refused_and_a_reason_is_asked_for(city: City) -> None:
    first, rows = await centre(city), await in_force(city)
    nobody = [dict.fromkeys(rows[0], "")]
    assert "至少要有一家" in (await first.post(PATH, data=form(nobody), key=None)).text
    assert "请写明为什么改" in (await first.post(PATH, data=form(rows, ""), key=None)).text


async def test_one_draft_an_offering_and_none_over_rules_that_changed(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    at = (await drafted(city, first, daily_capacity=7)).headers["location"]
    assert "已有草稿" in (await drafted(city, first, daily_capacity=8)).text
    await city.sql("UPDATE routes SET share = share + 1 WHERE offering = 'HO-01'")
    refused = await publish(second, at)
    assert (refused.status_code, "已被取代" in refused.text) == (409, True)
    dropped = await second.post(at, data={"_revision": "1", "do": "drop"}, key=None)
    assert dropped.status_code == 303
    assert (await drafted(city, first, daily_capacity=8)).status_code == 303


async def test_its_drafter_changes_it_and_an_old_sight_of_it_acts_on_nothing(city: City) -> None:
    first, second = await centre(city), await centre(city, 2)
    at = (await drafted(city, first, daily_capacity=7)).headers["location"]
    rows = await in_force(city)
    typed = form([rows[0] | {"daily_capacity": 9}, *rows[1:]]) | {"_revision": "1", "do": "change"}
    assert (await first.post(at, data=typed, key=None)).status_code == 303
    assert (await publish(second, at)).status_code == 412
    assert (await publish(second, at, 2)).status_code == 303
    assert (await in_force(city))[0]["daily_capacity"] == 9


async def test_the_database_itself_keeps_drafter_and_publisher_apart(city: City) -> None:
    await drafted(city, await centre(city), daily_capacity=7)
    owner = await asyncpg.connect(city.settings.database_owner_url)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(
            "UPDATE routing_drafts SET state = 'published', decided_by = drafted_by"
        )
    await owner.close()


async def test_the_pages_say_who_takes_what_and_how_much_they_had(city: City) -> None:
    await offered(city)
    who = await centre(city)
    await city.sql("DELETE FROM routes WHERE offering = 'ED-01'")
    await city.sql("UPDATE partners SET silent_since = $1", city.now - timedelta(days=1))
    listed = (await who.get("/centre/routing")).text
    assert "没有,申请会直接进入裁定" in listed
    assert 'data-test="rules-TR-01"' not in listed, "a benefit is given to nobody"
    page = (await who.get(PATH)).text
    assert page.count('data-test="rule"') == len(await in_force(city))
    assert "今日 1" in page
    assert "连续未接" in page
    for path in ("/centre/routing/TR-01", "/centre/routing/XX-99", "/centre/routing/%00"):
        assert (await who.get(path)).status_code == 404
