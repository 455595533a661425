"""What everybody may read: small cells are null and say so, never 0 (F6)."""

from datetime import date

from service.satisfaction.breakdown import Dimension
from service.satisfaction.figure_views import PublicTable, public_table
from service.satisfaction.figures import Counts
from service.satisfaction.rules import Rules


def table(**sizes: int) -> PublicTable:
    found = {key: Counts((0, 0, 0, 0, n)) for key, n in sizes.items()}
    return public_table(Dimension.OFFERING, 2026, date(2026, 3, 1), found, {}, Rules())


def test_a_small_cell_and_the_next_smallest_are_null_with_a_reason() -> None:
    shown = {row.key: row.good_rate for row in table(A=12, B=4, C=30, D=9).items}
    assert (shown["B"].value, shown["B"].n, shown["B"].suppressed) == (None, None, True)
    assert shown["D"].suppressed
    assert (shown["A"].value, shown["A"].n) == (1.0, 12)


def test_both_shares_of_a_cell_are_hidden_together() -> None:
    for row in table(A=12, B=4, C=30, D=9).items:
        assert row.good_rate.suppressed == row.satisfaction.suppressed


def test_the_total_is_shown_where_it_gives_nothing_away() -> None:
    assert table(A=12, B=4, D=9).total.good_rate.n == 25
    assert table(B=4).total.good_rate.suppressed
