"""The keys that sign access tokens; card keys have their own room (talents/keys.py)."""

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.models import SigningKey

ACCESS, AUDIT = "access", "audit"
ACCESS_LIFE = timedelta(days=90)
OVERLAP = timedelta(days=1)
"""A key stays valid so long after its successor signs, so that there is always one."""


class AccessKey(msgspec.Struct, frozen=True):
    """A key for access tokens, ready to use."""

    kid: str
    private_pem: str
    x: str
    y: str
    not_before: datetime
    expires_at: datetime

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half as it is published (card-token.md 5.2)."""
        return public_jwk(self.kid, self.x, self.y, self.not_before, self.expires_at)


def public_jwk(
    kid: str, x: str, y: str, not_before: datetime, expires_at: datetime, use: str = ACCESS
) -> dict[str, Any]:
    """A key's public half (card-token.md 5.2), without the private one being opened."""
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": x,
        "y": y,
        "alg": "ES256",
        "use": "sig",
        "kid": kid,
        "hck_use": use,
        "nbf": int(not_before.timestamp()),
        "exp": int(expires_at.timestamp()),
    }


def b64(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def new_key(now: datetime, purpose: str = ACCESS, life: timedelta = ACCESS_LIFE) -> SigningKey:
    """A new P-256 key, by default for access tokens; its kid is the JWK thumbprint (RFC 7638)."""
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    x, y = b64(numbers.x.to_bytes(32, "big")), b64(numbers.y.to_bytes(32, "big"))
    thumb = json.dumps(
        {"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"), sort_keys=True
    )
    return SigningKey(
        kid=b64(hashlib.sha256(thumb.encode()).digest()),
        purpose=purpose,
        private_pem=private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        x=x,
        y=y,
        not_before=now,
        signs_until=now + life,
        expires_at=now + life + OVERLAP,
        published_at=now,
        revoked_at=None,
    )


async def access_keys(session: AsyncSession, now: datetime) -> list[AccessKey]:
    """The published access keys, newest first."""
    query = (
        select(SigningKey)
        .where(
            SigningKey.purpose == ACCESS,
            SigningKey.revoked_at.is_(None),
            SigningKey.expires_at > now,
        )
        .order_by(SigningKey.not_before.desc())
    )
    return [
        AccessKey(k.kid, k.private_pem, k.x, k.y, k.not_before, k.expires_at)
        for k in await session.scalars(query)
    ]


async def ensure_access_key(session: AsyncSession, now: datetime) -> None:
    """Make a key where none signs; called by start-up and by the timers, under their lock."""
    known = await access_keys(session, now)
    if not any(key.not_before <= now < key.expires_at - OVERLAP for key in known):
        session.add(new_key(now))
        await session.flush()
