"""Which cells of a published table are hidden, so that no single answer shows (F6). Pure."""

from collections.abc import Sequence

PUBLISHED_FROM = 5
"""A cell of fewer ratings is hidden; officials may raise it."""


def hidden(sizes: Sequence[int], least: int = PUBLISHED_FROM) -> frozenset[int]:
    """The places of a row or column with a shown total that must be hidden.

    First those smaller than `least`. Then, while the total less what is shown would still give one
    away, the next smallest too. All of them and the total as well are told of by `total_hidden`.
    """
    smallest_first = sorted(range(len(sizes)), key=lambda place: (sizes[place], place))
    hide = {place for place in smallest_first if sizes[place] < least}
    for place in smallest_first:
        if not gives_away([sizes[each] for each in hide], least):
            break
        hide.add(place)
    return frozenset(hide)


def gives_away(concealed: Sequence[int], least: int = PUBLISHED_FROM) -> bool:
    """Whether the sum of the concealed cells, which subtraction shows, tells what one of them is.

    One alone is told exactly. Several small ones are told where their sum leaves one way only:
    all empty, or all as large as a small one can be.
    """
    if not concealed:
        return False
    if len(concealed) == 1:
        return True
    if max(concealed) >= least:
        return False
    return sum(concealed) in (0, len(concealed) * (least - 1))


def total_hidden(sizes: Sequence[int], least: int = PUBLISHED_FROM) -> bool:
    """Whether the total must be hidden too: it is small, or there was no cell left to hide."""
    hide = hidden(sizes, least)
    return sum(sizes) < least or gives_away([sizes[each] for each in hide], least)
