"""Who applies: documents checked, masked, found again."""

import pytest

from service import sealing
from service.problems import InvalidBody
from service.talents import masking, people
from service.talents.people import PersonGiven
from tests.service.talents.apply import CHEN


@pytest.fixture(autouse=True)
def _ring(ring: sealing.Keyring) -> None:
    sealing.use(ring)


def given(**changed: object) -> PersonGiven:
    return PersonGiven(**CHEN | changed)


def wrong(**changed: object) -> list[str]:
    with pytest.raises(InvalidBody) as refusal:
        people.check(given(**changed))
    return [error.pointer for error in refusal.value.errors]


def test_a_residents_number_says_the_birthday_and_is_kept_in_one_form() -> None:
    checked = people.check(given(id_number=" 3701 0519 9011 0828 68 "))
    assert (checked.id_number, str(checked.born_on)) == ("370105199011082868", "1990-11-08")


def test_somebody_born_before_their_district_had_its_code_is_believed() -> None:
    checked = people.check(given(id_number="37010519691108286x"))
    assert (checked.id_number, str(checked.born_on)) == ("37010519691108286X", "1969-11-08")


@pytest.mark.parametrize(
    "number", ["370105199011082867", "370105199013082868", "12345", "abcdefghijklmnopqr"]
)
def test_a_residents_number_with_a_wrong_check_digit_or_day_is_refused(number: str) -> None:
    assert wrong(id_number=number) == ["/person/id_number"]


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_repeated() -> None:
    assert wrong(id_number="370105199011082867", phone="12345678", name=" ") == [
        "/person/id_number", "/person/phone", "/person/name",
    ]  # fmt: skip


def test_a_passport_needs_a_birthday_beside_it() -> None:
    assert wrong(id_kind="passport", id_number="E12345678") == ["/person/born_on"]


def test_a_resident_is_found_by_the_number_alone_and_a_passport_by_its_kind_too() -> None:
    number = "370105199011082868"
    assert people.blind("resident_id", number) == sealing.ring().blind(number, "people.id_blind")
    assert people.blind("passport", "E1234567") != people.blind("hmt_permit", "E1234567")


def test_masks_leave_what_is_needed_to_recognise_somebody() -> None:
    assert masking.name("陈若溪") == "陈*"
    assert masking.id_number("370105199011082868") == "3701**********2868"
    assert masking.id_number("E1234567") == "********"
    assert masking.phone("13805310004") == "138****0004"
