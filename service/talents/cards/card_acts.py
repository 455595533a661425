"""What is done to a card: suspend, reinstate, revoke, renew, replace, expire (api.md 3.5)."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from events.of_cards import CardIssued
from service import ids
from service.auth.callers import Caller, Role
from service.etag import check_revision
from service.pages.show import SHANGHAI
from service.problems import FieldError, Forbidden, InvalidBody, NotFound, WrongState
from service.reference import regions
from service.talents import queries
from service.talents.applications import steps
from service.talents.applications.application import Application
from service.talents.applications.categories import YEARS, in_years
from service.talents.applications.opinions import Opinion
from service.talents.cards import issuing
from service.talents.cards.card import Card, Hand

ROLES = (Role.REVIEWER, Role.OFFICE, Role.TALENT)

Carry = Callable[[AsyncSession, UUID, UUID], Awaitable[None]]
_carry: list[Carry] = []


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why; a renewal may say until when, else it is five years."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    valid_until: date | None = None


def on_replaced(carry: Carry) -> None:
    """A room that counts by card carries its counts over: `(session, old_id, new_id)`."""
    if carry not in _carry:
        _carry.append(carry)


async def hands_of(session: AsyncSession, caller: Caller, card: Card) -> set[Hand]:
    """As whom the caller may act on this card."""
    known = await regions.of(session)
    found = set()
    if caller.has(Role.TALENT) and caller.person_id == card.person_id:
        found.add(Hand.HOLDER)
    for place in caller.regions(Role.REVIEWER):
        region = known.get(place)
        if region is not None and known.within(card.region, place):
            found.add(Hand(region.level))
    return found


async def acts_of(session: AsyncSession, caller: Caller, card: Card) -> list[str]:
    """The acts open to the caller now (api.md 1.7)."""
    return card.acts(await hands_of(session, caller, card))


async def got(session: AsyncSession, card_id: UUID, by: Caller, revision: int, act: str) -> Card:
    """The card, locked and as the caller saw it, where the act is open to them.

    Raises NotFound, Forbidden, Stale, WrongState.
    """
    mine = select(Card.id).where(Card.id == card_id, await queries.card_seen_by(session, by))
    if await session.scalar(mine) is None:
        raise NotFound
    query = select(Card).where(Card.id == card_id).with_for_update()
    card = (await session.scalars(query.execution_options(populate_existing=True))).one()
    hands = await hands_of(session, by, card)
    if not Card.may_ever(act, hands):
        raise Forbidden
    check_revision(card.revision, revision)
    if act not in card.acts(hands):
        raise WrongState(card.state, card.acts(hands))
    return card


async def suspend(
    session: AsyncSession, card_id: UUID, by: Caller, revision: int, act: Act, now: datetime
) -> Card:
    """Not usable for now; the holder may do so at once when it is lost."""
    card = await got(session, card_id, by, revision, "suspend")
    await note(session, card, "suspend", act, by, now)
    return await _tell(session, card, card.suspend(), by, now)


async def reinstate(
    session: AsyncSession, card_id: UUID, by: Caller, revision: int, act: Act, now: datetime
) -> Card:
    """Usable again."""
    card = await got(session, card_id, by, revision, "reinstate")
    await note(session, card, "reinstate", act, by, now)
    return await _tell(session, card, card.reinstate(), by, now)


async def revoke(
    session: AsyncSession, card_id: UUID, by: Caller, revision: int, act: Act, now: datetime
) -> Card:
    """Ended for good; the province's window alone (guide.md 2.4)."""
    card = await got(session, card_id, by, revision, "revoke")
    await note(session, card, "revoke", act, by, now)
    return await _tell(session, card, card.revoke(), by, now)


async def renew(
    session: AsyncSession, card_id: UUID, by: Caller, revision: int, act: Act, now: datetime
) -> Card:
    """Valid for longer; of two last days the later one stands (guide.md 2.4)."""
    card = await got(session, card_id, by, revision, "renew")
    today = now.astimezone(SHANGHAI).date()
    if act.valid_until is not None and act.valid_until <= today:
        raise InvalidBody(FieldError("/valid_until", "past", "请填写今天以后的日期。"))
    return await _tell(
        session, card, card.renew(act.valid_until or in_years(today, YEARS)), by, now
    )


async def replace(
    session: AsyncSession, card_id: UUID, by: Caller, revision: int, act: Act, now: datetime
) -> Card:
    """A new card with a new number in place of this one, which is dead; returns the new one."""
    old = await got(session, card_id, by, revision, "replace")
    await note(session, old, "replace", act, by, now)
    return await put_in_place(session, old, by, now)


async def put_in_place(session: AsyncSession, old: Card, by: Caller, now: datetime) -> Card:
    """A new card in place of one that the caller has locked and may replace."""
    event = old.replace(ids.new_id())
    await _tell(session, old, event, by, now)  # before the new one: only one of a person lives
    new = Card(
        id=event.replaced_by,
        number=await issuing.new_number(session),
        person_id=old.person_id,
        application_id=None,
        category=old.category,
        tier=old.tier,
        region=old.region,
        unit_id=old.unit_id,
        state="active",
        masked_name=old.masked_name,
        issued_on=now.astimezone(SHANGHAI).date(),
        valid_until=old.valid_until,
        print_cti=None,
        replaced_by=None,
    )
    await issuing.keep(session, new)
    for carry in _carry:
        await carry(session, old.id, new.id)
    return await _tell_issued(session, new, by, now)


async def _tell_issued(session: AsyncSession, card: Card, by: Caller, now: datetime) -> Card:
    """The new card's story begins with the application that its holder once made."""
    application_id = await _application_of(session, card)
    if application_id is None:
        return card
    issued = CardIssued(
        card_id=card.id, application_id=application_id, category=card.category,
        tier=card.tier, valid_until=card.valid_until,
    )  # fmt: skip
    return await _tell(session, card, issued, by, now)


async def _application_of(session: AsyncSession, card: Card) -> UUID | None:
    query = select(Application.id).where(
        Application.person_id == card.person_id, Application.step == steps.ISSUED
    )
    found: UUID | None = await session.scalar(query.order_by(Application.id.desc()).limit(1))
    return found


async def note(
    session: AsyncSession, card: Card, act: str, given: Act, by: Caller, now: datetime
) -> None:
    """Keep why, sealed, with the file that the card goes back to."""
    application_id = await _application_of(session, card)
    if application_id is not None:
        session.add(
            Opinion(
                id=ids.new_id(), application_id=application_id, step="card",
                account_id=by.account_id, decision=act, opinion=given.reason, decided_at=now,
            )
        )  # fmt: skip


async def _tell(session: AsyncSession, card: Card, event: Event, by: Caller, now: datetime) -> Card:
    await session.flush()  # the answer's ETag is the new revision
    await log.append(session, event, by=by.author(*ROLES), region=card.region, now=now)
    return card
