"""The partners' feed (events.md 3): only one's own, nothing passed over, at once when asked."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from events.of_requests import RequestBounced, RequestOffered
from tests.city import MONDAY, City, Someone

FEED = "/v1/partner/events"


async def append(session: AsyncSession, city: City, event: Event) -> None:
    """One event in this session's transaction."""
    await log.append(session, event, by=log.SYSTEM, region="370100", now=city.now)
    await session.flush()


def offer(to: Someone, request_id: UUID | None = None) -> RequestOffered:
    """A request that is offered to somebody's agency."""
    return RequestOffered(
        request_id=request_id or uuid4(),
        offering="HO-01",
        partner_id=UUID(to.entry["partner_id"]),
        dispatch_id=uuid4(),
        due_at=MONDAY + timedelta(days=1),
    )


async def read(who: Someone, cursor: str | None = None, **query: Any) -> dict[str, Any]:
    """What is new to somebody."""
    answer = await who.get(FEED, params={**query, **({"cursor": cursor} if cursor else {})})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_a_partner_reads_each_event_once_oldest_first(city: City) -> None:
    housing = await city.client("housing")
    async with city.sessions.begin() as session:
        for _ in range(5):
            await append(session, city, offer(housing))
    first = await read(housing, limit=2)
    second = await read(housing, first["cursor"], limit=2)
    third = await read(housing, second["cursor"], limit=2)
    seen = [event["id"] for page in (first, second, third) for event in page["events"]]
    assert len(set(seen)) == 5
    assert seen == sorted(seen)
    assert (await read(housing, third["cursor"]))["events"] == []


async def test_an_event_is_a_cloud_event_without_personal_data(city: City) -> None:
    housing = await city.client("housing")
    event = offer(housing)
    async with city.sessions.begin() as session:
        await append(session, city, event)
    shown = (await read(housing))["events"][0]
    assert shown["specversion"] == "1.0"
    assert (shown["type"], shown["source"]) == ("hck.request.offered.v1", "/hck/370100")
    assert (shown["subject"], shown["sequence"]) == (f"requests/{event.request_id}", 1)
    assert shown["time"] == city.now.isoformat()
    assert set(shown["data"]) == {
        "request_id", "offering", "partner_id", "dispatch_id", "due_at",
    }  # fmt: skip
    schema = await city.nobody.get(shown["dataschema"].removeprefix(city.settings.base_url))
    assert schema.status_code == 200


async def test_an_event_that_commits_late_is_not_passed_over(city: City) -> None:
    housing = await city.client("housing")
    early, late = offer(housing), offer(housing)
    slow, quick = city.sessions(), city.sessions()
    await append(slow, city, early)
    await append(quick, city, late)
    await quick.commit()
    meanwhile = await read(housing)
    assert meanwhile["events"] == []  # the later one waits for the one that may still commit
    await slow.commit()
    both = await read(housing, meanwhile["cursor"])
    assert [e["subject"] for e in both["events"]] == [early.subject, late.subject]
    await slow.close()
    await quick.close()


async def test_an_event_that_is_rolled_back_holds_nothing_up(city: City) -> None:
    housing = await city.client("housing")
    gone, kept = offer(housing), offer(housing)
    slow = city.sessions()
    await append(slow, city, gone)
    async with city.sessions.begin() as session:
        await append(session, city, kept)
    await slow.rollback()
    await slow.close()
    assert [e["subject"] for e in (await read(housing))["events"]] == [kept.subject]


async def test_a_long_poll_answers_when_something_comes(city: City) -> None:
    housing = await city.client("housing")
    place = (await read(housing))["cursor"]
    waiting = asyncio.create_task(read(housing, place, wait=30))
    event = offer(housing)
    async with city.sessions.begin() as session:
        await append(session, city, event)
    page = await asyncio.wait_for(waiting, 10)
    assert [e["subject"] for e in page["events"]] == [event.subject]


async def test_whoever_waits_holds_no_connection(city: City) -> None:
    housing = await city.client("housing")
    place = (await read(housing))["cursor"]
    many = city.settings.database_pool * 2 + 4  # more than there are connections
    waiting = [asyncio.create_task(read(housing, place, wait=30)) for _ in range(many)]
    event = offer(housing)
    async with city.sessions.begin() as session:
        await append(session, city, event)
    pages = await asyncio.wait_for(asyncio.gather(*waiting), 20)
    assert all(page["events"][0]["subject"] == event.subject for page in pages)


async def test_a_partner_sees_its_own_events_only(city: City) -> None:
    housing, education = await city.client("housing"), await city.client("education")
    async with city.sessions.begin() as session:
        await append(session, city, offer(housing))
    assert len((await read(housing))["events"]) == 1
    assert (await read(education))["events"] == []


async def test_a_request_that_moved_on_is_told_to_each_partner_for_its_own_part(
    city: City,
) -> None:
    former, present = await city.client("housing_lixia"), await city.client("housing")
    request_id = uuid4()
    bounced = RequestBounced(
        request_id=request_id,
        offering="HO-01",
        partner_id=UUID(former.entry["partner_id"]),
        reason="no_capacity",
        bounces=1,
    )
    async with city.sessions.begin() as session:
        for event in (offer(former, request_id), bounced, offer(present, request_id)):
            await append(session, city, event)
    theirs = [(e["type"], e["sequence"]) for e in (await read(former))["events"]]
    ours = [(e["type"], e["sequence"]) for e in (await read(present))["events"]]
    assert theirs == [("hck.request.offered.v1", 1), ("hck.request.bounced.v1", 2)]
    assert ours == [("hck.request.offered.v1", 3)]


async def test_a_cursor_is_good_for_ninety_days(city: City) -> None:
    housing = await city.client("housing")
    place = (await read(housing))["cursor"]
    city.pass_time(timedelta(days=90))
    housing = await city.client("housing")
    assert (await housing.get(FEED, params={"cursor": place})).status_code == 200
    city.pass_time(timedelta(seconds=1))
    answer = await housing.get(FEED, params={"cursor": place})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor-expired")


@pytest.mark.parametrize("cursor", ["x", "é", "MS4yLjM", "a" * 500, "\x00", "LTEuMC4w"])
async def test_a_cursor_that_nobody_gave_is_refused(city: City, cursor: str) -> None:
    housing = await city.client("housing")
    answer = await housing.get(FEED, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor")


@pytest.mark.parametrize("query", ["wait=31", "wait=-1", "wait=x", "limit=0", "limit=201"])
async def test_wait_and_limit_have_bounds(city: City, query: str) -> None:
    housing = await city.client("housing")
    assert (await housing.get(f"{FEED}?{query}")).status_code == 422


async def test_the_feed_is_for_partners(city: City) -> None:
    assert (await city.nobody.get(FEED)).status_code == 401
    talent = await city.person("talent", region="370100")
    assert (await talent.get(FEED)).status_code == 403
    clerk = await city.person("partner_clerk", partner="housing")
    assert (await clerk.get(FEED)).status_code == 200
    assert (await (await city.client("airport")).get(FEED)).status_code == 200


async def test_it_is_kept_when_a_partner_was_last_here(city: City) -> None:
    housing = await city.client("housing")
    query = "SELECT last_seen_at FROM partners WHERE id = $1"
    who = UUID(housing.entry["partner_id"])
    assert (await city.sql(query, who))[0]["last_seen_at"] is None
    await read(housing)
    assert (await city.sql(query, who))[0]["last_seen_at"] == city.now
    first = city.now
    city.pass_time(timedelta(seconds=30))
    await read(housing)
    assert (await city.sql(query, who))[0]["last_seen_at"] == first  # to the minute
    city.pass_time(timedelta(seconds=31))
    await read(housing)
    assert (await city.sql(query, who))[0]["last_seen_at"] == city.now
