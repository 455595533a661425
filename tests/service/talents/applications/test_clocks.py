"""Until when a step's holder should have acted (time.md L4, P3)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.talents.applications import clocks, steps
from service.talents.applications.application import Application
from service.worktime.current import shipped
from service.worktime.hours import SHANGHAI
from tests.city import City
from tests.service.talents.apply import WAYS, at_county, drafted

BACK = {"decision": "return", "opinion": "请补充"}
MONDAY = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def made(level: str = "county", consent: str = "office", **given: Any) -> Application:
    values: dict[str, Any] = {
        "id": uuid4(), "category": 5, "region": "370102", "step": "draft", "path": [],
        "return_to": None, "mend_at": None, "since": None, "pauses": [], "due_at": None,
        "specialist_id": None, "step_since": MONDAY,
    }  # fmt: skip
    return Application(**values | given)


def moved(application: Application, act: str, when: datetime, *, to: str = "draft") -> None:
    path = steps.path_of("county", "office")
    match act:
        case "submit":
            application.submit(path, when)
        case "assign":
            application.assign(uuid4(), when)
        case "return":
            application.return_(to, when)
        case "reassign":
            application.reassign(uuid4())
        case "pass":
            application.pass_(when)
        case _:
            application.end(act, when)
    clocks.run(application, shipped())


def at_step(step: str, when: datetime = MONDAY) -> Application:
    application = made(step=step, path=steps.path_of("county", "office"), since=when)
    application.step_since = when
    clocks.run(application, shipped())
    return application


@pytest.mark.parametrize(
    ("step", "due_at"),
    [
        ("unit_assign", "2026-03-05"),
        ("unit_complete", "2026-03-10"),
        ("unit_endorse", "2026-03-06"),
        ("county_review", "2026-03-10"),
        ("city_review", "2026-03-10"),
        ("province_review", "2026-03-17"),
        ("office_consent", "2026-03-17"),
    ],
)
def test_l4_each_step_has_its_working_days_the_day_of_arrival_not_counted(
    step: str, due_at: str
) -> None:
    assert at_step(step).due_at == at(f"{due_at}T00:00:00")


def test_a_file_comes_back_with_the_rest_of_its_time() -> None:
    application = at_step("county_review")
    moved(application, "return", at("2026-03-05T15:00:00"))  # 3rd and 4th of March are used
    assert application.due_at == at("2026-03-20T00:00:00")  # ten days for whoever mends
    moved(application, "submit", at("2026-03-16T09:00:00"))
    assert application.due_at == at("2026-03-20T00:00:00")  # three days left: 17th to 19th


def test_a_file_that_was_late_comes_back_late() -> None:
    application = at_step("county_review")
    was_due = application.due_at
    moved(application, "return", at("2026-03-12T09:00:00"))
    assert application.due_at == at("2026-03-27T00:00:00")
    moved(application, "submit", at("2026-03-13T09:00:00"))
    assert application.due_at == was_due


def test_returned_twice_it_still_has_only_what_was_left() -> None:
    application = at_step("county_review")
    for back, again in (("03-03T10", "03-05T10"), ("03-06T10", "03-11T10")):
        moved(application, "return", at(f"2026-{back}:00:00"))
        moved(application, "submit", at(f"2026-{again}:00:00"))
    # Nothing of the five is used: each day was one of arrival or ended while it was away.
    assert application.due_at == at("2026-03-19T00:00:00")


def test_the_next_step_begins_with_a_whole_budget() -> None:
    application = at_step("county_review")
    moved(application, "return", at("2026-03-05T15:00:00"))
    moved(application, "submit", at("2026-03-16T09:00:00"))
    moved(application, "pass", at("2026-03-17T09:00:00"))
    assert (application.step, application.pauses) == ("city_review", [])
    assert application.due_at == at("2026-03-25T00:00:00")


def test_a_draft_and_what_has_ended_are_on_no_clock() -> None:
    application = made()
    clocks.run(application, shipped())
    assert application.due_at is None
    ended = at_step("county_review")
    moved(ended, "rejected", MONDAY)
    assert ended.due_at is None


def test_the_province_counts_its_own_days_and_the_county_those_of_the_county() -> None:
    places = {
        step: clocks.place_of(at_step(step), shipped().places)
        for step in ("unit_endorse", "county_review", "city_review", "office_consent")
    }
    assert places == {
        "unit_endorse": "370102", "county_review": "370102", "city_review": "370100",
        "office_consent": "370000",
    }  # fmt: skip


ACTS = ("submit", "assign", "pass", "return", "reassign", "rejected", "withdrawn")


def open_acts(application: Application) -> list[str]:
    """What somebody may do with it, by the table."""
    if not application.open or application.step == "issuing":
        return []
    if application.step == "returned":
        return ["submit", "withdrawn"]
    step = steps.STEPS[application.step]
    named = [each for each in ("submit", "assign") if each in step.acts]
    decided = {"pass": "pass", "return": "return", "reject": "rejected"}
    found = [*named, *(decided[each] for each in step.decisions), "withdrawn"]
    return [*found, "reassign"] if application.has_specialist else found


@given(st.data())
def test_whatever_is_done_it_stays_on_its_path_and_has_a_time_if_somebody_must_act(
    data: st.DataObject,
) -> None:
    application, when = made(), MONDAY
    for _ in range(data.draw(st.integers(1, 25))):
        if not (allowed := open_acts(application)):
            break
        when += timedelta(minutes=data.draw(st.integers(0, 14 * 24 * 60)))
        before, act = application.reached, data.draw(st.sampled_from(allowed))
        earlier = (
            application.path[: application.path.index(application.step)]
            if (act == "return")
            else ["draft"]
        )
        moved(application, act, when, to=data.draw(st.sampled_from(earlier)))
        assert application.step in {*application.path, *steps.OFF_PATH}
        assert application.step in steps.OFF_PATH or application.return_to is None
        if application.step not in steps.OFF_PATH and application.path:
            n = [*steps.ORDER].index
            assert n(application.reached) - n(before) in (0, 1)
        must_act = application.open and application.step not in ("draft", "issuing")
        assert (application.due_at is not None) == must_act
        assert (application.mend_at is not None) == (application.step == "returned")
        assert [len(pause) for pause in application.pauses[:-1]] == [2] * (
            len(application.pauses[:-1])
        )


async def test_the_file_says_until_when_and_why(city: City) -> None:
    way = await at_county(city)
    assert (await way.seen("county")).json()["due_at"] == "2026-03-10T00:00:00+08:00"
    city.at("2026-03-04 09:00")
    found = (await (await way.who("county")).get(f"{way.path}/deadline")).json()
    assert (found["at"], found["display"], found["workdays"]) == (
        "county_review", "3月9日(周一)24:00", 5,
    )  # fmt: skip
    assert (found["consumed"], found["left"], found["overdue"]) == (1, 4, False)
    assert [each["counted"] for each in found["explanation"]] == [
        False, True, True, True, True, False, False, True,
    ]  # fmt: skip
    city.at("2026-03-10 00:00")
    late = (await (await way.who("county")).get(f"{way.path}/deadline")).json()
    assert (late["left"], late["overdue"]) == (0, True)


async def test_a_draft_has_no_deadline_and_a_stranger_finds_none(city: City) -> None:
    way = await drafted(city)
    found = (await (await way.who("talent")).get(f"{way.path}/deadline")).json()
    assert (found["due_at"], found["explanation"]) == (None, [])
    assert (await (await way.who("county")).get(f"{way.path}/deadline")).status_code == 404


async def test_the_list_comes_by_what_runs_out_first_page_by_page(city: City) -> None:
    way = await at_county(city)
    who = await way.who("county")
    (first,) = (await who.get(f"{WAYS}?sort=due&mine=true&limit=1")).json()["items"]
    assert first["id"] == way.id
    assert (await who.get(f"{WAYS}?sort=due&overdue=true")).json()["items"] == []
    assert (await who.get(f"{WAYS}?sort=due&cursor=xx")).status_code == 400
    city.at("2026-03-12 09:00")
    who = await way.who("county")
    (late,) = (await who.get(f"{WAYS}?sort=due&overdue=true")).json()["items"]
    assert late["due_at"] == "2026-03-10T00:00:00+08:00"


async def test_files_of_before_get_their_time_by_the_sweep(city: City) -> None:
    way = await at_county(city)
    await city.sql("UPDATE card_applications SET due_at = NULL")
    async with city.sessions.begin() as session:
        assert await clocks.give_missing(session, city.now) == 1
    assert (await way.seen("county")).json()["due_at"] == "2026-03-10T00:00:00+08:00"
    async with city.sessions.begin() as session:
        assert await clocks.give_missing(session, city.now) == 0
