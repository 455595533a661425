"""The story of a card: its log, each event as a Chinese sentence, for holder and staff."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, log
from events import of_cards as happened
from events import of_matters as around
from events.base import Event
from events.of_care import SpecialistSet
from service.auth.callers import Caller, Role
from service.pages.show import day
from service.talents.applications.timeline import ROLES
from service.talents.cards.card import Card
from service.talents.matters.kinds import TITLES, UNTOLD
from service.talents.models import Unit
from service.worktime.hours import SHANGHAI

BY: Mapping[str, str] = {**ROLES, "talent": "持卡人", "steward": "服务专员"}
FROM: Mapping[str, str] = {"revocation": "单位提议", "leaving": "离鲁", "death": "去世"}
DECIDED: Mapping[str, str] = {"agree": "同意", "decline": "未同意"}

WORDS: Mapping[type[Event], Callable[[Any], str]] = {
    happened.CardIssued: lambda e: f"签发,有效期至{day(e.valid_until)}",
    happened.CardSuspended: lambda _: "暂停使用",
    happened.CardReinstated: lambda _: "恢复使用",
    happened.CardRenewed: lambda e: f"延期,有效期至{day(e.valid_until)}",
    happened.CardReplaced: lambda _: "换发新卡,本卡作废",
    happened.CardRevoked: lambda e: f"注销({FROM[e.because]})" if e.because else "注销",
    happened.CardPrinted: lambda _: "印制卡面,此前印制的码作废",
    happened.CardExpired: lambda _: "到期",
    around.MatterOpened: lambda e: f"提出“{TITLES[e.kind]}”",
    around.MatterDecided: lambda e: f"{DECIDED[e.decision]}“{TITLES[e.kind]}”",
    around.MatterStated: lambda e: f"就“{TITLES[e.kind]}”作出陈述",
    around.MatterWithdrawn: lambda e: (
        f"撤回“{TITLES[e.kind]}”" if e.cause == "opener" else f"“{TITLES[e.kind]}”因卡已失效而终止"
    ),
    around.CardReminded: lambda e: f"提醒:还有 {e.days} 天到期",
    around.CardRelinked: lambda _: "变更用人单位",
    SpecialistSet: lambda _: "单位指定服务专员",
}


class CardStory(msgspec.Struct, frozen=True):
    """一张卡的经过,先发生的在前。"""

    items: list["CardEntry"]


class CardEntry(msgspec.Struct, frozen=True):
    """一步: 何时、何种身份(不写姓名)、什么事。"""

    at: datetime
    type: str
    sequence: int
    by: str
    text: str


async def of(session: AsyncSession, caller: Caller, card: Card) -> list[CardEntry]:
    """The whole story, oldest first; the holder does not read what is not told to them."""
    rows = await log.of_subject(session, f"cards/{card.id}")
    own = caller.has(Role.TALENT) and caller.person_id == card.person_id
    found = []
    for row in rows:
        event = catalogue.read(row.type, row.data)
        if own and isinstance(event, around.OfMatter) and event.kind in UNTOLD:
            continue
        if own and isinstance(event, happened.CardRevoked) and event.because in UNTOLD:
            event = happened.CardRevoked(card_id=event.card_id)
        found.append(_entry(row, event, await _more(session, event)))
    return found


async def _more(session: AsyncSession, event: Event) -> str:
    if not isinstance(event, around.CardRelinked):
        return ""
    unit = await session.get(Unit, event.unit_id)
    return f"为{unit.name}" if unit else ""


def _entry(row: sa.Row[Any], event: Event, more: str) -> CardEntry:
    return CardEntry(
        at=row.at.astimezone(SHANGHAI),
        type=row.type,
        sequence=row.sequence,
        by=BY.get(row.role, "工作人员"),
        text=words(event) + more,
    )


def words(event: Event) -> str:
    """One event as a sentence."""
    said = WORDS.get(type(event))
    return said(event) if said else "已记录"
