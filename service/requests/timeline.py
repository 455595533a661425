"""The story of a request: its log, each event in plain words (api.md 5.3)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, log, of_batches
from events import of_requests as happened
from events.catalogue import AnyEvent
from events.of_deadlines import (
    BreachUpheld,
    BreachVoidAsked,
    BreachVoided,
    DeadlineRecomputed,
)
from service.partners.models import Partner
from service.requests import queries
from service.requests.models import Request
from service.requests.states import BOUNCES
from service.requests.voids import REASONS
from service.worktime.hours import SHANGHAI
from service.worktime.words import until

ROLES: dict[str, str] = {
    "talent": "申请人",
    "steward": "服务专员",
    "centre": "专家中心",
    "partner_clerk": "办理单位",
    "client": "办理单位",
    "system": "系统",
}
SIDES = {
    "holder": "申请人",
    "steward": "服务专员",
    "clerks": "办理单位",
    "heads": "办理单位负责人",
    "centre": "专家中心",
}
OWN_ACTS = (happened.MessageSent, happened.DeadlineAcknowledged)
"""What a steward does as one, not for the holder."""
LEGS = {
    "promise": "整件办结",
    "acceptance": "接件",
    "first_review": "初审",
    "handling": "办理",
    "correction": "补正",
}
"""What is to be done by a date that a clock of the partner names."""
WITHDRAWN_OFFER = {"lapsed": "未在时限内接件,已收回并另行派送", "withdrawn": "申请已撤回"}
RULED = {
    "opened": "暂无单位能够承接,已转专家中心裁定,期间不计时",
    "assigned": "专家中心已指定办理单位",
    "ended": "专家中心裁定终止此申请",
}

UNLISTED = {
    "excluded": "经复核不符合本批条件,已移出名单,由办理单位另行答复",
    "unready": "排序时申请尚未受理完毕,未列入本批名单",
    "elsewhere": "已由其他单位受理,不再参加本批排序",
    "carried": "本批名额已满,保留轮候时间转入下一批,等候期间不计办理时间",
    "cancelled": "本批已取消,由办理单位逐件办理",
    "released": "较长时间没有下一批,不再等候,恢复计时,由办理单位答复",
}
"""Why a request left a batch's list (docs/adr/0022)."""


class Entry(msgspec.Struct, frozen=True):
    """One step: when, by whom (a role or an agency, never a person's name), and what."""

    at: datetime
    type: str
    sequence: int
    by: str
    text: str
    note: str | None = None
    on_behalf: bool = False


async def of(session: AsyncSession, request: Request) -> list[Entry]:
    """The whole story, oldest first."""
    rows = await log.of_subject(session, f"requests/{request.id}")
    notes = await queries.notes_of(session, request.id)
    names = await _partner_names(session, rows)
    said = {str(n.id): n.text or ERASED for n in notes if n.kind == "message"}
    by_kind = {kind: iter([n.text for n in notes if n.kind == kind]) for kind in KINDS}
    return [
        _entry(row, names, said.get(row.data.get("message_id", "")) or _note_of(row, by_kind))
        for row in rows
    ]


async def _partner_names(session: AsyncSession, rows: Sequence[sa.Row[Any]]) -> Mapping[UUID, str]:
    ids = {row.partner_id for row in rows if row.partner_id}
    query = sa.select(Partner.id, Partner.name).where(Partner.id.in_(ids))
    return {partner_id: name for partner_id, name in await session.execute(query)}


MESSAGE = "hck.request.message_sent.v1"
ERASED = "(已按保存期限删除)"
KINDS = {
    "progress": "hck.request.progressed.v1",
    "ruling": "hck.request.ruled.v1",
}
"""Which events have words beside them; each such event has one note, in the same order."""


def _note_of(row: sa.Row[Any], by_kind: Mapping[str, Iterator[str]]) -> str | None:
    kind = next((kind for kind, name in KINDS.items() if row.type == name), None)
    if kind is None or row.data.get("ruling") == "opened":
        return None
    return next(by_kind[kind], None)


def _entry(row: sa.Row[Any], names: Mapping[UUID, str], note: str | None) -> Entry:
    partner = names.get(row.partner_id, "办理单位")
    event = catalogue.read(row.type, row.data)
    by = partner if row.role in ("client", "partner_clerk") else ROLES.get(row.role, "工作人员")
    helped = row.role == "steward" and not isinstance(event, OWN_ACTS)
    text = words(event, partner)
    return Entry(
        row.at.astimezone(SHANGHAI),
        row.type,
        row.sequence,
        by,
        f"{text}(服务专员代您办理)" if helped else text,
        note,
        on_behalf=helped,
    )


def words(event: AnyEvent, partner: str) -> str:
    """One event as a sentence for its holder; `partner` is the name of the agency it concerns."""
    return (
        _of_journey(event, partner)
        or _of_banks(event, partner)
        or _of_handling(event, partner)
        or _of_batch(event)
        or _of_time(event)
        or "已记录"
    )


def _of_journey(event: AnyEvent, partner: str) -> str | None:
    match event:
        case happened.RequestSubmitted():
            return "申请已提交"
        case happened.RequestOffered(due_at=due_at):
            return f"已派送给{partner},应在{until(due_at)}前接件"
        case happened.OfferWithdrawn(reason=reason):
            return f"{partner}:{WITHDRAWN_OFFER.get(reason, '已收回')}"
        case happened.RequestBounced(reason=reason):
            return f"{partner}未能承接({BOUNCES.get(reason, '其他原因')}),将另行派送"
        case happened.RequestRuled(ruling="assigned"):
            return f"专家中心已指定{partner}办理"
        case happened.RequestRuled(ruling=ruling):
            return RULED.get(ruling, "专家中心已处理")
        case happened.RequestWithdrawn():
            return "申请已撤回"
        case happened.RequestExpired(cause="place"):
            return "未在期限内确认名额,申请已终止,可重新提交"
        case happened.RequestExpired():
            return "未在时限内补正,申请已终止,可重新提交"
    return None


def _of_banks(event: AnyEvent, partner: str) -> str | None:
    match event:
        case happened.RequestDeclined():
            return f"{partner}不予办理,按所选顺序询问下一家,重新计时"
        case happened.RequestChosen():
            return "申请人调整了依次询问的单位"
        case happened.FirstReviewed(outcome="passed", due_at=datetime() as due_at):
            return f"{partner}初审通过,应在{until(due_at)}前作出决定"
        case happened.FirstReviewed(outcome=outcome):
            return f"{partner}初审{'通过' if outcome == 'passed' else '未通过'}"
    return None


def _of_handling(event: AnyEvent, partner: str) -> str | None:
    match event:
        case happened.RequestAccepted(due_at=due_at):
            return f"{partner}已接件,应在{until(due_at)}前办结"
        case happened.CorrectionAsked(items=items, due_at=due_at):
            return f"{partner}请您补正 {items} 项,请在{until(due_at)}前答复;期间不计办理时间"
        case happened.CorrectionAnswered(due_at=due_at):
            return f"补正已提交,继续办理,应在{until(due_at)}前办结"
        case happened.PublicityBegan(begins_on=begins_on, ends_on=ends_on):
            return f"公示 {begins_on} 至 {ends_on},期间不计办理时间"
        case happened.PublicityEnded(due_at=due_at):
            return f"公示结束,继续办理,应在{until(due_at)}前办结"
        case happened.RequestProgressed():
            return f"{partner}有新进展"
        case happened.RequestCompleted(outcome=outcome, files=files):
            said = "已办结:予以办理" if outcome == "granted" else "已办结:不予办理"
            return f"{said},附结果材料 {files} 份" if files else said
        case happened.MessageSent():
            return "留言"
    return None


def _of_batch(event: AnyEvent) -> str | None:
    match event:
        case of_batches.RequestQueued():
            return "已进入本批名额的轮候名单;截止后按公布的规则排序,等候期间不计办理时间"
        case of_batches.RequestListed(rank=rank):
            return f"名单已排定,您在第 {rank} 位,进入公示"
        case of_batches.PlaceOffered(due_at=due_at):
            return f"已轮到您,请在{until(due_at)}前确认是否接受名额"
        case of_batches.PlaceTaken(due_at=due_at):
            return f"已接受名额,应在{until(due_at)}前办结"
        case of_batches.PlaceDeclined():
            return "已放弃名额,由下一位递补"
        case of_batches.PlaceLapsed():
            return "未在期限内确认,名额由下一位递补"
        case of_batches.RequestUnlisted(reason=reason):
            return UNLISTED.get(reason, "已不在本批名单上")
    return None


def _of_time(event: AnyEvent) -> str | None:
    match event:
        case happened.DeadlineWarned(leg=leg, rung=rung) if rung.startswith("breach+"):
            days = rung.removeprefix("breach+")
            return f"{LEGS.get(leg, leg)}超期后第 {days} 个工作日仍未办结,已催办"
        case happened.DeadlineWarned(leg=leg, due_at=due_at):
            return f"{LEGS.get(leg, leg)}时限将至({until(due_at)})"
        case happened.DeadlineBreached(leg=leg):
            return f"{LEGS.get(leg, leg)}已超过承诺时限"
        case happened.DeadlineAcknowledged(leg=leg, audience=audience):
            return f"{SIDES.get(audience, '工作人员')}已知悉{LEGS.get(leg, leg)}时限提醒"
        case BreachVoidAsked(leg=leg):
            return f"{LEGS.get(leg, leg)}超期有作废申请,待专家中心另一人裁定"
        case BreachUpheld(leg=leg):
            return f"专家中心裁定:{LEGS.get(leg, leg)}超期成立,不予作废"
        case BreachVoided(leg=leg, reason=reason):
            why = REASONS.get(reason, reason)
            return f"{LEGS.get(leg, leg)}超期已由专家中心裁定作废({why}),记录保留"
        case DeadlineRecomputed(leg=leg, was_due_at=was, due_at=due_at):
            return f"因工作日历调整,{LEGS.get(leg, '')}时限由{until(was)}改为{until(due_at)}"
    return None
