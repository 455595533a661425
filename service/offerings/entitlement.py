"""Who an offering is for, and what stands against it (guide.md 3.1–3.3). Values in, verdict out."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

Reason = Literal["category", "beneficiary"]
Against = Literal["municipal-card", "exclusive"]
Card = Literal["province", "municipal"]

MUNICIPAL = "municipal-card"
PROVINCE_CARD = "惠才卡"
UNITS = {"times": "次", "days": "天", "hours": "小时"}


class ForWhom(Protocol):
    """What the rule asks of a version: a row of it, or a counter's copy."""

    @property
    def categories(self) -> Sequence[Any]:
        """The card categories that may have it."""

    @property
    def beneficiaries(self) -> Sequence[str]:
        """Whom it is for, beside or instead of the holder."""


def why_not(version: ForWhom, category: int, beneficiary: str = "holder") -> Reason | None:
    """Why a holder of this category may not have it for this person, or None where they may."""
    if category not in version.categories:
        return "category"
    if beneficiary not in version.beneficiaries:
        return "beneficiary"
    return None


@functools.cache
def exclusions_of(text: str | None) -> frozenset[str]:
    """What `exclusive_with` names: `municipal-card`, codes of offerings, or both."""
    return frozenset(part.strip() for part in re.split("[;,]", text or "") if part.strip(" -"))


class Terms(msgspec.Struct, frozen=True):
    """What one card gives of a service in a year; no limit is more than any limit."""

    limit: int | None = None
    companions: int = 0

    @property
    def worth(self) -> tuple[float, int]:
        """By what two cards are compared: the yearly limit, then how many may come along."""
        return (float("inf") if self.limit is None else self.limit, self.companions)

    def words(self, unit: str) -> str:
        """`每年 24 次、可带 1 人`."""
        many = "不限次数" if self.limit is None else f"每年 {self.limit} {UNITS.get(unit, unit)}"
        return f"{many}、可带 {self.companions} 人" if self.companions else many


class Gift(Terms, frozen=True):
    """What a city's card gives of a service (`municipal.tsv`)."""

    card_name: str = "市级人才卡"
    amount_yuan: str | None = None

    def words(self, unit: str) -> str:
        """With the amount, which is told but not compared: ours is for the partner to say."""
        plain = super().words(unit)
        return f"{plain}、{self.amount_yuan} 元" if self.amount_yuan else plain


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a holder has had this year, and what else they hold.

    `used` counts what counters gave; `taken` are offerings granted on request or under way; `gifts`
    are the services of the holder's municipal cards; `choices` what they chose for this year.
    """

    used: Mapping[str, int] = {}
    taken: frozenset[str] = frozenset()
    gifts: Mapping[str, Sequence[Gift]] = {}
    choices: Mapping[str, str] = {}

    def has_had(self, offering: str) -> bool:
        """Whether anything of it has been given this year, or is about to be."""
        return self.used.get(offering, 0) > 0 or offering in self.taken


class Use(msgspec.Struct, frozen=True):
    """By which card a service is had this year, and why: the first use, a choice, or the rule."""

    by: Card
    why: Literal["locked", "chosen", "better"]
    gift: Gift


def use_of(offering: str, own: Terms, facts: Facts) -> Use | None:
    """相同服务不重复享受 (guide.md 3.2): one card for it, a year; None where only ours gives it.

    What has been used is settled; else the holder's choice; else whichever gives more, and ours
    where they give the same.
    """
    gifts = facts.gifts.get(offering)
    if not gifts:
        return None
    best = max(gifts, key=lambda gift: gift.worth)
    if facts.has_had(offering):
        return Use("province", "locked", best)
    match facts.choices.get(offering):
        case "province":
            return Use("province", "chosen", best)
        case "municipal":
            return Use("municipal", "chosen", best)
    return Use("municipal" if best.worth > own.worth else "province", "better", best)


def rival_of(exclusions: frozenset[str], facts: Facts) -> str | None:
    """The offering already had this year that this one may not be had beside, or None."""
    had = (code for code in sorted(exclusions - {MUNICIPAL}) if facts.has_had(code))
    return next(had, None)


def against(offering: str, exclusive_with: str | None, own: Terms, facts: Facts) -> Against | None:
    """What excludes it: the same service by a municipal card, or another offering already had."""
    exclusions = exclusions_of(exclusive_with)
    if not exclusions:
        return None
    if MUNICIPAL in exclusions:
        use = use_of(offering, own, facts)
        if use is not None and use.by == "municipal":
            return "municipal-card"
    return "exclusive" if rival_of(exclusions, facts) else None


def explained(use: Use, own: Terms, unit: str) -> str:
    """Which of the two cards is used this year and why, in one sentence."""
    city, ours = use.gift.card_name, PROVINCE_CARD
    mine, theirs = f"{ours}{own.words(unit)}", f"{city}{use.gift.words(unit)}"
    match use.why:
        case "locked":
            return f"今年已用{ours}享受此项,按不重复享受原则,本年度内不能改用{city}。"
        case "chosen":
            return f"{mine},{theirs},今年按您的选择使用{city if use.by == 'municipal' else ours}。"
    if use.gift.worth == own.worth:
        return f"{mine},{city}相同,按不重复享受原则使用{ours}。"
    pair = f"{theirs},{mine}" if use.by == "municipal" else f"{mine},{theirs}"
    return f"{pair},按不重复享受原则使用前者。"
