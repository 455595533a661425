"""What is said at a rung: by the side that hears it, and whether the deadline is near or missed."""

from collections.abc import Mapping

from events.of_requests import OfClock
from service.satisfaction.sentences import LEGS, Audience
from service.worktime import words

NEAR, BREACH, PAST = "near", "breach", "past"

A = Audience
SAID: Mapping[tuple[Audience, str], str] = {
    (A.CLERKS, NEAR): "“{offering}”申请{leg}将于{due}到期。",
    (A.CLERKS, BREACH): "“{offering}”申请{leg}已超期,请立即办理。",
    (A.CLERKS, PAST): "“{offering}”申请{leg}超期仍未办结,请立即办理。",
    (A.HEADS, NEAR): "本单位经办的“{offering}”申请{leg}将于{due}到期,请督促。",
    (A.HEADS, BREACH): "本单位经办的“{offering}”申请{leg}已超期,请督促办理。",
    (A.HEADS, PAST): "本单位经办的“{offering}”申请{leg}超期仍未办结,请督促办理。",
    (A.STEWARD, NEAR): "您联系的人才的“{offering}”申请将于{due}到期。",
    (A.STEWARD, BREACH): "您联系的人才的“{offering}”申请已超期。",
    (A.STEWARD, PAST): "您联系的人才的“{offering}”申请超期仍未办结,请跟进。",
    (A.CENTRE, NEAR): "一件“{offering}”申请{leg}将于{due}到期。",
    (A.CENTRE, BREACH): "一件“{offering}”申请{leg}超期。",
    (A.CENTRE, PAST): "一件“{offering}”申请超期仍未办结,请督办。",
    (A.HOLDER, NEAR): "您的“{offering}”申请{leg}将于{due}截止。",
    (A.HOLDER, BREACH): "您的“{offering}”申请{leg}已过时限。",
    (A.HOLDER, PAST): "您的“{offering}”申请{leg}过了时限仍未办结,专家中心在督办。",
}
TOLD = frozenset(audience for audience, _ in SAID)
"""Who can be told at a rung."""
AGAIN = "(第 {number} 次提醒)"


def phase_of(rung: str) -> str:
    """Whether a rung falls before the deadline, at it, or some working days after it."""
    return NEAR if not rung.startswith("breach") else BREACH if rung == "breach" else PAST


def sentence(audience: Audience, event: OfClock, offering: str) -> str:
    """The words for one side; they name the offering and the time, never a person."""
    return SAID[audience, phase_of(event.rung)].format(
        offering=offering, leg=LEGS.get(event.leg, ""), due=words.until(event.due_at)
    )
