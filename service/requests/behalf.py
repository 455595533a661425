"""Whose request a page is about: the caller's own, or one of a steward's talents (guide.md 4)."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.pages.forms import uuid_of
from service.problems import NotFound
from service.talents.care import queries as care


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
    card_id = uuid_of(card or "")
    person = await care.holder_with(session, caller, card_id)
    if person is None:
        raise NotFound
    return Whose(person.id, card_id, person.name)
