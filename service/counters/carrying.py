"""A replaced card's uses of the year go over to the new one: a new card is no new quota."""

from uuid import UUID

from sqlalchemy import insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.counters.models import QuotaUse
from service.talents.cards import card_acts


async def carry_uses(session: AsyncSession, old_id: UUID, new_id: UUID) -> None:
    """Count on where the old card stopped, in the transaction of the replacement."""
    uses = select(literal(new_id), QuotaUse.offering, QuotaUse.year, QuotaUse.used)
    uses = uses.where(QuotaUse.card_id == old_id)
    columns = ["card_id", "offering", "year", "used"]
    await session.execute(insert(QuotaUse).from_select(columns, uses))


card_acts.on_replaced(carry_uses)
