"""Words of a request for people who read pages."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from service.requests.states import Ended, Stage, State

STATES: dict[str, str] = {
    State.SUBMITTED: "已提交",
    State.ROUTING: "派送中",
    State.OFFERED: "待接件",
    State.ACCEPTED: "办理中",
    State.AWAITING_CORRECTION: "待您补正",
    State.IN_PUBLICITY: "公示中",
    State.IN_RULING: "待裁定",
    State.COMPLETED: "已办结",
    State.WITHDRAWN: "已撤回",
    State.EXPIRED: "已终止",
}
AT_DESK = STATES | {State.AWAITING_CORRECTION: "待申请人补正", State.OFFERED: "待接件"}
BADGES: dict[str, str] = {
    State.AWAITING_CORRECTION: "warn",
    State.IN_RULING: "warn",
    State.COMPLETED: "good",
    State.EXPIRED: "bad",
}
OUTCOMES = {"granted": "予以办理", "declined": "不予办理"}
KINDS = {
    "holder": "本人",
    "spouse": "配偶",
    "child": "子女",
    "parent": "父母",
    "companion": "随行人员",
}
ENDS: dict[str, str] = {
    Ended.ACCEPTED: "已接件",
    Ended.BOUNCED: "已退回",
    Ended.LAPSED: "逾期未接",
    Ended.WITHDRAWN: "已收回",
}
DONE: dict[str, str] = {
    "submitted": "申请已提交,系统正在派送给办理单位。",
    "withdrawn": "申请已撤回。",
    "chosen": "已按新的顺序询问银行。",
    "answered": "补正已提交,办理继续。",
    "place_taken": "已接受名额,办理单位将为您办结。",
    "place_declined": "已放弃名额,本件申请已撤回。",
    "objected": "异议已提交,公示期满前答复。",
    "written": "留言已送达。",
    "accepted": "已接件,办理时限开始计时。",
    "bounced": "已退回,系统将另行派送。",
    "asked": "已告知申请人补正,答复前不计办理时间。",
    "publicised": "公示已开始,期间不计办理时间。",
    "progressed": "进展已告知申请人。",
    "reviewed": "初审已通过并告知申请人,接下来作出决定。",
    "completed": "已办结。",
    "taken": "已由您办理,同事会看到。",
    "handed": "已转交同事。",
    "laid": "已放回,同事可以领取。",
}
"""What a page says after an act, by the code in its address."""

IN_FIRST_REVIEW = "初审中"


class Staged(Protocol):
    """A request as a page has it."""

    @property
    def state(self) -> str:
        """Of api.md 5.2."""

    @property
    def stage(self) -> str | None:
        """How far it is within `accepted`."""


def state_of(line: Staged, states: Mapping[str, str]) -> str:
    """Its state in the words of one side; a first review is told from the handling after it."""
    if line.state == State.ACCEPTED and line.stage == Stage.FIRST_REVIEW:
        return IN_FIRST_REVIEW
    return states[line.state]


SECTORS = {"public": "公共服务", "social": "社会服务", "market": "市场服务"}


class Named(Protocol):
    """Somebody for whom a request is, as the reader may know them."""

    @property
    def relation(self) -> str:
        """What they are to the holder."""

    @property
    def masked_name(self) -> str:
        """`张*`."""


def for_whom(kinds: Sequence[str], named: Sequence[Named]) -> str:
    """`本人、子女(张*)`."""
    said = []
    for kind in kinds:
        names = "、".join(each.masked_name for each in named if each.relation == kind)
        said.append(KINDS.get(kind, kind) + (f"({names})" if names else ""))
    return "、".join(said)


def window(text: str) -> str:
    """`7月1日至8月20日` for `07-01/08-20`."""
    days = [day.split("-") for day in text.split("/")]
    return "至".join(f"{int(month)}月{int(day)}日" for month, day in days)
