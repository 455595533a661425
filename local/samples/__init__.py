"""Sample people and agencies of Shandong for the local set-up (api.md 7.1, 7.2).

Everybody is fictional. Passwords, secrets and keys are drawn anew for each data folder.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from local.samples import agencies, holders, staff
from local.samples.accounts import Accounts
from service.auth.models import Account


async def plant(
    session: AsyncSession,
    now: datetime,
    *,
    base_url: str,
    portraits: bool = True,
    addresses: bool = True,
) -> dict[str, Any]:
    """Write the sample rows; returns the document of `var/local.json`.

    The officials' tables are loaded before. Passwords stand in the document alone, so it must be
    kept before the transaction commits. `portraits`: whether the holders have photographs;
    `addresses`: whether everybody is reached by e-mail, and the talents by SMS too.
    """
    accounts = Accounts(session, now, addresses=addresses)
    placed = await agencies.plant(session, now)
    units = await holders.plant_units(session, now)
    steward = await staff.plant(accounts, placed.by_key, units)
    await holders.plant(session, accounts, units, steward, now, portraits=portraits)
    return {"base_url": base_url, "people": accounts.people, "clients": placed.clients}


async def is_planted(session: AsyncSession) -> bool:
    """Whether the sample people are there already."""
    query = select(Account.id).where(Account.login == holders.FIRST_LOGIN)
    return await session.scalar(query) is not None
