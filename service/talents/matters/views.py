"""What each reader sees of a matter."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from cards import number
from service.auth.callers import Caller
from service.reference import regions
from service.talents import queries as people_queries
from service.talents.cards.card import Card
from service.talents.cards.card_views import NAMES
from service.talents.matters import deciding
from service.talents.matters.kinds import STATES, TITLES
from service.talents.matters.models import Matter
from service.talents.models import Unit
from service.worktime.hours import SHANGHAI

OPENERS = {
    "holder": "持卡人",
    "unit_manager": "单位业务负责人",
    "unit_specialist": "单位服务专员",
    "steward": "服务专员",
    "window": "人社窗口",
}


class MatterSummary(msgspec.Struct, frozen=True, kw_only=True):
    """一件卡务的一行。"""

    id: UUID
    card_id: UUID
    card_number: str
    name: str
    kind: str
    kind_name: str
    state: str
    state_name: str
    place: str
    place_name: str
    opened_as: str
    opened_by_name: str
    opened_at: datetime
    due_at: datetime | None
    overdue: bool
    decided_at: datetime | None


class MatterView(MatterSummary, frozen=True, kw_only=True):
    """一件卡务。理由、意见、陈述只给当事人和经办人看。"""

    reason: str | None
    opinion: str | None
    statement: str | None
    contract_until: date | None
    management_until: date | None
    happened_on: date | None
    cause: str | None
    unit: str | None
    new_unit: str | None
    valid_until: date | None
    new_card_id: UUID | None
    card_state: str
    card_valid_until: date
    card_region: str
    allowed: list[str]


async def summaries(
    session: AsyncSession, caller: Caller, found: Sequence[Matter], now: datetime
) -> list[MatterSummary]:
    """The lines of a list for one reader."""
    lines = [await _line(session, caller, each, now) for each in found]
    return [MatterSummary(**line) for line in lines]


async def view_of(
    session: AsyncSession, caller: Caller, matter: Matter, now: datetime
) -> MatterView:
    """The matter for one reader; 专家中心 reads that it is, not what was written."""
    card = await session.get_one(Card, matter.card_id)
    kept: Mapping[str, Any] = matter.details
    whole = caller.has(*NAMES)
    new_unit = kept.get("unit_id")
    unit_id = UUID(kept["from_unit_id"]) if kept.get("from_unit_id") else card.unit_id
    return MatterView(
        **await _line(session, caller, matter, now),
        reason=matter.reason if whole else None,
        opinion=matter.opinion if whole else None,
        statement=matter.statement if whole else None,
        contract_until=_day(kept, "contract_until"),
        management_until=_day(kept, "management_until"),
        happened_on=_day(kept, "happened_on"),
        cause=kept.get("cause"),
        unit=await _unit(session, unit_id),
        new_unit=await _unit(session, UUID(new_unit) if new_unit else None),
        valid_until=_day(kept, "valid_until"),
        new_card_id=UUID(kept["new_card_id"]) if "new_card_id" in kept else None,
        card_state=card.state,
        card_valid_until=card.valid_until,
        card_region=card.region,
        allowed=await deciding.acts_of(session, caller, matter),
    )


def _day(kept: Mapping[str, Any], name: str) -> date | None:
    return date.fromisoformat(kept[name]) if kept.get(name) else None


async def _unit(session: AsyncSession, unit_id: UUID | None) -> str | None:
    unit = await session.get(Unit, unit_id) if unit_id else None
    return unit.name if unit else None


async def _line(
    session: AsyncSession, caller: Caller, matter: Matter, now: datetime
) -> dict[str, Any]:
    card = await session.get_one(Card, matter.card_id)
    people = await people_queries.people_of(session, {card.person_id})
    known = await regions.of(session)
    due_at = matter.due_at.astimezone(SHANGHAI) if matter.due_at else None
    return {
        "id": matter.id,
        "card_id": card.id,
        "card_number": number.shown(card.number),
        "name": people[card.person_id].name if caller.has(*NAMES) else card.masked_name,
        "kind": matter.kind,
        "kind_name": TITLES[matter.kind],
        "state": matter.state,
        "state_name": STATES[matter.state],
        "place": matter.place,
        "place_name": known.full_name(matter.place),
        "opened_as": matter.opened_as,
        "opened_by_name": OPENERS[matter.opened_as],
        "opened_at": matter.opened_at.astimezone(SHANGHAI),
        "due_at": due_at,
        "overdue": matter.state == "open" and due_at is not None and due_at <= now,
        "decided_at": matter.decided_at.astimezone(SHANGHAI) if matter.decided_at else None,
    }
