"""What somebody sees of their channels."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import STAFF, Caller
from service.channels import addresses, switched, wishes
from service.channels.models import Address
from service.channels.topics import CHANNEL_NAMES, CHANNELS, MUST, TOPICS, Topic
from service.pages.show import SHANGHAI


class ChannelView(msgspec.Struct, frozen=True, kw_only=True):
    """One channel: whether the installation has it, and where the caller is reached (masked).

    `state`: none, unconfirmed, confirmed or bounced; `pending`: the address that waits for a code.
    """

    channel: str
    title: str
    available: bool
    state: str
    address: str | None
    pending: str | None
    confirmed_at: datetime | None


class WishView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a topic reaches the caller by a channel; `mandatory` ones cannot be refused."""

    topic: str
    title: str
    channel: str
    wanted: bool
    mandatory: bool


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How the caller is told of things, beside the inbox, which is always there."""

    channels: list[ChannelView]
    preferences: list[WishView]


async def of(session: AsyncSession, caller: Caller) -> Reach:
    """The caller's channels and choices; machines have none."""
    query = select(Address).where(Address.account_id == caller.account_id)
    rows = {row.channel: row for row in await session.scalars(query)}
    on = switched.on()
    return Reach(
        channels=[_channel(each, rows.get(each), each in on) for each in CHANNELS],
        preferences=await _wishes(session, caller),
    )


def _channel(channel: str, row: Address | None, available: bool) -> ChannelView:
    confirmed = row.confirmed_at if row else None
    return ChannelView(
        channel=channel,
        title=CHANNEL_NAMES[channel],
        available=available,
        state=_state(row),
        address=addresses.masked(channel, row.address if row else None),
        pending=addresses.masked(channel, row.wanted if row else None),
        confirmed_at=confirmed.astimezone(SHANGHAI) if confirmed else None,
    )


def _state(row: Address | None) -> str:
    if row is None:
        return "none"
    if row.confirmed_at is None:
        return "unconfirmed"
    return "bounced" if row.bounced_at else "confirmed"


def topics_of(caller: Caller) -> Sequence[Topic]:
    """The topics that there are for somebody of these roles."""
    sides = {"all"}
    sides |= {"staff"} if caller.has(*STAFF) else set()
    sides |= {"holder"} if caller.person_id else set()
    return [topic for topic in TOPICS.values() if topic.who in sides]


async def _wishes(session: AsyncSession, caller: Caller) -> list[WishView]:
    account_id = caller.account_id
    if account_id is None:
        return []
    chosen = await wishes.of(session, [account_id])
    return [
        _wish(topic, channel, chosen, account_id)
        for topic in topics_of(caller)
        for channel in CHANNELS
    ]


def _wish(
    topic: Topic, channel: str, chosen: Mapping[tuple[UUID, str, str], bool], account_id: UUID
) -> WishView:
    default = topic.by(channel)
    mandatory = default == MUST
    wanted = mandatory or chosen.get((account_id, topic.topic, channel), default == "on")
    return WishView(
        topic=topic.topic, title=topic.title, channel=channel, wanted=wanted, mandatory=mandatory
    )
