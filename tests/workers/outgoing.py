"""What goes out of a city: addresses given, channels switched on, batches sent."""

import contextlib
from collections.abc import Iterator
from uuid import UUID

from service.channels import switched
from service.channels.models import Address
from service.channels.topics import EMAIL
from service.settings import Settings
from tests.city import City
from workers import outward


async def account_of(city: City, login: str) -> UUID:
    """The account of a sample person."""
    found: UUID = (await city.sql("SELECT id FROM accounts WHERE login = $1", login))[0]["id"]
    return found


async def give_address(city: City, login: str, address: str, channel: str = EMAIL) -> UUID:
    """A confirmed address, as if its code had come back."""
    account_id = await account_of(city, login)
    async with city.sessions.begin() as session:
        row = await session.get(Address, (account_id, channel))
        if row is None:
            row = Address(account_id=account_id, channel=channel)
            session.add(row)
        row.address, row.confirmed_at, row.bounced_at = address, city.now, None
    return account_id


@contextlib.contextmanager
def switched_to(settings: Settings) -> Iterator[None]:
    """These settings' channels are on."""
    switched.use(settings)
    try:
        yield
    finally:
        switched._on.clear()


async def send_all(city: City, settings: Settings) -> int:
    """Every message of every channel that is due now; returns how many tries were made."""
    done = 0
    for channel in outward.channels_of(settings):
        while some := await outward.send_due(
            city.sessions, channel, lambda: city.now, settings.base_url
        ):
            done += some
    return done


async def states(city: City) -> list[str]:
    """The states of all outward messages, oldest first."""
    return [row["state"] for row in await city.sql("SELECT state FROM sendings ORDER BY id")]
