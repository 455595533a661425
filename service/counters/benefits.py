"""What a card gives at counters, and how much of it is left this year.

The offerings in force are kept by each process; the statement that looks at a card says which
version is the newest, so that a newer table is seen with the next scan.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from service.counters.refusals import (
    CompanionsNotAllowed,
    NotEntitled,
    QuotaExhausted,
    UnknownOffering,
)
from service.counters.standing import Card, Found
from service.counters.views import BenefitView
from service.offerings.entitlement import MUNICIPAL as MUNICIPAL_CARD
from service.offerings.entitlement import Facts, Terms, against, exclusions_of, why_not
from service.talents.family import municipal
from service.talents.family.municipal import Gifts

IN_FORCE = """
SELECT * FROM (
    SELECT DISTINCT ON (code) id, code, name_zh, mode, categories, beneficiaries, annual_limit,
        unit, companions_max, low_value, exclusive_with,
        coalesce(stopped_on <= $1, false) AS stopped
    FROM offering_versions WHERE valid_from <= $1 ORDER BY code, valid_from DESC, version DESC
) AS in_force WHERE mode = 'benefit'"""

MUNICIPAL = """
SELECT rows FROM table_versions WHERE name = 'municipal' ORDER BY version DESC LIMIT 1"""

PERIOD = "year"
"""The one period there is: a calendar year in Asia/Shanghai."""


class Benefit(msgspec.Struct, frozen=True):
    """One offering that is given on showing the card, in the version in force."""

    version_id: UUID
    code: str
    name: str
    categories: tuple[int, ...]
    beneficiaries: tuple[str, ...]
    annual_limit: int | None
    unit: str
    companions_max: int
    low_value: bool
    exclusive_with: str | None = None
    gifts: Gifts = {}
    stopped: bool = False

    def barred(self, card: Card) -> str | None:
        """Why it is not for this card, whatever else its holder has, or None."""
        return "stopped" if self.stopped else why_not(self, card.category)

    def against(self, card: Card, used: Mapping[str, int]) -> str | None:
        """What excludes it beside what the holder has otherwise, or None (guide.md 3.2)."""
        if self.exclusive_with is None:
            return None
        facts = Facts(
            used=used,
            taken=card.taken,
            gifts={self.code: municipal.held(self.gifts, card.municipal)},
            choices=card.choices,
        )
        own = Terms(self.annual_limit, self.companions_max)
        return against(self.code, self.exclusive_with, own, facts)

    def settles(self, used: Mapping[str, int]) -> bool:
        """Whether giving it now shuts another offering out for the rest of the year."""
        rivals = exclusions_of(self.exclusive_with) - {MUNICIPAL_CARD}
        return bool(rivals) and not used.get(self.code)

    def left(self, used: Mapping[str, int]) -> int | None:
        """What is left of the year's limit, never below 0; None where there is no limit."""
        if self.annual_limit is None:
            return None
        return max(0, self.annual_limit - used.get(self.code, 0))

    def refusal(self, card: Card, used: Mapping[str, int]) -> str | None:
        """Why this card may not have it now, or None."""
        if reason := self.barred(card) or self.against(card, used):
            return reason
        return QuotaExhausted.code if self.left(used) == 0 else None

    def check(self, card: Card, used: Mapping[str, int], companions: int) -> None:
        """Raises NotEntitled, CompanionsNotAllowed, QuotaExhausted (11.5)."""
        if reason := self.barred(card) or self.against(card, used):
            raise NotEntitled(reason)
        if companions > self.companions_max:
            raise CompanionsNotAllowed(self.companions_max)
        left = self.left(used)
        if left == 0:
            raise QuotaExhausted(left)

    def view(self, card: Card, used: Mapping[str, int]) -> BenefitView:
        """The benefit as a counter sees it for one card."""
        reason = self.refusal(card, used)
        return BenefitView(
            offering=self.code,
            name=self.name,
            usable=reason is None,
            reason=reason,
            left=self.left(used),
            unit=self.unit,
            period=PERIOD,
            companions_max=self.companions_max,
        )


Benefits = Mapping[str, Benefit]


class Kept:
    """A process's copy of the benefits in force."""

    def __init__(self) -> None:
        self._as_of: tuple[Any, date] | None = None
        self.by_code: Benefits = {}

    async def of(self, pool: asyncpg.Pool, newest: str, today: date) -> Benefits:
        """Every benefit in force on `today`, as of the tables' versions `newest`."""
        if self._as_of != (newest, today):
            rows = await pool.fetch(IN_FORCE, today)
            given = municipal.gifts_of(await pool.fetchval(MUNICIPAL) or ())
            self.by_code = {row["code"]: _benefit(row, given.get(row["code"], {})) for row in rows}
            self._as_of = (newest, today)
        return self.by_code


def _benefit(row: Any, gifts: Gifts) -> Benefit:
    return Benefit(
        row["id"],
        row["code"],
        row["name_zh"],
        tuple(row["categories"]),
        tuple(row["beneficiaries"]),
        row["annual_limit"],
        row["unit"],
        row["companions_max"],
        row["low_value"],
        row["exclusive_with"],
        gifts,
        row["stopped"],
    )


def of_code(benefits: Benefits, code: str) -> Benefit:
    """The benefit with this code; raises UnknownOffering."""
    benefit = benefits.get(code)
    if benefit is None:
        raise UnknownOffering
    return benefit


def views(benefits: Benefits, card: Card, found: Found) -> tuple[BenefitView, ...]:
    """All benefits for one card that are still given, in the order of their codes."""
    given = (benefits[code] for code in sorted(benefits) if not benefits[code].stopped)
    return tuple(benefit.view(card, found.used) for benefit in given)
