"""Chinese names for the keys that figures and cases are about."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings.models import OfferingVersion
from service.partners.models import Partner

SECTORS = {"public": "公共服务", "social": "社会服务", "market": "市场服务"}


async def offerings(session: AsyncSession) -> dict[str, str]:
    """Every offering's name by its code, as its newest version has it."""
    query = select(OfferingVersion.code, OfferingVersion.name_zh)
    found = await session.execute(query.order_by(OfferingVersion.code, OfferingVersion.version))
    return {code: name for code, name in found}


async def partners(session: AsyncSession) -> dict[str, str]:
    """Every partner's name by its id as text."""
    found = await session.execute(select(Partner.id, Partner.name))
    return {str(partner_id): name for partner_id, name in found}
