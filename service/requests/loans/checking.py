"""What the officials' tables `loans` and `lpr` must be before they are in force."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.reference import tables
from service.reference.tables import BadTable, Row
from service.requests.loans.terms import PRODUCTS

Right = Callable[[str], bool]

IN_ORDER = "in_order"
"""The one way of asking several banks: one after the other. A request has one partner at a time
(api.md 5.5), so a table that says `parallel` is refused and not half obeyed (ADR 0026)."""
PARALLEL = "parallel"


def _number(most: int) -> Right:
    return lambda text: text.isascii() and text.isdigit() and len(text) < 15 and int(text) <= most


def _or_empty(right: Right) -> Right:
    return lambda text: not text or right(text)


def _percent(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?", text, re.ASCII) is not None


def _day(text: str) -> bool:
    try:
        return date.fromisoformat(text) is not None
    except ValueError:
        return False


YUAN, DAYS = _or_empty(_number(10**12)), _or_empty(_number(250))
LOANS: Mapping[str, Right] = {
    "product": lambda text: text in PRODUCTS.values(),
    "city": lambda text: re.fullmatch(r"37[0-9]{4}", text, re.ASCII) is not None,
    "cap_talent_yuan": YUAN,
    "cap_enterprise_yuan": YUAN,
    "compensation_pct": _number(100),
    "uplift_cap_pct": _or_empty(_percent),
    "accept_wd": DAYS,
    "first_review_wd": DAYS,
    "credit_wd": DAYS,
    "disburse_wd": DAYS,
    "asking": lambda text: text in ("", IN_ORDER),
}
LPR: Mapping[str, Right] = {
    "tenor": bool,
    "min_months": _number(600),
    "percent": _percent,
    "valid_from": _day,
}


def _check(rows: Sequence[Row], rights: Mapping[str, Right]) -> None:
    for number, row in enumerate(rows, 2):
        if row.get("asking") == PARALLEL:
            raise BadTable(
                f"第 {number} 行: asking 写的是 parallel,但一件申请同时只由一家银行办理,"
                "不能几家同时办。请写 in_order 或留空;要几家同时办的,由持卡人分别提出申请。"
            )
        wrong = [name for name, right in rights.items() if name in row and not right(row[name])]
        if wrong:
            raise BadTable(f"第 {number} 行的这些列有误: {'、'.join(wrong)}。")


async def check_loans(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line and the columns that are wrong."""
    _check(rows, LOANS)


async def check_lpr(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable naming the line and the columns that are wrong."""
    _check(rows, LPR)


tables.on_load("loans", check_loans)
tables.on_load("lpr", check_lpr)
