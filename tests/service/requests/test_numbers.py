import random
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.requests import numbers

DAY = date(2026, 3, 2)


def draws(seed: int) -> str:
    return numbers.new(DAY, random.Random(seed).randrange)


@given(st.integers(0, 10**9))
def test_a_number_is_read_back_as_it_was_given(seed: int) -> None:
    number = draws(seed)
    assert numbers.FORM.fullmatch(number)
    assert numbers.typed(number) == number
    assert numbers.typed(number.lower().replace("-", " ")) == number


@given(st.integers(0, 10**9), st.integers(3, 18), st.sampled_from(numbers.LETTERS))
def test_one_wrong_character_is_found(seed: int, place: int, letter: str) -> None:
    number = draws(seed)
    wrong = number[:place] + letter + number[place + 1 :]
    assert wrong == number or number[place] == "-" or numbers.typed(wrong) is None


@given(st.integers(0, 10**9), st.integers(12, 18))
def test_two_swapped_neighbours_are_found(seed: int, place: int) -> None:
    number = draws(seed)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or numbers.typed(swapped) is None


def test_letters_that_are_misread_are_taken_for_what_they_look_like() -> None:
    number = next(n for n in map(draws, range(999)) if "0" in n[12:20] and "1" in n[12:20])
    spoken = number[:12] + number[12:].replace("0", "o").replace("1", "l")
    assert numbers.typed(spoken) == number


def test_no_number_ends_in_a_character_that_cannot_be_read_out() -> None:
    assert not {draws(seed)[-1] for seed in range(2000)} & set("*ILOU")


def test_nonsense_is_no_number() -> None:
    assert numbers.typed("") is None
    assert numbers.typed("SQ-20260302-ABCDEFGH-*") is None
