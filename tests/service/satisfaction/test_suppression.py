"""A published table: no small cell is shown, nor found by subtracting (F6)."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from service.satisfaction.suppression import hidden, total_hidden


def test_a_cell_of_fewer_than_five_is_hidden_and_the_next_smallest_with_it() -> None:
    assert hidden([12, 4, 30, 9]) == {1, 3}


def test_two_small_cells_hide_one_another() -> None:
    assert hidden([3, 2, 30, 9]) == {0, 1}


def test_two_small_cells_whose_sum_tells_both_take_a_third_with_them() -> None:
    assert hidden([4, 4, 30, 9]) == {0, 1, 3}
    assert hidden([0, 0, 30, 9]) == {0, 1, 3}


def test_large_cells_are_all_shown() -> None:
    assert hidden([5, 6, 7]) == frozenset()
    assert not total_hidden([5, 6, 7])


def test_the_total_goes_where_no_cell_is_left_to_hide() -> None:
    assert total_hidden([3])
    assert total_hidden([4, 4])
    assert total_hidden([2, 1])
    assert not total_hidden([4, 3])


def ways(sizes: list[int], least: int) -> list[set[int]]:
    """What a reader who knows the rule can think of each hidden cell: every table that fits."""
    hide = sorted(hidden(sizes, least))
    left = sum(sizes[place] for place in hide)
    fits = [one for one in product(range(left + 1), repeat=len(hide)) if sum(one) == left]
    possible = [one for one in fits if any(size < least for size in one)]
    return [{one[k] for one in possible} for k in range(len(hide))]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_subtraction_never_tells_a_hidden_cell(sizes: list[int]) -> None:
    if total_hidden(sizes, 4):
        return
    for possible in ways(sizes, 4):
        assert len(possible) > 1


@given(st.lists(st.integers(0, 40), max_size=12))
def test_no_small_cell_is_shown_and_never_exactly_one_is_hidden(sizes: list[int]) -> None:
    hide = hidden(sizes)
    assert all(place in hide for place, size in enumerate(sizes) if size < 5)
    assert len(hide) != 1 or total_hidden(sizes)
