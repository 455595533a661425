"""Which steps an application goes through, and what its row allows: no database needed."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from events.of_applications import ApplicationAtCityReview, ApplicationReturned
from service.problems import WrongState
from service.talents.applications import steps
from service.talents.applications.application import EVENTS, Application

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
COUNTY = steps.path_of("county", "office")


def made(**given: Any) -> Application:
    values: dict[str, Any] = {
        "id": uuid4(), "category": 5, "step": "draft", "path": [], "return_to": None,
        "mend_at": None, "pauses": [],
    }  # fmt: skip
    return Application(**values | given)


def test_a_countys_unit_of_a_reviewed_category_goes_through_every_step() -> None:
    assert COUNTY == [
        "draft", "unit_assign", "unit_complete", "unit_endorse", "county_review", "city_review",
        "province_review", "office_consent", "issuing", "issued",
    ]  # fmt: skip


def test_a_citys_unit_skips_the_county_and_a_provinces_unit_begins_at_the_province() -> None:
    city, province = steps.path_of("city", "office"), steps.path_of("province", "office")
    assert set(COUNTY) - set(city) == {"county_review"}
    assert set(COUNTY) - set(province) == {"county_review", "city_review"}
    assert province[province.index("unit_endorse") + 1] == "province_review"


def test_a_direct_category_needs_no_consent() -> None:
    assert "office_consent" not in steps.path_of("county", "")


def test_every_step_and_every_end_has_an_event() -> None:
    assert set(EVENTS) == {*steps.STEPS, *steps.OFF_PATH}


def test_a_returned_one_comes_back_to_who_returned_it_and_nowhere_else() -> None:
    application = made(step="city_review", path=COUNTY)
    event = application.return_("unit_complete", NOON)
    assert isinstance(event, ApplicationReturned)
    assert (application.step, application.at, event.returned_to) == (
        "returned", "unit_complete", "unit_complete",
    )  # fmt: skip
    assert isinstance(application.submit([], NOON), ApplicationAtCityReview)
    assert (application.step, application.return_to, application.mend_at) == (
        "city_review", None, None,
    )  # fmt: skip


@pytest.mark.parametrize("step", ["issued", "rejected", "withdrawn"])
def test_an_ended_one_allows_nothing_to_anybody(step: str) -> None:
    assert made(step=step, path=COUNTY).acts(set(COUNTY), own=True) == []


def test_only_the_holder_of_the_step_may_act_and_the_talent_may_always_withdraw() -> None:
    application = made(step="county_review", path=COUNTY)
    assert application.acts({"county_review"}, own=False) == ["decisions"]
    assert application.acts({"city_review"}, own=False) == []
    assert application.acts({"draft"}, own=True) == ["withdraw"]


def test_a_reviewer_who_mends_hands_on_without_editing() -> None:
    application = made(
        step="returned", path=COUNTY, mend_at="county_review", return_to="city_review"
    )
    assert application.acts({"county_review"}, own=False) == ["submit"]


def test_a_refused_act_tells_the_state_and_what_is_open() -> None:
    application = made(step="county_review", path=COUNTY)
    with pytest.raises(WrongState) as refusal:
        application.check("submit", ["withdraw"])
    assert refusal.value.members() == {"state": "county_review", "allowed": ["withdraw"]}


def test_a_withdrawn_one_remembers_how_far_it_came() -> None:
    application = made(step="city_review", path=COUNTY)
    application.return_("draft", NOON)
    application.end("withdrawn", NOON)
    assert (application.step, application.reached) == ("withdrawn", "city_review")
