"""Each holder has a steward: given at once, handed over on leaving, never none (guide.md 1)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_care import StewardSet
from service.auth.callers import Caller, Role
from service.auth.models import Account, GrantRow
from service.problems import FieldError, InvalidBody
from service.reference import regions
from service.talents.cards.card import LIVE, Card
from service.talents.care import absences, queries
from service.talents.models import Person

BATCH = 200


class HandOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """接手的服务专员。"""

    to: UUID


async def hand_over(
    session: AsyncSession, by: Caller, leaving: UUID, given: HandOver, now: datetime
) -> int:
    """Everybody whom a steward looks after goes to another, with all that is open.

    Requests, messages and notices follow the holder, so nothing is left behind; whoever the
    leaving one stood in for gets the successor too. Returns how many holders. Raises NotFound,
    InvalidBody.
    """
    await absences.check_in_reach(session, by, leaving)
    await absences.lock(session, leaving, given.to)
    await _check_successor(session, leaving, given.to)
    author = by.author(Role.CENTRE)
    query = select(Person).where(Person.steward_id == leaving).order_by(Person.id)
    people = (await session.scalars(query.with_for_update())).all()
    for person in people:
        await _set(session, person, given.to, "handed_over", author, now)
    await absences.change_deputy(session, leaving, given.to, author, now)
    return len(people)


async def _check_successor(session: AsyncSession, leaving: UUID, successor: UUID) -> None:
    try:
        await absences.check_deputy(session, leaving, successor)
    except InvalidBody as wrong:
        raise InvalidBody(FieldError("/to", "not-a-deputy", wrong.errors[0].detail)) from wrong


async def assign_due(session: AsyncSession, now: datetime, limit: int = BATCH) -> int:
    """Holders without a steward, or whose steward left without handing over, get one.

    The nearest region that has stewards, there whoever looks after the fewest, then the one who
    came first. Returns how many.
    """
    by_region = await _stewards(session)
    if not by_region:
        return 0
    known = await regions.of(session)
    served = frozenset[str]().union(*(known.children(region) for region in by_region))
    load = await _load(session)
    done = 0
    for person, region in await _without(session, served, limit):
        nearest = next(place for place in known.chain(region) if place in by_region)
        chosen = min(by_region[nearest], key=lambda each: (load[each], str(each)))
        cause = "assigned" if person.steward_id is None else "left"
        await _set(session, person, chosen, cause, log.SYSTEM, now)
        load[chosen] += 1
        done += 1
    return done


async def _stewards(session: AsyncSession) -> dict[str, list[UUID]]:
    """Stewards who can sign in, by region."""
    query = (
        select(GrantRow.region, GrantRow.account_id)
        .join(Account, Account.id == GrantRow.account_id)
        .where(
            GrantRow.role == Role.STEWARD,
            GrantRow.region.is_not(None),
            Account.disabled_at.is_(None),
        )
    )
    found: dict[str, list[UUID]] = {}
    for region, account_id in await session.execute(query):
        if region is not None:
            found.setdefault(region, []).append(account_id)
    return found


async def _load(session: AsyncSession) -> Counter[UUID]:
    query = select(Person.steward_id, func.count()).where(Person.steward_id.is_not(None))
    rows = await session.execute(query.group_by(Person.steward_id))
    return Counter({steward_id: number for steward_id, number in rows if steward_id})


async def _without(
    session: AsyncSession, served: frozenset[str], limit: int
) -> Sequence[tuple[Person, str]]:
    """Holders of live cards in those places whom no steward looks after, with their region."""
    stands = exists().where(
        GrantRow.account_id == Person.steward_id,
        GrantRow.role == Role.STEWARD,
        Account.id == Person.steward_id,
        Account.disabled_at.is_(None),
    )
    query = (
        select(Person, Card.region)
        .join(Card, Card.person_id == Person.id)
        .where(
            Card.state.in_(LIVE),
            Card.region.in_(served),
            or_(Person.steward_id.is_(None), ~stands),
        )
        .order_by(Person.id)
        .limit(limit)
        .with_for_update(of=Person, skip_locked=True)
    )
    return [(person, region) for person, region in await session.execute(query)]


async def _set(
    session: AsyncSession,
    person: Person,
    steward_id: UUID,
    cause: str,
    by: log.Author,
    now: datetime,
) -> None:
    event = StewardSet(
        person_id=person.id, steward_id=steward_id, was_id=person.steward_id, cause=cause
    )
    person.steward_id = steward_id
    await session.flush()
    region = await queries.home_of(session, steward_id)
    await log.append(session, event, by=by, region=region, now=now)
