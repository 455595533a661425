"""What somebody wants by which channel: their own choice, else the topic's default."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.log import Author
from events.of_accounts import PreferenceSet
from service.auth.models import Account
from service.channels.models import Preference
from service.channels.topics import CHANNELS, MUST, ON, TOPICS, topic_of
from service.problems import NotFound, Problem
from service.reference.tables import PROVINCE

Wishes = Mapping[tuple[UUID, str, str], bool]


class MandatoryNotice(Problem):
    """This topic cannot be refused by this channel."""

    code = "mandatory-notice"
    status = 409
    title = "这类通知不能关闭"
    advice = "它关系到时限或卡的效力,须送达;可以改用另一个地址接收。"


async def of(session: AsyncSession, accounts: Collection[UUID]) -> Wishes:
    """The choices that these accounts made, by account, topic and channel."""
    query = select(Preference).where(Preference.account_id.in_(accounts))
    rows = (await session.scalars(query)).all()
    return {(row.account_id, row.topic, row.channel): row.wanted for row in rows}


def wants(wishes: Wishes, account_id: UUID, kind: str, channel: str) -> bool:
    """Whether this account gets this kind of notice by this channel."""
    topic = topic_of(kind)
    if topic.by(channel) == MUST:
        return True
    return wishes.get((account_id, topic.topic, channel), topic.by(channel) == ON)


async def choose(
    session: AsyncSession,
    account_id: UUID,
    topic: str,
    channel: str,
    wanted: bool,
    by: Author,
    now: datetime,
) -> None:
    """Keep a choice; the same again changes nothing. Raises NotFound, MandatoryNotice."""
    if topic not in TOPICS or channel not in CHANNELS:
        raise NotFound
    default = TOPICS[topic].by(channel)
    if default == MUST:
        if not wanted:
            raise MandatoryNotice
        return
    await session.get_one(Account, account_id, with_for_update=True)
    row = await session.get(Preference, (account_id, topic, channel))
    if (row.wanted if row else default == ON) == wanted:
        return
    values = {"account_id": account_id, "topic": topic, "channel": channel, "wanted": wanted}
    kept = insert(Preference).values(**values)
    await session.execute(
        kept.on_conflict_do_update(
            index_elements=["account_id", "topic", "channel"], set_={"wanted": wanted}
        )
    )
    event = PreferenceSet(account_id=account_id, topic=topic, channel=channel, wanted=wanted)
    await log.append(session, event, by=by, region=PROVINCE, now=now)
