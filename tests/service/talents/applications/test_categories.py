"""Validity and age by category (guide.md 2.1, 2.4)."""

from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import tables
from service.talents.applications import categories, steps
from service.talents.applications.categories import Category, ContractOver, in_years
from tests.city import MONDAY, City
from tests.service.talents.apply import at_county

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


# ── the five categories of the officials' table (guide.md 2.1, 2.3, 2.4) ──

TWO_YEARS, LATE = date(2028, 6, 30), date(2029, 12, 31)
RULES = {
    1: ("direct", "", "A", None, TWO_YEARS),
    2: ("direct", "", "A", None, TWO_YEARS),
    3: ("direct", "", "B", None, TWO_YEARS),
    4: ("review", "office", "B", None, LATE),
    5: ("panel", "office", "C", 55, LATE),
}
"""Route, consent, tier, age limit; and the last day where 管理期 ends first and the contract later:
direct categories go by 管理期, the others by the contract."""


@pytest.mark.parametrize("number", RULES)
async def test_2_1_each_category_has_its_route_consent_tier_age_and_validity(
    session: AsyncSession, number: int
) -> None:
    await tables.load_shipped(session, MONDAY)
    found = (await categories.of(session))[number]
    route, consent, tier, age, until = RULES[number]
    assert (found.route, found.consent, found.tier, found.age_limit) == (route, consent, tier, age)
    assert found.valid_until(TWO_YEARS, LATE, TODAY) == until
    assert found.valid_until(None, LATE, TODAY) == LATE
    assert found.valid_until(None, None, TODAY) == in_years(TODAY, 5)
    for level in ("county", "city", "province"):
        path = steps.path_of(level, found.consent)
        assert ("office_consent" in path) is (number in (4, 5)), "4 and 5 need the office's consent"
        assert ("county_review" in path) is (level == "county")
        assert ("city_review" in path) is (level != "province")
        assert "province_review" in path


@pytest.mark.parametrize("number", RULES)
async def test_2_3_each_category_comes_to_a_card_by_its_own_chain(city: City, number: int) -> None:
    way = await at_county(city, category=number)
    await way.pass_("county", "city")
    last = await way.pass_("province")
    if number in (4, 5):
        assert last["step"] == "office_consent"
        last = await way.pass_("office")
    assert last["step"] == "issued"
    holder = await way.who("talent")
    card = (await holder.get("/v1/me/card")).json()
    assert (card["category"], card["tier"]) == (number, RULES[number][2])
