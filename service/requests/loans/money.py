"""Sums in 分: whole numbers inside, decimal text in yuan outside (api.md 1.1). Pure."""

import re
from decimal import Decimal

YUAN = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?")


class NotMoney(ValueError):
    """No sum in yuan with at most two decimals."""


def fen_of(text: str) -> int:
    """`500000.5` yuan in 分; raises NotMoney."""
    if not YUAN.fullmatch(text):
        raise NotMoney
    return int(Decimal(text) * 100)


def yuan_of(fen: int) -> str:
    """分 as yuan with two decimals: `500000.50`."""
    return f"{fen // 100}.{fen % 100:02d}"
