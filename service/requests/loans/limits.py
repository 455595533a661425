"""What a bank's decision may say at most, told before it is typed: the rules of granting.py."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests.loans import rates, terms
from service.requests.loans.granting import borrower_of, months_of, owed_by
from service.requests.loans.models import ENTERPRISE
from service.requests.loans.money import fen_of, yuan_of
from service.requests.loans.views import shown_rate
from service.requests.models import Request
from service.worktime.hours import SHANGHAI


class Limits(msgspec.Struct, frozen=True):
    """Sums in 分: what was asked for, what the cap leaves (none: there is no cap); the LPR of the
    asked term and the uplift in percent, none where the place sets none."""

    asked: int
    left: int | None
    months: int
    base: rates.Base | None
    uplift_pct: Decimal | None

    @property
    def amount(self) -> int:
        """The most that can be granted."""
        return self.asked if self.left is None else min(self.asked, self.left)

    @property
    def rate(self) -> Decimal | None:
        """The highest rate in percent, none where there is no limit."""
        if self.base is None or self.uplift_pct is None:
            return None
        return rates.most(self.base.percent, self.uplift_pct)


SAID = ("amount_yuan", "term_months")
"""The members of a form that the limits repeat."""


async def of(
    session: AsyncSession, request: Request, seen: Collection[str], now: datetime
) -> Limits | None:
    """The limits as they stand; None for what is no loan, and for a bank that does not see
    (`seen`) what they would give away. Nothing is locked: the decision has the last word."""
    if not set(SAID) <= set(seen) or "amount_yuan" not in request.form:
        return None
    found = await terms.of(session, request.offering, request.region)
    if found is None:
        return None
    borrower, uscc = borrower_of(request.form)
    cap = found.cap_enterprise if borrower == ENTERPRISE else found.cap_talent
    left = None if cap is None else max(0, cap - await owed_by(session, borrower, request, uscc))
    months = months_of(request.form, {})
    base = await rates.base(session, months, now.astimezone(SHANGHAI).date())
    asked = fen_of(str(request.form["amount_yuan"]))
    return Limits(asked, left, months, base, found.uplift_pct)


def notes(limits: Limits | None) -> Mapping[str, str]:
    """The limits in words, by the field of the result that they hold for."""
    if limits is None:
        return {}
    over = limits.left is not None and limits.left < limits.asked
    why = "各银行合计后的剩余额度" if over else "申请金额"
    found = {"amount_yuan": f"最多 {yuan_of(limits.amount)} 元({why})"}
    if limits.rate is not None and limits.base is not None:
        found["annual_rate_percent"] = (
            f"最高 {shown_rate(limits.rate)}%(LPR {limits.base.tenor} {limits.base.percent}%,"
            f"上浮至多 {limits.uplift_pct}%,按申请的 {limits.months} 个月)"
        )
    return found
