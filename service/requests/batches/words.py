"""A batch and a place in it in plain words."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from service.pages.show import day, when
from service.requests.batches.models import BatchState, Place
from service.requests.batches.rules import Fact, Key
from service.worktime.words import until

STATES: Mapping[str, str] = {
    BatchState.GATHERING: "受理中",
    BatchState.SHOWN: "名单公示中",
    BatchState.PLACING: "名额确认中",
    BatchState.ENDED: "已结束",
    BatchState.CANCELLED: "已取消",
}
PLACES: Mapping[str, str] = {
    Place.WAITING: "轮候中",
    Place.LISTED: "排队递补",
    Place.OFFERED: "待本人确认",
    Place.TAKEN: "已接受,办理中",
    Place.GIVEN: "已办结",
    Place.DECLINED: "已放弃",
    Place.LAPSED: "逾期未确认",
    Place.LEFT: "已退出",
    Place.UNSERVED: "名额已满",
    Place.CARRIED: "转入下一批",
    Place.MOVED: "已转入下一批",
}
LEFTOVER = {"carry": "未轮到的保留轮候时间,转入下一批", "end": "未轮到的在本批结束时办结"}
RULINGS = {"upheld": "异议成立", "rejected": "异议不成立"}


def state_of(state: str, opens_at: datetime, closes_at: datetime, now: datetime) -> str:
    """A batch that gathers is not open yet, open, or closed and waiting for its list."""
    if state != BatchState.GATHERING:
        return STATES[state]
    if now < opens_at:
        return "尚未开放"
    return STATES[state] if now < closes_at else "已截止,待排序"


def standing(state: str, rank: int | None, places: int, *, shown: bool) -> str:
    """Where somebody stands, in one word; while the list is shown, whether the places reach."""
    if shown and state == Place.LISTED:
        return "拟入围" if rank and rank <= places else "候补"
    return PLACES[state]


def fact(key: Key, said: Fact, schema: Mapping[str, Any]) -> str:
    """What the rule read, as people write it."""
    if said is None:
        return "未填"
    if isinstance(said, bool):
        return "是" if said else "否"
    if key.key == "tier":
        return f"第 {said} 类"
    if isinstance(said, str):
        titles = schema.get("properties", {}).get(key.field, {}).get("x-titles", {})
        try:
            return titles.get(said) or day(date.fromisoformat(said))
        except ValueError:
            return said
    return str(said)


def place(
    state: str, *, rank: int | None, ahead: int, waiting: int, places: int,
    closes_at: datetime, answer_by: datetime | None, shown_until: datetime | None,
) -> str:  # fmt: skip
    """Where somebody stands, in one or two sentences; `ahead` are those who may still get a place
    before them, `waiting` all on the list."""
    match state:
        case Place.WAITING:
            return (
                f"名额 {places} 个,目前 {waiting} 件在轮候。{when(closes_at)}截止后按公布的规则"
                "排序,先后与提交早晚无关时由抽签决定;等候期间不计办理时间。"
            )
        case Place.LISTED:
            return f"您排在第 {rank} 位,名额 {places} 个。{_listed(ahead, shown_until)}"
        case Place.OFFERED:
            by = until(answer_by) if answer_by else ""
            return f"轮到您了。请在{by}前确认接受名额;逾期视为放弃,由下一位递补。"
        case Place.TAKEN:
            return "您已接受名额,办理单位正在办结。"
        case Place.CARRIED:
            return "本批未轮到您,已保留轮候时间;下一批开放时自动参加,等候期间不计办理时间。"
    return PLACES[state]


def _listed(ahead: int, shown_until: datetime | None) -> str:
    if shown_until is not None:
        return f"名单公示到{until(shown_until)},有误可提出异议;公示后按顺序确认名额。"
    if ahead == 0:
        return "您是下一位:有人放弃或逾期即轮到您。"
    return f"前面还有 {ahead} 位等候递补。"
