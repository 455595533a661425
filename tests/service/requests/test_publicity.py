from datetime import date, timedelta

import pytest

from service.offerings.models import OfferingVersion
from service.problems import InvalidBody
from service.requests import publicity
from tests.service.requests.make import NOON

TODAY = date(2026, 3, 2)
FORESEEN = OfferingVersion(publicity_wd=3)


def test_it_runs_from_today_to_the_end_of_its_last_day() -> None:
    publicity.check(FORESEEN, TODAY, TODAY, NOON)
    publicity.check(FORESEEN, TODAY, TODAY + timedelta(days=30), NOON)
    assert publicity.end_of(date(2026, 3, 4)).isoformat() == "2026-03-05T00:00:00+08:00"


@pytest.mark.parametrize(
    ("begins", "ends", "pointer"),
    [(1, 3, "/from"), (-1, 3, "/from"), (0, -1, "/to"), (0, 31, "/to")],
)
def test_other_days_are_refused_where_they_stand(begins: int, ends: int, pointer: str) -> None:
    with pytest.raises(InvalidBody) as refusal:
        publicity.check(
            FORESEEN, TODAY + timedelta(days=begins), TODAY + timedelta(days=ends), NOON
        )
    assert refusal.value.errors[0].pointer == pointer


def test_an_offering_without_publicity_stands_still_for_none() -> None:
    with pytest.raises(publicity.NoPublicity):
        publicity.check(OfferingVersion(publicity_wd=0), TODAY, TODAY, NOON)
