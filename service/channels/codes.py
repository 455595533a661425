"""Codes asked for and brought back, not too often: by account, and by whose address gets them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.channels import addresses
from service.limits import Limiter
from service.problems import Forbidden

HOUR, TEN_MINUTES = 3600, 600
ASKED_AN_HOUR = 5
"""By one account, and for one address whoever asks."""
TRIED = 5
"""Wrong or right, in ten minutes: a guess hits one in 200,000."""


def own_account(caller: Caller) -> UUID:
    """The caller's account; a machine has none. Raises Forbidden."""
    if caller.account_id is None:
        raise Forbidden
    return caller.account_id


async def ask(
    session: AsyncSession,
    limiter: Limiter,
    caller: Caller,
    channel: str,
    address: str,
    now: datetime,
) -> None:
    """Send a code to an address. Raises NotFound, InvalidBody, ChannelOff, RateLimited."""
    account_id, found = own_account(caller), addresses.read(channel, address)
    for bucket in (f"code {account_id}", f"code-to {addresses.bucket_of(found)}"):
        await limiter.take(bucket, ASKED_AN_HOUR, now, seconds=HOUR)
    await addresses.ask(session, account_id, channel, found, now)


async def confirm(
    session: AsyncSession,
    limiter: Limiter,
    caller: Caller,
    channel: str,
    code: str,
    now: datetime,
) -> None:
    """The code as somebody typed it. Raises WrongCode, RateLimited."""
    account_id = own_account(caller)
    await limiter.take(f"code-try {account_id}", TRIED, now, seconds=TEN_MINUTES)
    await addresses.confirm(session, account_id, channel, code.strip(), caller.author(), now)
