"""What follows from an agreed matter: renewed, revoked, replaced, linked to another unit."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from events import log
from events.of_cards import OfCard
from service.auth.callers import Caller, Role
from service.talents.applications import checking
from service.talents.applications.categories import ContractOver
from service.talents.cards import card_acts
from service.talents.cards.card import LIVE, Card
from service.talents.matters.models import OPEN, Matter
from service.talents.models import Unit
from service.worktime.hours import SHANGHAI

Follow = Callable[[AsyncSession, Matter, Card, Caller, datetime], Awaitable[None]]


async def follow(
    session: AsyncSession, matter: Matter, card: Card, by: Caller, now: datetime
) -> None:
    """Do to the card what its kind says; the caller has both locked."""
    await FOLLOWS[matter.rules.follows](session, matter, card, by, now)


def _day(matter: Matter, name: str) -> date | None:
    kept = matter.details.get(name)
    return date.fromisoformat(kept) if kept else None


async def until_of(session: AsyncSession, matter: Matter, card: Card, now: datetime) -> date:
    """The last day that a renewal gives: by the category's rule, and never an earlier one.

    Raises ContractOver.
    """
    category = await checking.category_of(session, card.category)
    today = now.astimezone(SHANGHAI).date()
    until = category.valid_until(
        _day(matter, "management_until"), _day(matter, "contract_until"), today
    )
    return max(until, card.valid_until)


async def expected(session: AsyncSession, matter: Matter, now: datetime) -> date | None:
    """What agreeing to an open renewal would give; None where it gives no day."""
    if matter.rules.follows != "renew" or matter.state != OPEN:
        return None
    try:
        return await until_of(session, matter, await session.get_one(Card, matter.card_id), now)
    except ContractOver:
        return None


async def _renew(
    session: AsyncSession, matter: Matter, card: Card, by: Caller, now: datetime
) -> None:
    until = await until_of(session, matter, card, now)
    matter.details = matter.details | {"valid_until": until.isoformat()}
    await _tell(session, card, card.renew(until), by, now)


async def _revoke(
    session: AsyncSession, matter: Matter, card: Card, by: Caller, now: datetime
) -> None:
    await _tell(session, card, card.revoke(because=matter.kind), by, now)
    await close_open(session, card, by.author(Role.REVIEWER), now)


async def _relink(
    session: AsyncSession, matter: Matter, card: Card, by: Caller, now: datetime
) -> None:
    unit = await session.get_one(Unit, UUID(matter.details["unit_id"]))
    await _tell(session, card, card.relink(unit.id, unit.region), by, now)


async def _replace(
    session: AsyncSession, matter: Matter, card: Card, by: Caller, now: datetime
) -> None:
    new = await card_acts.put_in_place(session, card, by, now)
    matter.details = matter.details | {"new_card_id": str(new.id)}
    await session.flush()


FOLLOWS: Mapping[str, Follow] = {
    "renew": _renew, "revoke": _revoke, "relink": _relink, "replace": _replace,
}  # fmt: skip
"""By the column `follows` of matters.tsv."""


async def _tell(
    session: AsyncSession, card: Card, event: OfCard, by: Caller, now: datetime
) -> None:
    await session.flush()
    author = by.author(Role.REVIEWER)
    await log.append(session, event, by=author, region=card.region, now=now)


async def _open_of(session: AsyncSession, card_id: UUID) -> list[Matter]:
    query = select(Matter).where(Matter.card_id == card_id, Matter.state == OPEN)
    query = query.order_by(Matter.id).with_for_update()
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def close_open(session: AsyncSession, card: Card, by: log.Author, now: datetime) -> int:
    """End what is still open about a card that has ended; the caller has the card locked."""
    found = await _open_of(session, card.id)
    for matter in found:
        event = matter.withdraw(now, "card-ended")
        await session.flush()
        await log.append(session, event, by=by, region=card.region, now=now)
    return len(found)


async def close_orphans(session: AsyncSession, now: datetime, limit: int = 100) -> int:
    """The same for cards that ended in another way: by their last day, by a window's own act."""
    without = select(Matter.card_id).join(Card, Card.id == Matter.card_id)
    without = without.where(Matter.state == OPEN, Card.state.not_in(LIVE)).limit(limit)
    query = select(Card).where(Card.id.in_(without)).with_for_update(skip_locked=True)
    return sum(
        [await close_open(session, card, log.SYSTEM, now) for card in await session.scalars(query)]
    )


async def carry_over(session: AsyncSession, old_id: UUID, new_id: UUID) -> None:
    """What is open about a replaced card goes on about the one in its place."""
    for matter in await _open_of(session, old_id):
        matter.card_id = new_id
        flag_modified(matter, "state")
    await session.flush()


card_acts.on_replaced(carry_over)
