"""Who may ask for what (guide.md 2, 3; api.md 5.1). Rules over a version and a card, no session."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from service.offerings.entitlement import Facts, Terms, against, explained, use_of, why_not
from service.offerings.models import OfferingVersion
from service.offerings.windows import window_open
from service.pages.show import day
from service.problems import Problem
from service.talents.cards.card import Card
from service.talents.family.models import FamilyMember

OF_AGE = 18

REASONS: dict[str, str] = {
    "no-card": "您还没有有效的惠才卡。请先申请办卡,领卡后再提出服务申请。",
    "card-suspended": "您的惠才卡已暂停使用。请联系发卡窗口或服务专员恢复后再申请。",
    "card-expired": "您的惠才卡已过有效期。请先在“办卡申请”中续期。",
    "category": "您的卡类别不在此事项的服务对象之内。请查看事项说明,选择可申请的事项。",
    "beneficiary": "此事项不面向所填的受益人。请按事项说明选择本人、配偶、子女或父母。",
    "age": "所填子女已满十八周岁,不在此事项的服务范围内。请选择未成年子女。",
    "stopped": "请到服务目录选择其他事项;已在办的申请不受影响。",
    "window-closed": "现在不在此事项的受理时段内。请在事项说明所列的时段内申请。",
    "municipal-card": "此项今年使用市级人才卡。要改用惠才卡的,请先在“我的权益”中改选。",
    "exclusive": "您今年已享受(或正在申请)与此事项不能同时享受的服务,此事项不能再申请。",
}


class NotEntitled(Problem):
    """The rules do not give this to this caller now; `reason` says which (api.md 5.1)."""

    code = "not-entitled"
    status = 409
    title = "暂不能申请此事项"
    advice = "请按所示原因办理后再申请。"

    def __init__(self, reason: str, why: str = "") -> None:
        super().__init__(why + REASONS[reason])
        self.reason = reason

    def members(self) -> dict[str, Any]:
        """Which rule it is."""
        return {"reason": self.reason}


class NotRequestable(Problem):
    """A benefit is given for showing the card; there is nothing to ask for (guide.md 3.1)."""

    code = "not-requestable"
    status = 409
    title = "此项无需申请"
    advice = "请到服务网点出示惠才卡二维码,现场即可享受。"


def check(
    version: OfferingVersion, card: Card | None, beneficiaries: Sequence[str], today: date
) -> Card:
    """The card that entitles its holder; raises NotRequestable, NotEntitled."""
    if version.mode != "case":
        raise NotRequestable
    if version.stopped_on is not None and version.has_stopped(today):
        raise NotEntitled(
            "stopped", f"此事项自{day(version.stopped_on)}起停办。{version.stop_note}"
        )
    if card is None:
        raise NotEntitled("no-card")
    if card.state != "active":
        raise NotEntitled("card-suspended")
    if card.valid_until < today:
        raise NotEntitled("card-expired")
    for each in beneficiaries:
        if reason := why_not(version, card.category, each):
            raise NotEntitled(reason)
    if not window_open(version.window, today):
        raise NotEntitled("window-closed")
    return card


def check_ages(members: Sequence[FamilyMember], today: date) -> None:
    """Children are served until they are of age (guide.md 3.3); raises NotEntitled."""
    for member in members:
        age = member.age_on(today)
        if member.relation == "child" and age is not None and age >= OF_AGE:
            raise NotEntitled("age")


def check_exclusions(version: OfferingVersion, facts: Facts) -> None:
    """相同服务不重复享受 (guide.md 3.2); raises NotEntitled saying which is the better."""
    own = Terms(version.annual_limit, version.companions_max)
    reason = against(version.code, version.exclusive_with, own, facts)
    if reason is None:
        return
    use = use_of(version.code, own, facts) if reason == "municipal-card" else None
    raise NotEntitled(reason, explained(use, own, version.unit) if use else "")


def beneficiaries_of(version: OfferingVersion, named: Sequence[str]) -> list[str]:
    """For whom it is: as named; else the holder, or the only kind that the offering is for."""
    if named:
        return sorted(set(named))
    return ["holder"] if "holder" in version.beneficiaries else list(version.beneficiaries[:1])
