"""The numbers that people are known by (guide.md 7.5): form, check digit, birthday of each kind."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from service.talents import documents
from service.talents.documents import Document

BORN = date(1985, 6, 7)
EIGHTEEN = {"resident_id": "370105", "hmt_residence": "810000", "foreign_pr": "911156"}


def eighteen(kind: str, day: date, serial: int) -> str:
    plain = f"{EIGHTEEN[kind]}{day:%Y%m%d}{serial:03d}"
    return plain + ric.calc_check_digit(f"{plain}0")


def wrong(kind: str, number: str, born_on: date | None = BORN) -> list[str]:
    found = documents.check(kind, number, born_on)
    return [each.pointer for each in found] if isinstance(found, list) else []


DAYS = st.dates(date(1930, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize("kind", EIGHTEEN)
@given(day=DAYS, serial=st.integers(0, 999))
def test_eighteen_digits_say_the_birthday(kind: str, day: date, serial: int) -> None:
    number = eighteen(kind, day, serial)
    spaced = f" {number[:6]} {number[6:].lower()} "
    assert documents.check(kind, spaced, None) == Document(kind, number, day)


@pytest.mark.parametrize("kind", EIGHTEEN)
@given(day=DAYS, serial=st.integers(0, 999), at=st.integers(0, 16), other=st.integers(1, 9))
def test_one_wrong_digit_is_always_found(
    kind: str, day: date, serial: int, at: int, other: int
) -> None:
    number = eighteen(kind, day, serial)
    changed = str((int(number[at]) + other) % 10)
    assert wrong(kind, number[:at] + changed + number[at + 1 :]) == ["id_number"]


@given(day=DAYS, serial=st.integers(0, 999), at=st.integers(6, 15))
def test_two_digits_that_changed_places_are_found(day: date, serial: int, at: int) -> None:
    number = eighteen("resident_id", day, serial)
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert swapped == number or wrong("resident_id", swapped) == ["id_number"]


@pytest.mark.parametrize("kind", EIGHTEEN)
def test_a_number_of_one_kind_is_none_of_another(kind: str) -> None:
    for other in EIGHTEEN:
        number = eighteen(other, BORN, 12)
        assert (wrong(kind, number) == []) is (kind == other)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("foreign_pr", "USA110000560101"),
        ("hmt_permit", "H12345678"),
        ("hmt_permit", "M1234567800"),
        ("hmt_permit", "12345678"),
        ("passport", "E12345678"),
        ("passport", "EJ1234567"),
        ("passport", "C01X00T47"),
        ("passport", "12345"),
    ],
)
def test_a_number_that_says_no_birthday_needs_one_beside_it(kind: str, number: str) -> None:
    assert documents.check(kind, number, BORN) == Document(kind, number, BORN)
    assert wrong(kind, number, None) == ["born_on"]


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("resident_id", ""),
        ("resident_id", "370105199013082868"),
        ("resident_id", "37010519901108286"),
        ("resident_id", "３７０１０５１９９０１１０８２８６８"),
        ("hmt_residence", "840000198506070126"),
        ("foreign_pr", "US110000560101X"),
        ("foreign_pr", "98765"),
        ("hmt_permit", "H1234567"),
        ("hmt_permit", "X12345678"),
        ("hmt_permit", "H123456789"),
        ("passport", "ABCDEF"),
        ("passport", "E1234-678"),
        ("passport", "E" * 18),
        ("passport", "护照12345"),
    ],
)
def test_what_is_no_such_number_is_refused_in_the_words_of_its_kind(kind: str, number: str) -> None:
    found = documents.check(kind, number, BORN)
    assert isinstance(found, list)
    assert [each.detail for each in found] == [documents.SAYS[kind]]
    assert not number or number not in found[0].detail, "nothing personal is repeated"


@given(st.sampled_from(list(documents.SAYS)), st.text(max_size=30))
def test_no_text_breaks_the_check(kind: str, number: str) -> None:
    documents.check(kind, number, BORN)
