"""The card's number: ten random digits and a check letter (card-token.md 12)."""

import re
from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
CHECKS = frozenset("ABCDEFGHJKLMNPQRSTUVWXYZ")
"""Letters other than I and O: no number looks like a telephone's, none is misread (12.1)."""

NUMBER = re.compile(r"[0-9]{10}[A-HJ-NP-Z]")


def check_of(digits: str) -> str:
    """The check character of a row of digits, by ISO 7064 MOD 37-2 (12.1)."""
    p = 0
    for digit in digits:
        p = (2 * p + int(digit)) % 37
    return ALPHABET[(1 - 2 * p) % 37]


def new(draw: Callable[[int], int]) -> str:
    """A number drawn by `draw(n)`: 0 ≤ x < n, all equally likely; the caller sees it is new."""
    while True:
        digits = f"{draw(10**10):010d}"
        check = check_of(digits)
        if check in CHECKS:
            return digits + check


def valid(number: str) -> bool:
    """Whether it has a number's form and its check character is right."""
    return NUMBER.fullmatch(number) is not None and check_of(number[:10]) == number[10]


def shown(number: str) -> str:
    """As people read it: `40833-90439-Z` (12.2)."""
    return f"{number[:5]}-{number[5:10]}-{number[10:]}"


def typed(text: str) -> str | None:
    """The number that was typed, spaces and hyphens dropped, letters raised (12.2); or None."""
    number = text.replace(" ", "").replace("-", "").upper() if len(text) <= 40 else ""
    return number if valid(number) else None
