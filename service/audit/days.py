"""Sealing: once a day is over, its events are chained by region and its hash is signed.

What belongs to a day's seal: the events of that day (Asia/Shanghai) whose transactions had ended
when it was sealed, and those of the day before that ended too late for its seal (`late`). So every
event is in exactly one seal, however slowly it was committed.
"""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import jwt
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import chain, log
from events.chain import Chain
from events.feed import SHANGHAI
from events.log import events
from events.of_audit import DaySealed
from service.audit.models import AuditDay, AuditRegion
from service.auth import keys
from service.auth.models import SigningKey
from service.reference.tables import PROVINCE

GRACE = timedelta(minutes=10)
"""A day is sealed so long after it is over: no door takes that long to commit."""
LATE = timedelta(days=2)
"""How far back an event's time may lie when its transaction commits."""
AT_ONCE = 40
"""Days that one round seals: a log of a year's holidays is caught up within minutes."""
KEY_LIFE = timedelta(days=3650)
SEAL_TYPE = "hck-seal+jwt"
PIECE = 2000


class Sealed(NamedTuple):
    """A day as it was read, before it is written."""

    day: AuditDay
    regions: list[AuditRegion]

    @property
    def events(self) -> int:
        """How many events are in it."""
        return sum(region.count for region in self.regions)


def begin_of(day: date) -> datetime:
    """00:00 of a day in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


async def seal_due(session: AsyncSession, now: datetime) -> int:
    """Seal every day that is over, oldest first; returns how many events were sealed.

    Everything is read before anything is written: a transaction that has written holds up the
    partners' feed for as long as it runs (events/feed.py).
    """
    last = await newest(session)
    day = last.day + timedelta(days=1) if last else await _first_day(session)
    sealed: list[Sealed] = []
    while day and len(sealed) < AT_ONCE and now >= begin_of(day + timedelta(days=1)) + GRACE:
        sealed.append(await _read(session, day, last))
        last = sealed[-1].day
        day += timedelta(days=1)
    for each in sealed:
        await _keep(session, each, now)
    return sum(each.events for each in sealed)


async def newest(session: AsyncSession) -> AuditDay | None:
    """The last day that is sealed."""
    return await session.scalar(sa.select(AuditDay).order_by(AuditDay.day.desc()).limit(1))


async def _first_day(session: AsyncSession) -> date | None:
    first: datetime | None = await session.scalar(sa.select(sa.func.min(events.c.at)))
    return first.astimezone(SHANGHAI).date() if first else None


async def _read(session: AsyncSession, day: date, last: AuditDay | None) -> Sealed:
    snapshot = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    up_to: int = (await session.execute(snapshot)).scalar_one()
    previous = last.hash if last else ""
    chains: dict[str, Chain] = {}
    late: Counter[str] = Counter()
    async for row in _rows(session, day, last.up_to if last else 0, up_to):
        link = chains.setdefault(row.region, Chain.begin(row.region, day, previous))
        link.add(row.id, chain.digest_of(chain.record_of(row)))
        late[row.region] += row.at < begin_of(day)
    hashed = chain.hash_of(chain.statement_of(day, previous, [c.entry for c in chains.values()]))
    regions = [
        AuditRegion(
            day=day, region=each.region, count=each.count, late=late[each.region],
            chain=each.link.hex(), marks=bytes(each.marks),
        )
        for each in chains.values()
    ]  # fmt: skip
    return Sealed(AuditDay(day=day, previous=previous, hash=hashed, up_to=up_to), regions)


async def _keep(session: AsyncSession, sealed: Sealed, now: datetime) -> None:
    day = sealed.day
    day.sealed_at, day.signature = now, await _sign(session, day, now)
    session.add(day)
    await session.flush()
    session.add_all(sealed.regions)
    event = DaySealed(day=day.day, hash=day.hash, count=sealed.events)
    await log.append(session, event, by=log.SYSTEM, region=PROVINCE, now=now)


async def _rows(
    session: AsyncSession, day: date, before: int, up_to: int
) -> AsyncIterator[sa.Row[Any]]:
    """The events of a day's seal, by region and id."""
    begins, ends = begin_of(day), begin_of(day + timedelta(days=1))
    query = (
        sa.select(*(events.c[name] for name in chain.MEMBERS))
        .where(
            events.c.at >= begins - LATE,
            events.c.at < ends,
            events.c.xact < up_to,
            sa.or_(events.c.at >= begins, events.c.xact >= before),
        )
        .order_by(events.c.region, events.c.id)
    )
    async for row in await session.stream(query, execution_options={"yield_per": PIECE}):
        yield row


async def rows_of(session: AsyncSession, sealed: AuditDay) -> AsyncIterator[sa.Row[Any]]:
    """The events that a sealed day covers, as they stand in the log now."""
    earlier = sa.select(AuditDay.up_to).where(AuditDay.day == sealed.day - timedelta(days=1))
    before = await session.scalar(earlier) or 0
    async for row in _rows(session, sealed.day, before, sealed.up_to):
        yield row


async def unsealed(session: AsyncSession, last: AuditDay) -> int:
    """Events that should be in a seal by now and are in none: put in behind the log's back."""
    settled = (events.c.at < begin_of(last.day + timedelta(days=1))) & (events.c.xact < last.up_to)
    present: int = await session.scalar(sa.select(sa.func.count()).where(settled)) or 0
    sealed: int = await session.scalar(sa.select(sa.func.sum(AuditRegion.count))) or 0
    return present - sealed


async def _sign(session: AsyncSession, sealed: AuditDay, now: datetime) -> str:
    key = await _key(session, now)
    claims = {
        "day": sealed.day.isoformat(),
        "hash": sealed.hash,
        "previous": sealed.previous,
        "iat": int(now.timestamp()),
    }
    headers = {"kid": key.kid, "typ": SEAL_TYPE}
    return jwt.encode(claims, key.private_pem, algorithm="ES256", headers=headers)


async def _key(session: AsyncSession, now: datetime) -> SigningKey:
    """The key that seals, made where there is none; it stays published for good."""
    query = (
        sa.select(SigningKey)
        .where(SigningKey.purpose == keys.AUDIT, SigningKey.signs_until > now)
        .order_by(SigningKey.not_before.desc())
        .limit(1)
    )
    key = await session.scalar(query)
    if key is None:
        key = keys.new_key(now, keys.AUDIT, KEY_LIFE)
        session.add(key)
        await session.flush()
    return key


async def public_keys(session: AsyncSession) -> list[dict[str, Any]]:
    """All keys that ever sealed a day, as JWKs: an old seal is checked for ever."""
    query = sa.select(SigningKey).where(SigningKey.purpose == keys.AUDIT)
    return [
        keys.public_jwk(k.kid, k.x, k.y, k.not_before, k.expires_at, keys.AUDIT)
        for k in await session.scalars(query.order_by(SigningKey.not_before))
    ]
