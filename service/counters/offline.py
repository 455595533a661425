"""What a counter takes along for the time without a network (card-token.md 13.1)."""

from datetime import datetime
from typing import Any

import msgspec

from cards.keys import jwks
from service.counters.benefits import Benefits
from service.counters.door import Door
from service.counters.standing import NEWEST_VERSION, local
from service.talents.proof import card_keys, statuslists

FRESH_SECONDS = 3_600
LOW_VALUE_FRESH_SECONDS = 86_400


class PackedList(msgspec.Struct, frozen=True):
    """One signed status list under the name that tokens use."""

    uri: str
    jwt: str


class PackedOffering(msgspec.Struct, frozen=True):
    """One benefit; those of low value may be given on an older list (13.2)."""

    code: str
    name: str
    low_value: bool


class OfflinePack(msgspec.Struct, frozen=True, kw_only=True):
    """Keys, lists and offerings; ages in seconds."""

    issued_at: datetime
    issuer: str
    jwks: dict[str, Any]
    status_lists: list[PackedList]
    max_status_age_s: int
    low_value_max_status_age_s: int
    offerings: list[PackedOffering]


async def pack(door: Door, now: datetime) -> OfflinePack:
    """The lists in force, tomorrow's once they exist, the keys and the benefits."""
    today = local(now).date()
    keys = await card_keys.published(door.pool, now)
    signer = await card_keys.signer(door.pool, now)
    lists = []
    for name in await statuslists.in_force(door.pool, today):
        signed = await statuslists.published(door.pool, name, signer, now)
        lists.append(PackedList(statuslists.uri_of(name), signed.jwt))
    newest = await door.pool.fetchval(NEWEST_VERSION)
    return OfflinePack(
        issued_at=local(now),
        issuer=door.issuer,
        jwks={"keys": jwks(keys)},
        status_lists=lists,
        max_status_age_s=FRESH_SECONDS,
        low_value_max_status_age_s=LOW_VALUE_FRESH_SECONDS,
        offerings=_offerings(await door.benefits.of(door.pool, newest, today)),
    )


def _offerings(benefits: Benefits) -> list[PackedOffering]:
    return [
        PackedOffering(each.code, each.name, each.low_value)
        for _, each in sorted(benefits.items())
        if not each.stopped
    ]
