"""Passwords (argon2id) and one-time passwords (RFC 6238)."""

import asyncio
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's smallest argon2id setting: a sign-in takes some 30 ms of one core."""

NOBODY = HASHER.hash("nobody")
"""Verified in place of a hash for an unknown name, so that both answers take the same time."""

STEP_SECONDS = 30


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return HASHER.hash(password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; the same work is done where there is no hash."""
    return await asyncio.to_thread(_matches, password_hash, password)


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        right = HASHER.verify(password_hash or NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def new_totp_secret() -> str:
    """A new secret for an authenticator app."""
    return pyotp.random_base32()


def step_of(secret: str, otp: str, now: datetime) -> int | None:
    """The 30-second step whose code this is: the present one or a neighbour; else None."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    present = int(now.timestamp()) // STEP_SECONDS
    for step in (present, present - 1, present + 1):
        if pyotp.utils.strings_equal(totp.at(step * STEP_SECONDS), otp):
            return step
    return None
