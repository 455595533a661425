from datetime import date
from typing import Any

import pytest

from service.offerings.models import OfferingVersion
from service.requests import entitlement
from service.requests.entitlement import NotEntitled, NotRequestable
from service.talents.cards.card import Card

TODAY = date(2026, 3, 2)


def version(**given: Any) -> OfferingVersion:
    plain: dict[str, Any] = {
        "mode": "case",
        "categories": [1, 2, 3],
        "beneficiaries": ["holder", "child"],
        "window": None,
    }
    return OfferingVersion(**(plain | given))


def card(**given: Any) -> Card:
    plain: dict[str, Any] = {"state": "active", "category": 2, "valid_until": TODAY}
    return Card(**(plain | given))


def refused(given: OfferingVersion, held: Card | None, *beneficiaries: str) -> str:
    with pytest.raises(NotEntitled) as refusal:
        entitlement.check(given, held, beneficiaries or ("holder",), TODAY)
    assert refusal.value.members() == {"reason": refusal.value.reason}
    return refusal.value.reason


def test_a_valid_card_of_the_right_category_entitles_to_its_last_day() -> None:
    held = card()
    assert entitlement.check(version(), held, ["holder", "child"], TODAY) is held


def test_each_rule_says_which_it_is() -> None:
    assert refused(version(), None) == "no-card"
    assert refused(version(), card(state="suspended")) == "card-suspended"
    assert refused(version(), card(valid_until=date(2026, 3, 1))) == "card-expired"
    assert refused(version(), card(category=5)) == "category"
    assert refused(version(), card(), "holder", "parent") == "beneficiary"
    assert refused(version(window="07-01/08-20"), card()) == "window-closed"


def test_a_benefit_is_not_asked_for() -> None:
    with pytest.raises(NotRequestable):
        entitlement.check(version(mode="benefit"), card(), ["holder"], TODAY)


def test_for_whom_it_is_where_nobody_is_named() -> None:
    assert entitlement.beneficiaries_of(version(), []) == ["holder"]
    assert entitlement.beneficiaries_of(version(beneficiaries=["child"]), []) == ["child"]
    assert entitlement.beneficiaries_of(version(), ["child", "child"]) == ["child"]
