"""What a card gives now, for whom, and why something is not given (api.md 3.7, guide.md 3).

The rules are those that counters and requests go by; here they are told, not enforced.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.counters.entitlement_views import (
    CardNow,
    EntitlementsView,
    EntitlementView,
    ForWhom,
    Reason,
    Relative,
)
from service.counters.standing import year_begun
from service.offerings import queries as offerings
from service.offerings.entitlement import (
    MUNICIPAL,
    UNITS,
    Facts,
    Terms,
    Use,
    against,
    exclusions_of,
    explained,
    rival_of,
    use_of,
    why_not,
)
from service.offerings.models import OfferingVersion
from service.offerings.windows import window_open
from service.problems import NotFound
from service.talents import masking, queries
from service.talents.cards.card import Card
from service.talents.family import adding, beside
from service.talents.family.models import FamilyMember
from service.worktime.hours import SHANGHAI

RELATIONS = {"holder": "本人", "spouse": "配偶", "child": "子女", "parent": "父母"}
OF_AGE = 18
GRANTED = text("""
SELECT offering, count(*) FROM requests WHERE person_id = :person
    AND outcome = 'granted' AND completed_at >= :begun GROUP BY offering""")
"""What came of requests, which are another room's of this shelf: hence plain SQL."""
ENDED: Mapping[str, tuple[Reason, str]] = {
    "suspended": ("card-suspended", "惠才卡已暂停使用,恢复后即可享受。"),
    "expired": ("card-expired", "惠才卡已过有效期,续期后即可享受。"),
    "revoked": ("card-revoked", "惠才卡已注销,不能再享受。"),
    "replaced": ("card-replaced", "此卡已换发,请使用新卡。"),
}


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Whose entitlements: the card, the family, what was had this year, and all that there is."""

    card: Card
    family: Sequence[FamilyMember]
    facts: Facts
    granted: Mapping[str, int]
    versions: Mapping[str, OfferingVersion]
    today: date


async def of_caller(session: AsyncSession, caller: Caller, now: datetime) -> EntitlementsView:
    """All that the caller's card gives, by offering; raises NotFound where there is no card."""
    card = await queries.card_of_person(session, caller.person_id)
    if card is None:
        raise NotFound("您还没有惠才卡,可在“办卡申请”中提出申请。")
    today = now.astimezone(SHANGHAI).date()
    versions = [
        version
        for version in await offerings.in_force(session, today)
        if not version.has_stopped(today)
    ]
    granted = await session.execute(GRANTED, {"person": card.person_id, "begun": year_begun(now)})
    holder = Holder(
        card=card,
        family=await adding.of_person(session, caller.person_id),
        facts=await beside.facts_of(session, card, now),
        granted={offering: times for offering, times in granted},
        versions={version.code: version for version in versions},
        today=today,
    )
    return EntitlementsView(
        card=CardNow(card.id, card.category, status_of(card, today), card.valid_until),
        year=today.year,
        period_from=date(today.year, 1, 1),
        period_to=date(today.year, 12, 31),
        items=[view_of(version, holder) for version in versions],
    )


def status_of(card: Card, today: date) -> str:
    """The card's state; its last day counts before anybody has written it down."""
    over = card.state in ("active", "suspended") and card.valid_until < today
    return "expired" if over else card.state


def view_of(version: OfferingVersion, holder: Holder) -> EntitlementView:
    """One offering for this holder."""
    own = Terms(version.annual_limit, version.companions_max)
    exclusions = exclusions_of(version.exclusive_with)
    use = use_of(version.code, own, holder.facts) if MUNICIPAL in exclusions else None
    whom = _for_whom(version, holder)
    reason = reason_of(version, holder, whom)
    live = status_of(holder.card, holder.today) in ("active", "suspended")
    return EntitlementView(
        offering=version.code,
        name=version.name_zh,
        sector=version.sector,
        mode=version.mode,
        usable=reason is None,
        reason=reason,
        explanation=_said(version, holder, reason, use),
        used=_used(version, holder),
        left=_left(version, holder),
        unit=version.unit,
        period="year",
        period_from=date(holder.today.year, 1, 1),
        period_to=date(holder.today.year, 12, 31),
        for_whom=whom,
        companions_max=version.companions_max,
        uses=use.by if use else None,
        choosable=use is not None and use.why != "locked" and live,
        excludes=sorted(exclusions - {MUNICIPAL}),
    )


def _used(version: OfferingVersion, holder: Holder) -> int:
    counted = holder.facts.used if version.mode == "benefit" else holder.granted
    return counted.get(version.code, 0)


def _left(version: OfferingVersion, holder: Holder) -> int | None:
    limit = version.annual_limit
    return None if limit is None else max(0, limit - _used(version, holder))


def _for_whom(version: OfferingVersion, holder: Holder) -> list[ForWhom]:
    found = []
    for relation in version.beneficiaries:
        if relation == "companion":
            continue
        members = [
            Relative(member.id, masking.name(member.name or ""))
            for member in holder.family
            if member.relation == relation and _is_served(member, holder.today)
        ]
        found.append(ForWhom(relation, relation == "holder" or bool(members), members))
    return found


def _is_served(member: FamilyMember, today: date) -> bool:
    """Children are served until they are of age (guide.md 3.3)."""
    return member.relation != "child" or (member.age_on(today) or 0) < OF_AGE


def reason_of(version: OfferingVersion, holder: Holder, whom: Sequence[ForWhom]) -> Reason | None:
    """Why it is not to be had now: the card first, then the rules, then the season."""
    status = status_of(holder.card, holder.today)
    if status in ENDED:
        return ENDED[status][0]
    if why_not(version, holder.card.category, version.beneficiaries[0]):
        return "category"
    own = Terms(version.annual_limit, version.companions_max)
    if reason := against(version.code, version.exclusive_with, own, holder.facts):
        return reason
    if _left(version, holder) == 0:
        return "quota-exhausted"
    if not any(each.usable for each in whom):
        return "beneficiary-missing"
    return None if window_open(version.window, holder.today) else "window-closed"


def _said(version: OfferingVersion, holder: Holder, reason: Reason | None, use: Use | None) -> str:
    """Why it is so, in one sentence."""
    own = Terms(version.annual_limit, version.companions_max)
    match reason:
        case "category":
            return "此项不面向您的卡类别。"
        case "quota-exhausted":
            return f"今年的 {version.annual_limit} {_unit(version)}已用完,明年 1 月 1 日重新计算。"
        case "beneficiary-missing":
            kinds = [RELATIONS[each] for each in version.beneficiaries if each in RELATIONS]
            return f"可添加{'或'.join(kinds)}后申请。"
        case "window-closed":
            return f"现在不在受理时段内,每年 {_window(version)} 受理。"
        case "exclusive":
            rival = rival_of(exclusions_of(version.exclusive_with), holder.facts) or ""
            return f"与“{_name(holder, rival)}”不重复享受,今年已享受或正在申请该项。"
        case None | "municipal-card":
            return explained(use, own, version.unit) if use else _usable(version, holder)
    return ENDED[status_of(holder.card, holder.today)][1]


def _usable(version: OfferingVersion, holder: Holder) -> str:
    rivals = sorted(exclusions_of(version.exclusive_with) - {MUNICIPAL})
    other = "、".join(f"“{_name(holder, code)}”" for code in rivals)
    beside_it = f",与{other}每年只享受其一{_better(version, holder, rivals)}" if other else ""
    if version.mode == "case":
        return f"可以申请{beside_it}。"
    left = _left(version, holder)
    many = "不限次数" if left is None else f"今年还剩 {left} {_unit(version)}"
    along = f",可带 {version.companions_max} 人" if version.companions_max else ""
    return f"出示惠才卡即可使用,{many}{along}{beside_it}。"


def _name(holder: Holder, code: str) -> str:
    version = holder.versions.get(code)
    return version.name_zh if version else code


def _better(version: OfferingVersion, holder: Holder, rivals: Sequence[str]) -> str:
    """Which of those that exclude one another gives the most, where they count alike."""
    all_of = [version, *(holder.versions[code] for code in rivals if code in holder.versions)]
    if any(each.annual_limit is None or each.unit != version.unit for each in all_of):
        return ""
    worth = [Terms(each.annual_limit, each.companions_max).worth for each in all_of]
    best = [each for each, its in zip(all_of, worth, strict=True) if its == max(worth)]
    if len(best) > 1:
        return ""
    return f"(“{best[0].name_zh}”{Terms(best[0].annual_limit).words(best[0].unit)},更多)"


def _unit(version: OfferingVersion) -> str:
    return UNITS.get(version.unit, version.unit)


def _window(version: OfferingVersion) -> str:
    days = [day.split("-") for day in (version.window or "").split("/")]
    return "至".join(f"{int(month)} 月 {int(day)} 日" for month, day in days)
