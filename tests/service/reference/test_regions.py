"""Which place lies in which (GB/T 2260)."""

from datetime import date

import pytest

from service.reference import regions, tables

ROWS = tables.read_table("regions", (tables.DATA / "regions.tsv").read_text())
REGIONS = regions.Regions([regions._read(row) for row in ROWS])


def test_a_county_lies_in_its_city_and_the_province() -> None:
    assert REGIONS.chain("370102") == ("370102", "370100", "370000")
    assert REGIONS.within("370102", "370100")
    assert not REGIONS.within("370102", "370200")
    assert not REGIONS.within("370100", "370102")


def test_a_place_s_children_are_itself_and_all_in_it() -> None:
    jinan = REGIONS.children("370100")
    assert {"370100", "370102", "370117"} <= jinan
    assert "370000" not in jinan
    assert "370200" not in jinan
    assert len(REGIONS.children("370000")) == len(REGIONS.by_code)


def test_laiwu_ended_with_2018_and_became_a_district() -> None:
    assert REGIONS.is_current("371200", date(2018, 12, 31))
    assert not REGIONS.is_current("371200", date(2019, 1, 1))
    assert not REGIONS.is_current("370116", date(2018, 12, 31))
    assert REGIONS.is_current("370116", date(2019, 1, 1))


def test_there_are_sixteen_cities() -> None:
    assert len(REGIONS.cities(date(2026, 3, 2))) == 16


def test_names_are_as_people_say_them() -> None:
    assert REGIONS.full_name("370102") == "济南市历下区"
    assert REGIONS.full_name("370000") == "山东省"
    assert REGIONS.name("999999") == "999999"


@pytest.mark.parametrize("code", ["", "999999", "37"])
def test_an_unknown_code_is_nowhere(code: str) -> None:
    assert REGIONS.chain(code) == ()
    assert not REGIONS.is_current(code, date(2026, 3, 2))
