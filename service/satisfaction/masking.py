"""A comment as the rated agency may read it: nobody's name, number or address for mail (G7)."""

import re
from collections.abc import Iterable

MARK = "***"
NUMBERS = re.compile(r"\d(?:[ -]?\d){4,}[Xx]?")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def masked(comment: str | None, names: Iterable[str] = ()) -> str | None:
    """The comment without `names`, mail addresses, and numbers of five digits or more.

    Telephones, ID, card and request numbers all are such; a year or a sum of money stays.
    """
    if comment is None:
        return None
    for name in sorted((name for name in names if len(name) > 1), key=len, reverse=True):
        comment = comment.replace(name, f"{name[0]}*")
    return NUMBERS.sub(MARK, MAIL.sub(MARK, comment))
