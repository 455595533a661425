"""申请编号: what people read out on the telephone, with a check character (api.md 5.1).

`SQ-20260302-7K3M9QXW-C`: the day in Shanghai, eight characters at random, and a check character by
ISO 7064 MOD 37-2, which finds every single wrong character and every swap of neighbours.
"""

import re
from collections.abc import Callable
from datetime import date

from stdnum.iso7064 import mod_37_2

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: no I, L, O, U, which are misread."""
RANDOM = 8
FORM = re.compile(rf"SQ-?(\d{{8}})-?([{LETTERS}]{{{RANDOM}}})-?([0-9A-Z])")


def new(day: date, draw: Callable[[int], int]) -> str:
    """A new number; `draw(n)` gives 0 ≤ i < n at random."""
    while True:
        drawn = "".join(LETTERS[draw(32)] for _ in range(RANDOM))
        check = mod_37_2.calc_check_digit(f"SQ{day:%Y%m%d}{drawn}")
        if check not in "*ILOU":  # `*` cannot be read out; the others are misread
            return f"SQ-{day:%Y%m%d}-{drawn}-{check}"


def typed(text: str) -> str | None:
    """The number somebody typed, in its proper form; None where it is not one."""
    plain = re.sub(r"\s", "", text).upper().translate(str.maketrans("ILO", "110"))
    found = FORM.fullmatch(plain)
    if found is None or not mod_37_2.is_valid(f"SQ{found[1]}{found[2]}{found[3]}"):
        return None
    return f"SQ-{found[1]}-{found[2]}-{found[3]}"
