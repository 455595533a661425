"""Whose request a page is about: the caller's own, or one of a steward's talents (guide.md 4)."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.problems import NotFound
from service.talents.cards.card import Card
from service.talents.care import queries as care
from service.talents.models import Person


class Whose(NamedTuple):
    """The holder; and for a steward the card that they named, which the form's address carries."""

    person_id: UUID | None
    card_id: UUID | None = None
    name: str = ""

    @property
    def query(self) -> str:
        """What goes before the rest of an address's query."""
        return f"for={self.card_id}&" if self.card_id else ""


async def whose(session: AsyncSession, caller: Caller, card: str | None) -> Whose:
    """The caller, or who has that card where the caller looks after them. Raises NotFound."""
    if card is None and caller.has(Role.TALENT):
        return Whose(caller.person_id)
    query = (
        select(Person.id, Card.id, Person.name)
        .join(Card, Card.person_id == Person.id)
        .where(Card.id == _id(card))
    )
    found = (await session.execute(query)).first()
    if found is None or not await care.looks_after(session, caller, found[0]):
        raise NotFound
    return Whose(*found)


def _id(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError as wrong:
        raise NotFound from wrong
