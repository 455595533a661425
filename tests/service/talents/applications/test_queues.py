"""The queue says as a condition what `holding` says of one row; by what runs out first."""

from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.auth.callers import Caller, Grant, Role
from service.auth.models import Account
from service.reference import regions
from service.talents.applications import holding, queues, steps
from service.talents.applications.application import Application
from service.talents.applications.queues import Asked
from service.talents.models import Person, Unit
from tests.city import MONDAY, City, Someone
from tests.service.talents.apply import Way, at_county

PLACES = ("370102", "370103", "370100", "370202", "370000")


async def planted(session: AsyncSession) -> list[Application]:
    """A file at every step, of every place, returned to everybody, of two specialists."""
    person = (await session.scalars(select(Person).limit(1))).one()
    units = (await session.scalars(select(Unit).limit(2))).all()
    accounts = (await session.scalars(select(Account.id).limit(2))).all()
    path = steps.path_of("county", "office")
    ways: list[tuple[str, str | None, str | None]] = [(step, None, None) for step in path[1:]]
    ways += [("returned", mend, "office_consent") for mend in path[:7]]
    ways += [("rejected", None, "city_review"), ("withdrawn", None, "unit_assign")]
    made = []
    for n, ((step, mend_at, back), region, unit, specialist) in enumerate(
        product(ways, PLACES, units, [*accounts, None])
    ):
        made.append(
            Application(
                id=ids.new_id(), person_id=person.id, account_id=accounts[0], unit_id=unit.id,
                category=5, region=region, contract_until=None, management_until=None, evidence=[],
                step=step, path=path, return_to=back, mend_at=mend_at, specialist_id=specialist,
                created_at=MONDAY, step_since=MONDAY,
                due_at=MONDAY + timedelta(hours=n * 7919 % 1000) if n % 5 else None,
            )
        )  # fmt: skip
    session.add_all(made)
    await session.flush()
    return made


def caller(account: UUID, *grants: Grant) -> Caller:
    return Caller(id=str(account), account_id=account, grants=grants)


async def callers(session: AsyncSession) -> list[Caller]:
    units = (await session.scalars(select(Unit.id).limit(2))).all()
    accounts = (await session.scalars(select(Account.id).limit(2))).all()
    found = [caller(uuid4(), Grant(Role.REVIEWER, region=each)) for each in PLACES]
    found += [caller(uuid4(), Grant(Role.OFFICE, region="370000")), caller(uuid4())]
    for account, unit in product([*accounts, uuid4()], units):
        for role in (Role.UNIT_MANAGER, Role.UNIT_SPECIALIST):
            found.append(caller(account, Grant(role, organisation_id=unit)))
    both = (Grant(Role.REVIEWER, region="370102"), Grant(Role.REVIEWER, region="370000"))
    return [*found, caller(uuid4(), *both)]


async def test_what_waits_for_somebody_is_what_they_may_act_on(session: AsyncSession) -> None:
    rows, known = await planted(session), await regions.of(session)
    seen = 0
    for each in await callers(session):
        query = select(Application.id).where(queues.waits_for(known, each))
        found = set(await session.scalars(query)) & {row.id for row in rows}
        acts = {row.id: {*holding.acts_among(known, each, row)} - {"reassign"} for row in rows}
        assert found == {row_id for row_id, names in acts.items() if names}, each.grants
        seen += len(found)
    assert seen > 300


async def test_pages_follow_one_another_without_a_gap(session: AsyncSession) -> None:
    rows = await planted(session)
    who = caller(uuid4(), Grant(Role.REVIEWER, region="370000"))
    found: list[Any] = []
    total = 1
    while len(found) < total:
        page, total, _ = await queues.page_of(
            session, who, Asked(), MONDAY, skip=len(found), limit=7
        )
        assert page
        found += page
    assert len({each.id for each in found}) == total
    due = [each.due_at for each in found]
    timed = [each for each in due if each]
    assert due == [*sorted(timed), *[None] * (len(due) - len(timed))]
    assert {each.id for each in found} <= {each.id for each in rows}


async def test_a_cursor_goes_on_where_the_list_stopped(session: AsyncSession) -> None:
    await planted(session)
    who = caller(uuid4(), Grant(Role.REVIEWER, region="370000"))
    for by_due in (True, False):
        found: list[UUID] = []
        cursor: str | None = None
        while True:
            rows = await queues.listed(
                session, who, Asked(view="all"), MONDAY, cursor=cursor, limit=40, by_due=by_due
            )
            found += [each.id for each in rows[:40]]
            if len(rows) <= 40:
                break
            cursor = queues.cursor_of(rows[39], by_due=by_due)
        everything, total, _ = await queues.page_of(
            session, who, Asked(view="all"), MONDAY, skip=0, limit=2000
        )
        assert len(found) == total
        assert set(found) == {each.id for each in everything}


async def test_filters_narrow_what_is_seen_and_never_widen_it(session: AsyncSession) -> None:
    await planted(session)
    who = caller(uuid4(), Grant(Role.REVIEWER, region="370102"))

    async def number(**given: Any) -> int:
        asked = Asked(**{"view": "all"} | given)
        return (await queues.page_of(session, who, asked, MONDAY, skip=0, limit=1))[1]

    whole = await number()
    assert 0 < await number(step="county_review") < whole
    assert await number(region="370102") == whole
    assert await number(region="370202") == 0
    assert await number(category=4) == 0
    assert await number(view="mine", step="city_review") == 0
    late = timedelta(days=400)
    asked = Asked(view="all", overdue=True)
    rows, total, _ = await queues.page_of(session, who, asked, MONDAY + late, skip=0, limit=999)
    assert total == len(rows)
    assert all(each.due_at for each in rows)


async def found_by(who: Someone, q: str) -> str:
    """The page of a search."""
    headers, data = {"Accept": "text/html"}, {"view": "all", "q": q}
    answer = await who.post("/review/find", key=None, data=data, headers=headers)
    assert (answer.status_code, str(answer.request.url.query)) == (200, "b''")
    return answer.text


async def test_a_name_is_found_though_it_is_sealed(city: City) -> None:
    way: Way = await at_county(city)
    who = await way.who("county")
    for q, there in (("若溪", True), ("云帆", True), (way.id[:13], True), ("无此人", False)):
        text = await found_by(who, q)
        assert (f'data-id="{way.id}"' in text) is there, q


async def test_a_search_that_stops_before_the_end_says_so(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    way: Way = await at_county(city)
    who = await way.who("county")
    assert 'data-test="cut"' not in await found_by(who, "无此人")
    monkeypatch.setattr(queues, "SEARCHED", 1)
    assert 'data-test="cut"' in await found_by(who, "无此人")
