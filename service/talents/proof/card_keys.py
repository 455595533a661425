"""The keys that sign cards: made ahead, published in time, sealed at rest (card-token.md 5)."""

import contextlib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cards.keys import KeySet, PublicKey, Signer, b64, unb64
from events import log
from events.of_keys import CardKeyMade
from service import sealing
from service.auth import models
from service.reference.tables import PROVINCE
from service.settings import SettingsError
from service.talents.proof.key_store import KeyStore, SealedStore, stamp

PURPOSE = "card"
SIGNS = timedelta(days=180)
AHEAD = timedelta(days=2)
"""A successor is made this long before it signs; 5.4 asks for a day."""
LONGEST_TOKEN = timedelta(days=1830)
"""A printed token lives as long as its card: a key stays published until the last one is over."""
KEPT_SECONDS = 2.0
"""A leaked key is taken out at once (5.4): no process believes it for longer than this."""

TEST_KIDS = frozenset({"vi_APUNXJ3A", "L_yYCC5VY8U", "7QLOecurWrQ"})
"""The keys of the published vectors: their private halves are known to everybody (14.2)."""

PUBLISHED = """
SELECT kid, x, y, not_before, expires_at FROM signing_keys
WHERE purpose = 'card' AND revoked_at IS NULL AND published_at <= $1 AND expires_at > $1
ORDER BY not_before
"""
SIGNER = """
SELECT kid, x, y, private_pem, not_before, expires_at FROM signing_keys
WHERE purpose = 'card' AND revoked_at IS NULL AND not_before <= $1 AND signs_until > $1
ORDER BY not_before DESC
"""


def new_key(now: datetime, not_before: datetime, store: KeyStore) -> models.SigningKey:
    """A new key's row, signing from `not_before` for half a year."""
    expires_at = not_before + SIGNS + LONGEST_TOKEN
    key, handle = store.make(not_before, expires_at)
    return models.SigningKey(
        kid=b64(key.kid),
        purpose=PURPOSE,
        private_pem=handle,
        x=b64(key.x),
        y=b64(key.y),
        not_before=not_before,
        signs_until=not_before + SIGNS,
        expires_at=expires_at,
        published_at=now,
        revoked_at=None,
    )


async def ensure_card_key(
    session: AsyncSession, now: datetime, store: KeyStore | None = None
) -> None:
    """See that a key signs now, and that its successor is published before it is needed (5.4).

    Called at start and by the timers, under their lock. The very first key signs at once, as
    nothing has been signed before it.
    """
    query = select(models.SigningKey).where(
        models.SigningKey.purpose == PURPOSE, models.SigningKey.revoked_at.is_(None)
    )
    rows = list(await session.scalars(query))
    check_no_test_key([key.kid for key in rows])
    store, fresh = store or _store[0], None
    # A key of a profile that was switched off signs nothing any more.
    known = [key for key in rows if public_of(key, store)]
    if not any(key.not_before <= now < key.signs_until for key in known):
        fresh = new_key(now, now.replace(microsecond=0), store)
    elif not any(key.signs_until > now + AHEAD for key in known):
        fresh = new_key(now, max(key.signs_until for key in known), store)
    if fresh is not None:
        session.add(fresh)
        await session.flush()
        made = CardKeyMade(kid=fresh.kid, not_before=fresh.not_before)
        await log.append(session, made, by=log.SYSTEM, region=PROVINCE, now=now)


def check_no_test_key(kids: Sequence[str]) -> None:
    """Raises SettingsError where a key of the published vectors is in use (14.2)."""
    if TEST_KIDS.intersection(kids):
        raise SettingsError("签发密钥中有公开的测试密钥,人人可以伪造,不能启动;请换用新密钥。")


async def check_start(pool: asyncpg.Pool) -> None:
    """For a process that is about to serve: raises SettingsError where a test key is kept."""
    rows = await pool.fetch("SELECT kid FROM signing_keys WHERE purpose = 'card'")
    check_no_test_key([row["kid"] for row in rows])


class _Kept:
    """What one process remembers of a database's keys, for a moment."""

    def __init__(self) -> None:
        self.read_at = 0.0
        self.keys = KeySet()
        self.signer: Signer | None = None


_kept: dict[int, _Kept] = {}


async def _of(pool: asyncpg.Pool, now: datetime) -> _Kept:
    kept = _kept.get(id(pool))
    if kept is None or time.monotonic() - kept.read_at > KEPT_SECONDS:
        kept = _Kept()
        found = [public_of(row, _store[0]) for row in await pool.fetch(PUBLISHED, now)]
        kept.keys = KeySet([key for key in found if key])
        signers = [row for row in await pool.fetch(SIGNER, now) if public_of(row, _store[0])]
        kept.signer = _private(signers[0]) if signers else None
        kept.read_at = time.monotonic()
        _kept.clear()  # a process has one pool; tests have one after another
        _kept[id(pool)] = kept
    return kept


def forget() -> None:
    """Read the keys anew at the next use: one was revoked or made."""
    _kept.clear()


async def published(pool: asyncpg.Pool, now: datetime) -> KeySet:
    """The keys that outsiders are shown, read anew every few seconds."""
    return (await _of(pool, now)).keys


async def signer(pool: asyncpg.Pool, now: datetime) -> Signer:
    """The key that signs now; raises SettingsError where none does."""
    kept = await _of(pool, now)
    if kept.signer is None or not kept.signer.nbf <= now.timestamp():
        raise SettingsError("没有可用的签发密钥;请检查定时器进程是否在运行。")
    return kept.signer


def public_of(row: Any, store: KeyStore) -> PublicKey | None:
    """A key's public half; None where its profile is off. Its name tells which profile it has."""
    column = row.__getitem__ if isinstance(row, asyncpg.Record) else row.__getattribute__
    window = {"nbf": stamp(column("not_before")), "exp": stamp(column("expires_at"))}
    for profile in store.profiles:
        with contextlib.suppress(ValueError):  # no point of that curve
            key = profile(unb64(column("x")), unb64(column("y")), **window)
            if b64(key.kid) == column("kid"):
                return key
    return None


def _private(row: Any) -> Signer:
    handle = sealing.ring().open(bytes(row["private_pem"]), "signing_keys.private_pem").decode()
    return _store[0].signer(handle, row["not_before"], row["expires_at"])


_store: list[KeyStore] = [SealedStore()]


def use(store: KeyStore) -> None:
    """Sign with the keys of this store from now on; called once at start."""
    _store[:] = [store]
    forget()
