"""Status lists of the day: each card a random place, drawn anew each day (card-token.md 3.9, 8)."""

import base64
import hashlib
import re
import time
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cards import status, sub
from cards.keys import Signer, b64
from service import ids, sealing
from service.pages.show import SHANGHAI
from service.problems import NotFound
from service.talents.cards.card import CardDay, DayKey, StatusChange, StatusList

CROWDED = status.SIZE // 2
"""Beyond this many places taken a further list is opened: a random draw then seldom meets a taken
one, and a list's size never tells how many cards there are."""
ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
LIST_ID = re.compile(r"[0-9a-z]{1,6}")
KEPT_SECONDS = 2.0
RESIGN_SECONDS = 120
DRAWS = 40

LISTS = "SELECT id FROM status_lists WHERE day = $1 AND free > $2"
OPEN_LIST = "INSERT INTO status_lists (id, day, free, created_at) VALUES ($1, $2, $3, $4)"
DAY_KEY = "SELECT key FROM day_keys WHERE day = $1"
KEEP_KEY = "INSERT INTO day_keys (day, key) VALUES ($1, $2) ON CONFLICT DO NOTHING"
DRAW = """
INSERT INTO card_days (day, card_id, sub, list_id, idx) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING list_id, idx, sub
"""
DRAWN = "SELECT list_id, idx, sub FROM card_days WHERE day = $1 AND card_id = $2"
TAKEN = "UPDATE status_lists SET free = free - 1 WHERE id = $1"
VERSION = """
SELECT (SELECT count(*) FROM status_changes c WHERE c.list_id = l.id) FROM status_lists l
WHERE l.id = $1"""
"""How often the list has changed: one look at an index, where its entries are thousands."""
ENTRIES = """
SELECT d.idx, c.state, c.valid_until < d.day AS over
FROM card_days d JOIN cards c ON c.id = d.card_id
WHERE d.list_id = $1 AND (c.state <> 'active' OR c.valid_until < d.day)
"""
IN_FORCE = "SELECT id FROM status_lists WHERE day >= $1 ORDER BY day, id"


class Place(msgspec.Struct, frozen=True):
    """A card's place for one day, and its name on that day."""

    list_id: str
    idx: int
    sub: str


def uri_of(list_id: str) -> str:
    """The list's name in tokens (8.2)."""
    return f"hck:{list_id}"


def new_list_id() -> str:
    """A name of six letters and digits that tells nothing."""
    number, letters = ids.random_below(36**6), ""
    for _ in range(6):
        number, at = divmod(number, 36)
        letters += ID_LETTERS[at]
    return letters


async def prepare_day(session: AsyncSession, day: date, now: datetime) -> None:
    """Make a day's key and its first list where they are missing; for timers, under their lock."""
    key = base64.b64encode(ids.random_bytes(32)).decode()
    await session.execute(insert(DayKey).values(day=day, key=key).on_conflict_do_nothing())
    count = select(func.count()).select_from(StatusList).where(StatusList.day == day)
    if not await session.scalar(count):
        session.add(StatusList(id=new_list_id(), day=day, free=status.SIZE, created_at=now))
        await session.flush()


LINKABLE = timedelta(days=30)
"""How long a day's names can still be told apart: its key and its places are destroyed then."""


PART = 50_000
"""Places that one transaction destroys: a day of a province has a million."""


async def forget_old(session: AsyncSession, now: datetime, part: int = PART) -> None:
    """Destroy the keys, places and lists of days more than 30 days past (3.9); for timers.

    The keys go first and at once: without them no two days can be linked. The places follow part
    by part, a call each; their lists go with the last of them.
    """
    before = now.astimezone(SHANGHAI).date() - LINKABLE
    await session.execute(delete(DayKey).where(DayKey.day < before))
    some = select(CardDay.day, CardDay.card_id).where(CardDay.day < before).limit(part)
    gone = tuple_(CardDay.day, CardDay.card_id).in_(some)
    await session.execute(delete(CardDay).where(gone))
    if await session.scalar(select(CardDay.day).where(CardDay.day < before).limit(1)) is None:
        for row in (StatusChange, StatusList):
            await session.execute(delete(row).where(row.day < before))


async def place_of(pool: asyncpg.Pool, card_id: UUID, day: date, now: datetime) -> Place:
    """The card's place on that day, drawn now if it has none yet (8.4).

    Two calls at once get one and the same place; a place is never given to two cards.
    """
    name = sub.daily(await day_key(pool, day), card_id)
    for _ in range(DRAWS):
        list_id = await _list_with_room(pool, day, now)
        async with pool.acquire() as connection, connection.transaction():
            idx = ids.random_below(status.SIZE)
            row = await connection.fetchrow(DRAW, day, card_id, name, list_id, idx)
            if row is not None:
                await connection.execute(TAKEN, list_id)
                return Place(row["list_id"], row["idx"], row["sub"])
        if (row := await pool.fetchrow(DRAWN, day, card_id)) is not None:
            return Place(row["list_id"], row["idx"], row["sub"])
    raise RuntimeError("no free place in the day's status lists")


async def day_key(pool: asyncpg.Pool, day: date) -> bytes:
    """The day's random key (3.9), made at its first use."""
    sealed = await pool.fetchval(DAY_KEY, day)
    if sealed is None:
        fresh = base64.b64encode(ids.random_bytes(32))
        await pool.execute(KEEP_KEY, day, sealing.ring().seal(fresh, "day_keys.key"))
        sealed = await pool.fetchval(DAY_KEY, day)
    return base64.b64decode(sealing.ring().open(bytes(sealed), "day_keys.key"))


async def _list_with_room(pool: asyncpg.Pool, day: date, now: datetime) -> str:
    found = [row["id"] for row in await pool.fetch(LISTS, day, CROWDED)]
    if found:
        return str(found[ids.random_below(len(found))])
    fresh = new_list_id()
    await pool.execute(OPEN_LIST, fresh, day, status.SIZE, now)
    return fresh


class Signed(msgspec.Struct, frozen=True):
    """A list as it is published, in both forms, with what it was made from."""

    version: int
    kid: bytes
    packed: bytes
    iat: int
    jwt: str
    cwt: bytes

    @property
    def etag(self) -> str:
        """Changes with the entries and with each signing anew."""
        return '"' + b64(hashlib.sha256(self.jwt.encode()).digest()[:12]) + '"'


_kept: dict[tuple[int, str], tuple[float, Signed]] = {}


async def published(pool: asyncpg.Pool, list_id: str, key: Signer, now: datetime) -> Signed:
    """The signed list; a change of a card's state is in it after 5 s at most. Raises NotFound.

    Its entries are read anew where something changed, and it is signed anew every two minutes
    so that it stays fresh.
    """
    mine = (id(pool), list_id)
    read_at, signed = _kept.get(mine, (0.0, None))
    if signed is not None and signed.kid != key.kid:
        read_at = 0.0  # the key before it may be revoked: nobody would believe the list (5.4)
    if signed is not None and time.monotonic() - read_at < KEPT_SECONDS:
        return signed
    version = await _version(pool, list_id)
    packed = signed.packed if signed is not None and signed.version == version else None
    if packed is None:
        packed = status.pack(await _entries(pool, list_id))
    stamp = int(now.timestamp())
    if signed is None or not _still_good(signed, packed, stamp, key):
        signed = _sign(list_id, version, packed, stamp, key)
    if len(_kept) > 1_000:
        _kept.clear()
    _kept[mine] = (time.monotonic(), signed)
    return signed


def _still_good(signed: Signed, packed: bytes, stamp: int, key: Signer) -> bool:
    """The same entries by the same key, not long ago."""
    fresh = 0 <= stamp - signed.iat < RESIGN_SECONDS
    return fresh and signed.packed == packed and signed.kid == key.kid


async def _version(pool: asyncpg.Pool, list_id: str) -> int:
    """Read before the entries: a change that comes in between is seen the next time."""
    found = await pool.fetchval(VERSION, list_id) if LIST_ID.fullmatch(list_id) else None
    if found is None:
        raise NotFound
    return int(found)


def forget() -> None:
    """Read every list anew at its next use."""
    _kept.clear()


def _sign(list_id: str, version: int, packed: bytes, iat: int, key: Signer) -> Signed:
    uri = uri_of(list_id)
    return Signed(
        version, key.kid, packed, iat, status.jwt(uri, packed, iat=iat, key=key),
        status.cwt(uri, packed, iat=iat, key=key),
    )  # fmt: skip


async def _entries(pool: asyncpg.Pool, list_id: str) -> dict[int, int]:
    """The entries that are not 0: the others need not be read."""
    return {
        row["idx"]: entry_of(row["state"], row["over"])
        for row in await pool.fetch(ENTRIES, list_id)
    }


def entry_of(state: str, over: bool) -> int:
    """A card's entry: valid, suspended, or ended (8.1); `over` where its last day has passed."""
    if over or state not in ("active", "suspended"):
        return status.INVALID
    return status.SUSPENDED if state == "suspended" else status.VALID


async def in_force(pool: asyncpg.Pool, today: date) -> list[str]:
    """The ids of today's lists and, once they exist, of tomorrow's (13.1)."""
    return [row["id"] for row in await pool.fetch(IN_FORCE, today)]
