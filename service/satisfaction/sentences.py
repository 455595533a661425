"""What people are told when something happens: to whom, and in which words. A table, no rows.

Sentences name the offering, the partner and the time, never a person (events.md 1.3). Those of a
deadline's rungs, whose audiences are the officials' matter, are in service/escalation.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from events import (
    of_applications,
    of_batches,
    of_cards,
    of_care,
    of_deadlines,
    of_matters,
    of_offerings,
    of_partners,
    of_ratings,
    of_requests,
    of_webhooks,
)
from events.base import Event, type_of
from service.pages.show import day
from service.talents.matters import kinds
from service.worktime import words


class Audience(StrEnum):
    """Who is told."""

    HOLDER = "holder"
    STEWARD = "steward"
    CLERKS = "clerks"
    HEADS = "heads"
    CENTRE = "centre"
    SPECIALISTS = "specialists"
    WINDOW = "window"
    LOOKED_AFTER = "looked_after"
    DEPUTY = "deputy"
    ASKERS = "askers"


class Line(msgspec.Struct, frozen=True):
    """One sentence for one audience, where `only` holds of the event (always, if none)."""

    to: tuple[Audience, ...]
    text: str
    only: Callable[[Any], bool] | None = None


HOLDER, STEWARD, CLERKS, HEADS, CENTRE, SPECIALISTS, WINDOW, LOOKED_AFTER, DEPUTY, ASKERS = Audience
HOLDER_SIDE = (HOLDER, STEWARD)
BESIDE = (SPECIALISTS, STEWARD)


def _leg(*legs: str) -> Callable[[Any], bool]:
    return lambda event: event.leg in legs


def _near(*legs: str) -> Callable[[Any], bool]:
    """A warning before the step of a case is due."""
    return lambda event: event.leg in legs and not event.rung.startswith("breach")


def _past(*legs: str) -> Callable[[Any], bool]:
    """A reminder some working days after it was missed (time.md E1)."""
    return lambda event: event.leg in legs and event.rung.startswith("breach")


def _is(name: str, *values: str) -> Callable[[Any], bool]:
    return lambda event: getattr(event, name) in values


ASKED = ("renewal", "unit_change", "replacement")
"""The matters that a holder, or somebody for them, asks for."""


def _death(decision: str) -> Callable[[Any], bool]:
    return lambda event: event.kind == "death" and event.decision == decision


CENTRES_LEGS = ("call_back", "appeal", "check")
"""The steps of a bad rating's case that 专家中心 takes itself."""


LINES: Mapping[type[Event], tuple[Line, ...]] = {
    of_applications.ApplicationReturned: (
        Line((HOLDER,), "您的办卡申请被退回,请按意见补充后重新提交。"),
    ),
    of_applications.ApplicationRejected: (Line((HOLDER,), "您的办卡申请未通过,理由见申请记录。"),),
    of_cards.CardIssued: (Line((HOLDER,), "您的惠才卡已签发,现在就可以出示使用。"),),
    of_cards.CardSuspended: (Line((HOLDER,), "您的惠才卡已暂停使用,请联系人才服务窗口。"),),
    of_cards.CardReinstated: (Line((HOLDER,), "您的惠才卡已恢复使用。"),),
    of_cards.CardReplaced: (Line((HOLDER,), "您的惠才卡已换发,旧卡号作废。"),),
    of_cards.CardRenewed: (Line((HOLDER,), "您的惠才卡有效期已延长。"),),
    of_cards.CardRevoked: (
        # Of a death the holder's account is told nothing (guide.md 2.4).
        Line(
            (HOLDER,),
            "您的惠才卡已注销,如有疑问请联系人才服务窗口。",
            lambda event: event.because != "death",
        ),
    ),
    of_cards.CardExpired: (Line((HOLDER,), "您的惠才卡已到期。"),),
    of_matters.MatterOpened: (
        Line((WINDOW,), "一件卡务“{matter}”待办,请于{due}前办理。", lambda e: e.due_at),
        Line((WINDOW,), "一件卡务“{matter}”待办,请尽快办理。", lambda e: not e.due_at),
        Line(
            (HOLDER,),
            "您的惠才卡“{matter}”已提出,{due}前答复。",
            lambda e: e.due_at and e.kind in ASKED,
        ),
        Line(
            (HOLDER,),
            "您的惠才卡“{matter}”已提出,将尽快答复。",
            lambda e: not e.due_at and e.kind in ASKED,
        ),
        Line(
            (HOLDER,),
            "单位提出了您的惠才卡“{matter}”,您可在“我的卡”中陈述意见;办结前卡照常使用。",
            _is("kind", "revocation", "leaving"),
        ),
        Line(BESIDE, "您联系的一位人才有“{matter}”,待省级核实。", _is("kind", "death")),
    ),
    of_matters.MatterDecided: (
        Line(
            (HOLDER,),
            "您的惠才卡“{matter}”已办结:{decided},详情见“我的卡”。",
            lambda event: event.kind != "death",
        ),
        Line(
            (SPECIALISTS,),
            "本单位一位人才的卡务“{matter}”已办结:{decided}。",
            lambda event: event.kind != "death",
        ),
        Line(BESIDE, "您联系的一位人才的“{matter}”已核实,惠才卡已注销。", _death("agree")),
        Line(BESIDE, "您联系的一位人才的“{matter}”经核实不属实,惠才卡照常。", _death("decline")),
    ),
    of_matters.MatterStated: (Line((WINDOW,), "持卡人已就“{matter}”作出陈述,请一并考虑。"),),
    of_matters.MatterWithdrawn: (
        Line((WINDOW,), "一件卡务“{matter}”已由提出人撤回。", _is("cause", "opener")),
    ),
    of_matters.CardReminded: (
        Line(
            (HOLDER,),
            "您的惠才卡还有 {days} 天到期({day}),请尽早在“我的卡”中申请延期。",
            lambda event: event.days > 0,
        ),
        Line((HOLDER,), "您的惠才卡今天到期({day})。", lambda event: event.days == 0),
    ),
    of_matters.CardRelinked: (
        Line((HOLDER,), "您的惠才卡已转到新的用人单位,今后由新单位的服务专员联系您。"),
        Line((SPECIALISTS,), "一位持卡人才已转入本单位,请与其联系。"),
    ),
    of_cards.BenefitRedeemed: (
        Line((HOLDER,), "您在{partner}使用了“{offering}”,欢迎在“我的权益”中评价。"),
    ),
    of_cards.BenefitConflicted: (
        Line(
            (CENTRE, CLERKS),
            "{partner}的一次离线核销“{offering}”有冲突:码已使用过,请核对。",
            _is("reason", "token-replayed"),
        ),
        Line(
            (CENTRE, CLERKS),
            "{partner}的一次离线核销“{offering}”有冲突:本年度次数已用完,请核对。",
            _is("reason", "quota-exhausted"),
        ),
    ),
    of_requests.RequestOffered: (
        Line((CLERKS,), "新的“{offering}”申请待接件,请于{due}前接件或退件。"),
    ),
    of_requests.OfferWithdrawn: (
        Line((CLERKS,), "“{offering}”申请逾期未接件,已收回转派。", _is("reason", "lapsed")),
    ),
    of_requests.RequestAccepted: (
        Line(
            HOLDER_SIDE,
            "您的“{offering}”申请已由{partner}受理,{due}前办结。",
        ),
    ),
    of_requests.FirstReviewed: (
        Line(
            HOLDER_SIDE,
            "您的“{offering}”申请已通过{partner}初审,{due}前作出决定。",
            lambda event: event.outcome == "passed" and event.due_at is not None,
        ),
    ),
    of_requests.RequestBounced: (
        Line(HOLDER_SIDE, "您的“{offering}”申请正转派其他单位,总时限不变。"),
    ),
    of_requests.RequestDeclined: (
        Line(HOLDER_SIDE, "{partner}对您的“{offering}”申请未予批准,正按您的选择询问下一家。"),
    ),
    of_requests.CorrectionAsked: (
        Line(HOLDER_SIDE, "您的“{offering}”申请需补正 {items} 项,请于{due}前补正,逾期将终止。"),
    ),
    of_requests.CorrectionAnswered: (Line((CLERKS,), "“{offering}”申请已补正,请于{due}前办结。"),),
    of_requests.PublicityBegan: (Line(HOLDER_SIDE, "您的“{offering}”申请进入公示。"),),
    of_requests.RequestProgressed: (Line((HOLDER,), "您的“{offering}”申请有新进展。"),),
    of_requests.RequestCompleted: (
        Line(HOLDER_SIDE, "您的“{offering}”申请已办结,欢迎评价。", _is("outcome", "granted")),
        Line(
            HOLDER_SIDE,
            "您的“{offering}”申请已办结:未予批准,理由见申请记录。",
            _is("outcome", "declined"),
        ),
    ),
    of_requests.RequestWithdrawn: (Line((CLERKS,), "“{offering}”申请已由申请人撤回。"),),
    of_requests.RequestExpired: (
        Line(HOLDER_SIDE, "您的“{offering}”申请已终止,需要时请重新申请。"),
    ),
    of_requests.RequestRuled: (
        Line((CENTRE,), "一件“{offering}”申请待裁定。", _is("ruling", "opened")),
        Line(
            HOLDER_SIDE, "专家中心已为您的“{offering}”申请指定办理单位。", _is("ruling", "assigned")
        ),
        Line(
            HOLDER_SIDE,
            "专家中心已裁定终止您的“{offering}”申请,理由见申请记录。",
            _is("ruling", "ended"),
        ),
    ),
    of_batches.RequestQueued: (
        Line(HOLDER_SIDE, "您的“{offering}”申请已进入本批名额的轮候名单,截止后按公布的规则排序。"),
    ),
    of_batches.RequestListed: (
        Line(HOLDER_SIDE, "“{offering}”名单已排定,您在第 {rank} 位;公示期内有误可提出异议。"),
    ),
    of_batches.PlaceOffered: (
        Line(HOLDER_SIDE, "“{offering}”名额轮到您了,请在{due}前确认是否接受,逾期由下一位递补。"),
    ),
    of_batches.PlaceTaken: (Line((CLERKS,), "一位申请人接受了“{offering}”名额,请于{due}前办结。"),),
    of_batches.PlaceLapsed: (
        Line(HOLDER_SIDE, "您未在期限内确认“{offering}”名额,已由下一位递补。"),
    ),
    of_batches.RequestUnlisted: (
        Line(
            HOLDER_SIDE,
            "您的“{offering}”申请本批未轮到,已保留轮候时间转入下一批。",
            _is("reason", "carried", "unready"),
        ),
        Line(
            HOLDER_SIDE,
            "您的“{offering}”申请已不在本批名单上,理由见申请记录。",
            _is("reason", "excluded", "elsewhere", "cancelled", "released"),
        ),
    ),
    of_batches.BatchObjected: (
        Line((CLERKS,), "“{offering}”公示名单收到一件异议,公示期满前请裁定。"),
    ),
    of_batches.BatchRuled: (Line((HOLDER,), "您对“{offering}”名单的异议已有答复,见申请记录。"),),
    of_batches.BatchRanked: (Line((CLERKS,), "“{offering}”一批名额已排序,名单公示中。"),),
    of_deadlines.BreachVoidAsked: (
        Line((CENTRE,), "一次“{offering}”申请的{leg}超期有作废申请,待另一位同事裁定。"),
    ),
    of_deadlines.BreachVoided: (
        Line((CLERKS,), "“{offering}”申请的{leg}超期经专家中心裁定作废,记录保留。"),
    ),
    of_deadlines.DeadlineRecomputed: (
        Line(
            HOLDER_SIDE, "工作日历调整,“{offering}”申请的承诺时限改为{due}。", _is("leg", "promise")
        ),
        Line(
            HOLDER_SIDE,
            "工作日历调整,“{offering}”申请的补正期限改为{due}。",
            _is("leg", "correction"),
        ),
        Line(
            (CLERKS,),
            "工作日历调整,一件“{offering}”申请的{leg}时限改为{due}。",
            _is("leg", "acceptance", "first_review", "handling"),
        ),
        Line(
            (CENTRE,),
            "工作日历调整,一条“{offering}”差评的{leg}期限改为{due}。",
            _is("leg", *CENTRES_LEGS),
        ),
        Line(
            (CLERKS,),
            "工作日历调整,一条“{offering}”差评的整改期限改为{due}。",
            _is("leg", "rectification"),
        ),
        Line((WINDOW,), "工作日历调整,一份办卡申请的审核时限改为{due}。", _is("leg", "review")),
        Line((HOLDER,), "工作日历调整,您的办卡申请补充材料的期限改为{due}。", _is("leg", "mend")),
        Line((WINDOW,), "工作日历调整,一件卡务的办理时限改为{due}。", _is("leg", "matter")),
    ),
    of_webhooks.WebhookDisabled: (
        Line(
            (CLERKS, CENTRE),
            "{partner}的一个事件接收地址连续 120 小时失败,已停用;修好后可恢复并重发。",
        ),
    ),
    of_webhooks.WebhookEnded: (
        Line((CLERKS,), "{partner}的一个事件接收地址答复 410,已终止推送。", _is("reason", "gone")),
    ),
    of_offerings.OfferingStopped: (
        Line(
            (ASKERS,),
            "“{offering}”自{day}起停办;您已提出的申请照常办到办结。",
            lambda event: event.partner_id is None,
        ),
        Line(
            (CLERKS,),
            "“{offering}”自{day}起停办,不再有新申请;在办的申请请照常办结。",
            lambda event: event.partner_id is not None,
        ),
    ),
    of_offerings.OfferingResumed: (
        Line((ASKERS,), "“{offering}”继续办理,不再停办。", lambda event: event.partner_id is None),
        Line(
            (CLERKS,),
            "“{offering}”继续办理,不再停办。",
            lambda event: event.partner_id is not None,
        ),
    ),
    of_care.StewardSet: (
        Line((HOLDER,), "您的一对一服务专员已确定,有事可在申请中留言。", _is("cause", "assigned")),
        Line(
            (HOLDER,),
            "您的一对一服务专员已更换,在办的申请照常跟进。",
            _is("cause", "handed_over", "left"),
        ),
    ),
    of_care.SpecialistSet: (
        Line((HOLDER,), "您在用人单位的服务专员已确定,办卡、卡务等事可找专员协助。"),
    ),
    of_care.AbsenceBegan: (
        Line((LOOKED_AFTER,), "您的服务专员离岗至 {day},期间由同事代班,在办的申请照常跟进。"),
        Line((DEPUTY,), "您开始为同事代班,至 {day};其人才的申请已在“我服务的人才”中。"),
    ),
    of_care.AbsenceEnded: (
        Line((LOOKED_AFTER,), "您的服务专员已返岗。", lambda event: event.begun),
        Line((DEPUTY,), "您为同事的代班已结束。", lambda event: event.begun),
    ),
    of_care.DeputyChanged: (
        Line(
            (DEPUTY,),
            "您接手为一位同事代班,至 {day};其人才的申请已在“我服务的人才”中。",
            lambda event: event.begun,
        ),
    ),
    of_partners.PartnerFellSilent: (
        Line((CENTRE,), "{partner}连续 {lapses} 件逾期未接,已减少派件,请联系督办。"),
        Line((CLERKS,), "本单位连续 {lapses} 件逾期未接,派件已减少;接下一件后恢复。"),
    ),
    of_partners.PartnerAnswered: (Line((CENTRE, CLERKS), "{partner}已恢复接件,派件恢复正常。"),),
    of_ratings.RatingGiven: (
        Line((CENTRE,), "收到一条“{offering}”差评,请按时回访。", lambda event: event.grade <= 2),
        Line(
            (HOLDER,),
            "您的一次“{offering}”已凭评价码评价;如非您或家人所评,请告知专家中心。",
            _is("via", "slip"),
        ),
    ),
    of_ratings.RatingCalledBack: (
        Line(
            (CLERKS,),
            "一条“{offering}”差评经回访属实,请按期整改。",
            _is("verdict", "substantiated"),
        ),
    ),
    of_ratings.RatingSupplemented: (),
    of_ratings.RatingFollowedUp: (
        Line(
            (CENTRE,), "“{offering}”整改后的追评仍不满意,请跟进。", lambda event: event.grade <= 2
        ),
    ),
    of_ratings.RatingAppealed: (
        Line((CENTRE,), "办理单位对一条“{offering}”差评的回访结论提出申诉,须由另一位同事决定。"),
    ),
    of_ratings.AppealDecided: (
        Line((CLERKS,), "“{offering}”差评的申诉成立,已办结。", _is("decision", "upheld")),
        Line((CLERKS,), "“{offering}”差评的申诉不成立,请按期整改。", _is("decision", "rejected")),
    ),
    of_ratings.CaseWarned: (
        Line((CLERKS,), "“{offering}”差评的整改将于{due}到期。", _near("rectification")),
        Line((CLERKS, CENTRE), "“{offering}”差评的整改超期仍未提交。", _past("rectification")),
        Line((CENTRE,), "一条“{offering}”差评的{leg}将于{due}到期。", _near(*CENTRES_LEGS)),
        Line((CENTRE,), "一条“{offering}”差评的{leg}超期仍未办。", _past(*CENTRES_LEGS)),
    ),
    of_ratings.CaseBreached: (
        Line((CLERKS, CENTRE), "“{offering}”差评的整改已超期,请立即办理。", _leg("rectification")),
        Line((CENTRE,), "一条“{offering}”差评的{leg}已超期,请立即办理。", _leg(*CENTRES_LEGS)),
    ),
    of_ratings.RatingRectified: (Line((CENTRE,), "一条“{offering}”差评已提交整改,待审核。"),),
    of_ratings.RatingRuled: (
        Line(
            (HOLDER,),
            "您反映的“{offering}”问题已整改并经核实,请再评一次(追评)。",
            _is("ruling", "accept"),
        ),
        Line((CLERKS,), "“{offering}”差评的整改被退回,请重新整改。", _is("ruling", "send_back")),
    ),
}

READERS = {"talent": (CLERKS, STEWARD), "steward": (CLERKS, HOLDER)}
"""Who reads a message of the holder's side, by the role that wrote it."""
DECIDED = {"agree": "已同意", "decline": "未同意"}
LEGS = {
    "acceptance": "接件",
    "first_review": "初审",
    "handling": "办理",
    "promise": "总时限",
    "correction": "补正",
    "call_back": "回访",
    "appeal": "申诉答复",
    "rectification": "整改",
    "check": "整改审核",
}


def lines_of(event: Event, role: str) -> tuple[Line, ...]:
    """The sentences that an event asks for; `role` is who caused it."""
    if isinstance(event, of_requests.MessageSent):
        # Whoever wrote it knows it.
        return (Line(READERS.get(role, HOLDER_SIDE), "“{offering}”申请有一条新留言。"),)
    lines = LINES.get(type(event), ())
    return tuple(line for line in lines if line.only is None or line.only(event))


def sentence(line: Line, event: Event, offering: str, partner: str) -> str:
    """The line's words for this event."""
    due: datetime | None = getattr(event, "due_at", None)
    days = (getattr(event, name, None) for name in ("valid_until", "until", "stopped_on"))
    last: date | None = next((each for each in days if each), None)
    return line.text.format(
        offering=offering,
        partner=partner or "办理单位",
        due=words.until(due) if due else "",
        items=getattr(event, "items", ""),
        rank=getattr(event, "rank", ""),
        leg=LEGS.get(getattr(event, "leg", ""), ""),
        matter=kinds.TITLES.get(getattr(event, "kind", ""), ""),
        decided=DECIDED.get(getattr(event, "decision", ""), ""),
        days=getattr(event, "days", ""),
        lapses=getattr(event, "lapses", ""),
        day=day(last) if last else "",
    )


def kind_of(event: Event) -> str:
    """`request.completed` of `hck.request.completed.v1`."""
    return type_of(event).removeprefix("hck.").rpartition(".")[0]
