"""Seasons and categories: rules that need no database."""

from datetime import date

import pytest

from service.offerings import catalogue, queries
from service.offerings.entitlement import why_not
from service.offerings.models import OfferingVersion
from service.offerings.windows import window_open
from service.problems import BadCursor
from service.reference.tables import BadTable


@pytest.mark.parametrize(
    ("window", "day", "is_open"),
    [
        (None, date(2026, 1, 1), True),
        ("07-01/08-20", date(2026, 6, 30), False),
        ("07-01/08-20", date(2026, 7, 1), True),
        ("07-01/08-20", date(2026, 8, 20), True),
        ("07-01/08-20", date(2026, 8, 21), False),
        ("12-15/01-15", date(2026, 12, 31), True),
        ("12-15/01-15", date(2026, 1, 15), True),
        ("12-15/01-15", date(2026, 2, 1), False),
    ],
)
def test_a_season_has_both_its_days_and_may_cross_the_new_year(
    window: str | None, day: date, is_open: bool
) -> None:
    assert window_open(window, day) is is_open


@pytest.mark.parametrize(
    ("text", "categories"),
    [("1-5", [1, 2, 3, 4, 5]), ("1,2", [1, 2]), ("5", [5]), ("1-2,2-3", [1, 2, 3])],
)
def test_categories_are_written_as_ranges_or_lists(text: str, categories: list[int]) -> None:
    assert catalogue.categories_of(text) == categories


@pytest.mark.parametrize("text", ["", "0", "5-1", "1-", "A", "1;2"])
def test_other_ways_to_write_categories_are_refused(text: str) -> None:
    with pytest.raises(BadTable):
        catalogue.categories_of(text)


def test_an_offering_is_for_its_categories_and_its_family_members() -> None:
    version = OfferingVersion(categories=[1, 2], beneficiaries=["holder", "child"])
    assert why_not(version, 2) is None
    assert why_not(version, 3) == "category"
    assert why_not(version, 2, "child") is None
    assert why_not(version, 2, "parent") == "beneficiary"


def test_search_words_are_folded_and_few() -> None:
    assert queries.words_of(" ＲＣＧＹ\x00 人才\t公寓 ") == ["rcgy", "人才", "公寓"]
    assert len(queries.words_of("a " * 50)) == queries.MOST_WORDS


def test_a_place_in_the_list_is_a_code_and_nothing_else() -> None:
    assert queries.code_at(queries.place_of("HO-01")) == "HO-01"
    assert queries.code_at(None) == ""
    with pytest.raises(BadCursor):
        queries.code_at(queries.place_of("ho 01"))
