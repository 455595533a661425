"""From facts told to outward messages: one for each account and channel gathers what is due there.

Each fact has a key of its own, so it goes out by a channel at most once to one account.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.channels import quiet, switched, wishes
from service.channels.models import GATHERING, Address, Sending, SendingLine
from service.channels.quiet import Hours


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence for one account. `key` names what happened: `requests/<id>#7`."""

    account_id: UUID
    key: str
    kind: str
    text: str
    region: str
    role: str


async def plan(session: AsyncSession, facts: Sequence[Fact], now: datetime) -> int:
    """Let each fact go out by the channels that its account wants; returns how many lines.

    In the caller's transaction: the facts and the intent to tell of them are true together.
    """
    channels = switched.on()
    if not channels or not facts:
        return 0
    accounts = {fact.account_id for fact in facts}
    reached = await _reached(session, accounts, channels)
    if not reached:
        return 0
    wished = await wishes.of(session, accounts)
    hours = await quiet.hours(session, {fact.region for fact in facts})
    # In one order, so that two plans at once wait for each other and never cross.
    pairs = sorted(
        (fact.account_id, channel, number)
        for number, fact in enumerate(facts)
        for channel in channels
        if (fact.account_id, channel) in reached
        and wishes.wants(wished, fact.account_id, fact.kind, channel)
    )
    return sum([await _add(session, facts[n], channel, hours, now) for _, channel, n in pairs])


async def _reached(
    session: AsyncSession, accounts: Collection[UUID], channels: Collection[str]
) -> set[tuple[UUID, str]]:
    """Who has a good address for which channel; no seal is opened for that."""
    query = select(Address.account_id, Address.channel).where(
        Address.account_id.in_(accounts),
        Address.channel.in_(channels),
        Address.confirmed_at.is_not(None),
        Address.bounced_at.is_(None),
    )
    return {(account_id, channel) for account_id, channel in await session.execute(query)}


async def _add(session: AsyncSession, fact: Fact, channel: str, hours: Hours, now: datetime) -> int:
    sending_id = await _gathering(session, fact, channel, hours, now)
    line = insert(SendingLine).values(
        account_id=fact.account_id, channel=channel, key=fact.key, sending_id=sending_id,
        kind=fact.kind, text=fact.text, written_at=now,
    )  # fmt: skip
    added = line.on_conflict_do_nothing().returning(SendingLine.key)
    return 0 if await session.scalar(added) is None else 1


async def _gathering(
    session: AsyncSession, fact: Fact, channel: str, hours: Hours, now: datetime
) -> UUID:
    """The message that gathers for this account, made where there is none; its row is locked.

    A fact whose own quiet hours last longer puts the whole message off.
    """
    fresh = insert(Sending).values(
        id=ids.new_id(), account_id=fact.account_id, channel=channel, state=GATHERING,
        region=fact.region, role=fact.role, created_at=now,
        next_at=hours.gathered(fact.region, fact.role, now),
    )  # fmt: skip
    not_before = hours.next_open(fact.region, fact.role, now)
    later = sa.func.greatest(Sending.next_at, sa.literal(not_before, sa.DateTime(timezone=True)))
    kept = fresh.on_conflict_do_update(
        index_elements=["account_id", "channel"],
        index_where=Sending.state == sa.literal_column(f"'{GATHERING}'"),
        set_={"next_at": later},
    )
    found: UUID = (await session.execute(kept.returning(Sending.id))).scalar_one()
    return found


async def withdraw(
    session: AsyncSession, account_ids: Collection[UUID], keys: Collection[str]
) -> None:
    """Take facts out of the messages that still gather; what has gone out has gone."""
    gathering = (
        select(Sending.id)
        .where(Sending.account_id.in_(account_ids), Sending.state == GATHERING)
        .order_by(Sending.account_id, Sending.channel)
        .with_for_update()
    )
    found = (await session.scalars(gathering)).all()
    await session.execute(
        sa.delete(SendingLine).where(SendingLine.sending_id.in_(found), SendingLine.key.in_(keys))
    )
