"""Bringing a matter of a card up: who may, about which, decided by when (guide.md 2.4)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service import ids
from service.auth.callers import Caller, Role
from service.problems import FieldError, Forbidden, InvalidBody, Problem, WrongState
from service.reference import regions
from service.reference.regions import Regions
from service.reference.tables import PROVINCE
from service.talents import queries
from service.talents.applications import categories, checking
from service.talents.cards.card import Card
from service.talents.care import queries as care
from service.talents.matters.kinds import KINDS, ROLE_OF, Kind, KindName, Opener
from service.talents.matters.models import OPEN, Matter
from service.talents.models import Unit
from service.worktime import current
from service.worktime.calendars import CalendarUnknown
from service.worktime.hours import SHANGHAI
from service.worktime.reckoning import WorkingDays, due


class MatterOpen(Problem):
    """One of a kind at a time."""

    code = "matter-open"
    status = 409
    title = "同类事项已在办理中"
    advice = "这张卡已有一件同类事项在办,请等办结,或先撤回再重新提出。"


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """提出一件卡务。

    延期可填合同期、管理期;变更单位须填新单位的统一社会信用代码;补换须说明遗失或损坏;
    离鲁、去世可填日期。
    """

    kind: KindName
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    contract_until: date | None = None
    management_until: date | None = None
    unit_uscc: Annotated[str, msgspec.Meta(min_length=1, max_length=30)] | None = None
    cause: Literal["lost", "damaged"] | None = None
    happened_on: date | None = None


TAKES: dict[str, tuple[str, ...]] = {
    "renewal": ("contract_until", "management_until"),
    "revocation": (),
    "leaving": ("happened_on",),
    "unit_change": ("unit_uscc",),
    "death": ("happened_on",),
    "replacement": ("cause",),
}
"""Which members each kind has a use for; another is refused, not dropped."""
NEEDS: dict[str, tuple[str, str]] = {
    "unit_change": ("unit_uscc", "请填写新单位的统一社会信用代码。"),
    "replacement": ("cause", "请说明是遗失(lost)还是损坏(damaged)。"),
}
DAYS_AHEAD = ("contract_until", "management_until")


async def hands_of(session: AsyncSession, caller: Caller, card: Card) -> set[Opener]:
    """As whom the caller may bring something up about this card."""
    found = set()
    if caller.has(Role.TALENT) and caller.person_id == card.person_id:
        found.add(Opener.HOLDER)
    for hand in (Opener.UNIT_MANAGER, Opener.UNIT_SPECIALIST):
        if card.unit_id in caller.organisations(ROLE_OF[hand]):
            found.add(hand)
    if await care.looks_after(session, caller, card.person_id):
        found.add(Opener.STEWARD)
    known = await regions.of(session)
    if any(known.within(card.region, place) for place in caller.regions(Role.REVIEWER)):
        found.add(Opener.WINDOW)
    return found


async def open_to(session: AsyncSession, caller: Caller, card: Card) -> list[str]:
    """The kinds that the caller may bring up about this card now."""
    hands = await hands_of(session, caller, card)
    taken = select(Matter.kind).where(Matter.card_id == card.id, Matter.state == OPEN)
    under_way = set(await session.scalars(taken))
    return [
        kind.kind
        for kind in KINDS.values()
        if kind.opens(hands) and card.state in kind.states and kind.kind not in under_way
    ]


async def open_(
    session: AsyncSession, card_id: UUID, by: Caller, given: Opening, now: datetime
) -> Matter:
    """Bring it up; the card stays as it is.

    Raises NotFound, Forbidden, WrongState, InvalidBody, MatterOpen.
    """
    kind = KINDS[given.kind]
    await queries.visible_card(session, by, card_id)
    query = select(Card).where(Card.id == card_id).with_for_update()
    card = (await session.scalars(query.execution_options(populate_existing=True))).one()
    hands = await hands_of(session, by, card)
    if not kind.opens(hands):
        raise Forbidden
    if card.state not in kind.states:
        raise WrongState(card.state, await open_to(session, by, card))
    known = await regions.of(session)
    unit, details = await _details(session, card, given, now)
    opened_as = next(hand for hand in kind.opened_by if hand in hands)
    place = await _place(session, kind, card, unit, known)
    due_at, version = await _due_at(session, place, kind, now)
    matter = Matter(
        id=ids.new_id(), card_id=card.id, kind=kind.kind, state=OPEN, place=place,
        opened_by=by.account_id, opened_as=opened_as.value, opened_at=now,
        due_at=due_at, calendar_version=version, decided_by=None, decided_at=None,
        reason=given.reason.strip(), opinion=None, statement=None, details=details,
    )  # fmt: skip
    await _keep(session, matter)
    author = by.author(ROLE_OF[opened_as])
    await log.append(session, matter.opened(), by=author, region=card.region, now=now)
    return matter


async def _details(
    session: AsyncSession, card: Card, given: Opening, now: datetime
) -> tuple[Unit | None, dict[str, Any]]:
    """What the kind needs besides the reason, checked; and the new unit where there is one."""
    today = now.astimezone(SHANGHAI).date()
    check(given, today)
    if given.kind == "renewal":
        # What will be reckoned when it is agreed to must be reckonable now: ContractOver.
        category = await checking.category_of(session, card.category)
        expected(category, given.management_until, given.contract_until, today)
    details: dict[str, Any] = {}
    for name in TAKES[given.kind]:
        value = getattr(given, name)
        if value is not None and name != "unit_uscc":
            details[name] = value.isoformat() if isinstance(value, date) else value
    if given.unit_uscc is None:
        return None, details
    unit = await checking.unit_of(session, given.unit_uscc)
    if unit.id == card.unit_id:
        raise InvalidBody(FieldError("/unit_uscc", "unchanged", "已经是这个单位,无需变更。"))
    return unit, details | {"unit_id": str(unit.id), "from_unit_id": str(card.unit_id or "")}


def expected(
    category: categories.Category, management: date | None, contract: date | None, today: date
) -> date:
    """The last day that a renewal would give by the category's rule; raises ContractOver."""
    return category.valid_until(management, contract, today)


def check(given: Opening, today: date) -> None:
    """Raises InvalidBody with a pointer for each thing that is wrong."""
    wrong = [
        FieldError(f"/{name}", "not-for-kind", "这类事项不填此项。")
        for name in ("contract_until", "management_until", "unit_uscc", "cause", "happened_on")
        if getattr(given, name) is not None and name not in TAKES[given.kind]
    ]
    if not given.reason.strip():
        wrong.append(FieldError("/reason", "missing", "请写明情况和理由。"))
    if given.kind in NEEDS and getattr(given, NEEDS[given.kind][0]) is None:
        name, advice = NEEDS[given.kind]
        wrong.append(FieldError(f"/{name}", "missing", advice))
    for name in DAYS_AHEAD:
        until: date | None = getattr(given, name)
        if until is not None and until <= today:
            wrong.append(FieldError(f"/{name}", "past", "请填写今天以后的日期。"))
    if given.happened_on is not None and given.happened_on > today:
        wrong.append(FieldError("/happened_on", "future", "日期晚于今天,请核对。"))
    if wrong:
        raise InvalidBody(*wrong)


async def _place(
    session: AsyncSession, kind: Kind, card: Card, new: Unit | None, known: Regions
) -> str:
    """The window that decides; a provincial unit's is the province's (guide.md 2.3, 2.4)."""
    if new is not None:
        return place_at(known, new.region, new.level)
    if kind.level == "card":
        return card.region
    unit = await session.get(Unit, card.unit_id) if card.unit_id else None
    if unit is not None and unit.level == "province":
        return PROVINCE
    return place_at(known, card.region, kind.level)


def place_at(known: Regions, region: str, level: str) -> str:
    """The place of that level that a region lies in; the region itself where it is higher."""
    return next((e for e in known.chain(region) if known.by_code[e].level == level), region)


async def _due_at(
    session: AsyncSession, place: str, kind: Kind, now: datetime
) -> tuple[datetime | None, int]:
    """By the working days of the window's place, and the calendar's version; None where that year
    has no calendar yet.

    A lost card or a death is not refused because of it.
    """
    calendar = (await current.current(session)).of(place)
    try:
        return due(now, WorkingDays(kind.workdays), calendar).due_at, calendar.version
    except CalendarUnknown:
        return None, calendar.version


async def _keep(session: AsyncSession, matter: Matter) -> None:
    """Of two who ask at once the second finds the first's: the index knows, whoever locks."""
    try:
        async with session.begin_nested():
            session.add(matter)
    except IntegrityError as taken:
        if "uq_card_matters_one_open" not in str(taken.orig):
            raise
        raise MatterOpen from None
