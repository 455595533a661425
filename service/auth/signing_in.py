"""Signing in and out; five failures lock a login for 15 minutes (api.md 2.2)."""

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_accounts import LoginLocked, SessionClosed, SessionOpened
from service import ids, sealing
from service.auth import passwords
from service.auth.callers import STAFF, Caller, Grant, Role
from service.auth.models import Account, GrantRow, Session
from service.problems import Problem

FAILURES = 5
LOCKED = timedelta(minutes=15)
LIFE = timedelta(hours=12)
PROVINCE = "370000"


class WrongCredentials(Problem):
    """Name, password or one-time password: the answer never says which."""

    code: ClassVar[str] = "wrong-credentials"
    status: ClassVar[int] = 401
    title: ClassVar[str] = "登录名、密码或动态口令不正确"
    advice: ClassVar[str] = "请核对后重试;工作人员须同时填写动态口令。连续 5 次错误将锁定 15 分钟。"


class LoginIsLocked(Problem):
    """Too many failures for this login (api.md 2.2)."""

    code: ClassVar[str] = "login-locked"
    status: ClassVar[int] = 423
    title: ClassVar[str] = "登录已锁定"
    advice: ClassVar[str] = "连续多次错误,请 15 分钟后再试,或联系系统管理员。"


class SignedIn(msgspec.Struct, frozen=True):
    """The answer of `POST /v1/sessions`."""

    access_token: str
    token_type: str
    expires_at: datetime
    roles: list[str]
    name: str


COUNT = """
INSERT INTO login_failures AS f (login_blind, failures, last_at) VALUES ($1, 1, $2)
ON CONFLICT (login_blind) DO UPDATE SET
    failures = CASE WHEN f.locked_until <= $2 OR f.last_at < $2 - $4::interval
                    THEN 1 ELSE f.failures + 1 END,
    locked_until = CASE WHEN f.locked_until <= $2 OR f.last_at < $2 - $4::interval THEN NULL
                        WHEN f.failures + 1 >= $3 THEN $2 + $4::interval
                        ELSE f.locked_until END,
    last_at = $2
RETURNING failures
"""


async def check_not_locked(pool: asyncpg.Pool, blind: bytes, now: datetime) -> None:
    """Raises LoginIsLocked."""
    query = "SELECT locked_until FROM login_failures WHERE login_blind = $1"
    until = await pool.fetchval(query, blind)
    if until is not None and until > now:
        raise LoginIsLocked(headers={"Retry-After": str(int((until - now).total_seconds()) + 1)})


async def count_failure(pool: asyncpg.Pool, blind: bytes, now: datetime) -> bool:
    """Count one failure, outside the request's transaction, which is rolled back.

    Returns whether this one locked the login.
    """
    failures: int = await pool.fetchval(COUNT, blind, now, FAILURES, LOCKED)
    return failures == FAILURES


def blind_of(login: str) -> bytes:
    """A login name as it is counted: somebody may have typed a password there."""
    return sealing.ring().blind(login.strip().lower(), "login_failures.login_blind")


def token_hash(token: str) -> bytes:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(
    session: AsyncSession,
    pool: asyncpg.Pool,
    login: str,
    password: str,
    otp: str | None,
    *,
    origin: str,
    now: datetime,
) -> SignedIn:
    """Open a session; raises WrongCredentials, LoginIsLocked."""
    blind = blind_of(login)
    await check_not_locked(pool, blind, now)
    account = await session.scalar(select(Account).where(Account.login == login.strip().lower()))
    right = await passwords.matches(account.password_hash if account else None, password)
    grants = await grants_of(session, account.id) if account else ()
    if (
        account is None
        or not right
        or account.disabled_at
        or not _otp_holds(account, grants, otp, origin, now)
    ):
        await _refuse(session, pool, account, blind, origin, now)
    assert account is not None  # noqa: S101 - _refuse raised otherwise
    await pool.execute("DELETE FROM login_failures WHERE login_blind = $1", blind)
    token = ids.new_secret()
    expires_at = now + LIFE
    session.add(
        Session(
            token_hash=token_hash(token),
            account_id=account.id,
            created_at=now,
            expires_at=expires_at,
            ended_at=None,
        )
    )
    caller = Caller(id=str(account.id), grants=grants, origin=origin)
    await _lock_account(session, account.id)
    await log.append(
        session, SessionOpened(account_id=account.id), by=caller.author(), region=PROVINCE, now=now
    )
    return SignedIn(token, "Bearer", expires_at, caller.roles, account.name)


async def _refuse(
    session: AsyncSession,
    pool: asyncpg.Pool,
    account: Account | None,
    blind: bytes,
    origin: str,
    now: datetime,
) -> None:
    locked = await count_failure(pool, blind, now)
    if locked and account is not None:
        # The request's own transaction is about to roll back; the lock is a fact all the same.
        event = LoginLocked(account_id=account.id)
        by = log.Author("nobody", "nobody", origin)
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", account.id)
            await connection.execute(
                log.APPEND, *log.append_arguments(event, by=by, region=PROVINCE, now=now)
            )
    raise WrongCredentials


def _otp_holds(
    account: Account, grants: tuple[Grant, ...], otp: str | None, origin: str, now: datetime
) -> bool:
    """Staff show a code of the present step; a code seen once works again from there only."""
    if account.totp_secret is None:
        return not any(grant.role in STAFF for grant in grants)
    step = passwords.step_of(account.totp_secret, (otp or "").strip(), now)
    if step is None or step < account.totp_step:
        return False
    if step == account.totp_step and origin != account.totp_origin:
        return False
    account.totp_step, account.totp_origin = step, origin
    return True


async def _lock_account(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(select(Account.id).where(Account.id == account_id).with_for_update())


async def sign_out(session: AsyncSession, caller: Caller, now: datetime) -> None:
    """End the caller's session; a machine's token just runs out."""
    if caller.session_hash is None or caller.account_id is None:
        return
    await _lock_account(session, caller.account_id)
    await session.execute(
        update(Session).where(Session.token_hash == caller.session_hash).values(ended_at=now)
    )
    event = SessionClosed(account_id=caller.account_id)
    await log.append(session, event, by=caller.author(), region=PROVINCE, now=now)


async def grants_of(session: AsyncSession, account_id: UUID) -> tuple[Grant, ...]:
    """The roles of an account."""
    rows = await session.scalars(
        select(GrantRow).where(GrantRow.account_id == account_id).order_by(GrantRow.id)
    )
    return tuple(Grant(Role(row.role), row.region, row.organisation_id) for row in rows)


FIND_SESSION = """
SELECT a.id AS account_id, a.person_id, a.name, s.token_hash,
       coalesce(array_agg(g.role || '|' || coalesce(g.region, '') || '|'
                || coalesce(g.organisation_id::text, '') ORDER BY g.id)
                FILTER (WHERE g.id IS NOT NULL), '{}') AS grants
FROM sessions s JOIN accounts a ON a.id = s.account_id LEFT JOIN grants g ON g.account_id = a.id
WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND a.disabled_at IS NULL
GROUP BY a.id, s.token_hash
"""


async def find(pool: asyncpg.Pool, token: str, *, origin: str, now: datetime) -> Caller | None:
    """The person whose live session this token is, or None."""
    row = await pool.fetchrow(FIND_SESSION, token_hash(token), now)
    if row is None:
        return None
    grants = []
    for packed in row["grants"]:
        role, region, organisation = packed.split("|")
        grants.append(
            Grant(Role(role), region or None, UUID(organisation) if organisation else None)
        )
    return Caller(
        id=str(row["account_id"]),
        grants=tuple(grants),
        account_id=row["account_id"],
        person_id=row["person_id"],
        session_hash=bytes(row["token_hash"]),
        name=sealing.ring().open(bytes(row["name"]), "accounts.name").decode(),
        origin=origin,
    )
