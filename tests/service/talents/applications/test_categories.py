"""Validity and age by category (guide.md 2.1, 2.4)."""

from datetime import date

import pytest

from service.talents.applications.categories import Category, ContractOver, in_years

TODAY = date(2026, 3, 2)
MANAGED = ("management_period", "contract", "5y")


def category(*validity: str, age_limit: int | None = None) -> Category:
    return Category(5, "急需紧缺", "panel", "office", validity, "C", age_limit, ())


def test_the_management_period_comes_before_the_contract_and_that_before_five_years() -> None:
    contract, period = date(2028, 6, 30), date(2027, 1, 1)
    assert category(*MANAGED).valid_until(period, contract, TODAY) == period
    assert category(*MANAGED).valid_until(None, contract, TODAY) == contract
    assert category(*MANAGED).valid_until(None, None, TODAY) == date(2031, 3, 1)


def test_a_category_without_a_management_period_goes_by_the_contract() -> None:
    period, contract = date(2027, 1, 1), date(2028, 6, 30)
    assert category("contract", "5y").valid_until(period, contract, TODAY) == contract


def test_a_contract_that_is_over_makes_no_card_and_one_that_ends_today_does() -> None:
    with pytest.raises(ContractOver):
        category(*MANAGED).valid_until(None, date(2026, 3, 1), TODAY)
    assert category(*MANAGED).valid_until(None, TODAY, TODAY) == TODAY


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (date(2026, 3, 2), date(2031, 3, 1)),
        (date(2024, 2, 29), date(2029, 2, 27)),
        (date(2026, 1, 1), date(2030, 12, 31)),
    ],
)
def test_five_years_end_on_the_day_before(begins: date, ends: date) -> None:
    assert in_years(begins, 5) == ends


def test_fifty_five_means_until_the_day_before_the_fifty_sixth_birthday() -> None:
    limited = category("5y", age_limit=55)
    assert not limited.too_old(date(1970, 3, 3), TODAY)
    assert limited.too_old(date(1970, 3, 2), TODAY)
    assert not category("5y").too_old(date(1900, 1, 1), TODAY)
