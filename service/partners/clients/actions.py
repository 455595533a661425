"""Secrets and keys of a partner's machines. The secret before a rotation is good for a day more."""

from datetime import datetime, timedelta
from typing import Any

import jwt
import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from events.of_clients import ClientKeySet, ClientRotated
from service import ids
from service.auth.callers import Caller, Role
from service.auth.models import Client
from service.auth.tokens import secret_hash
from service.problems import FieldError, InvalidBody, NotFound

BOTH_GOOD = timedelta(hours=24)
PROVINCE = "370000"
PUBLIC_MEMBERS = {"kty", "crv", "x", "y", "kid", "use", "alg", "key_ops"}


class PublicKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public half of the key that signs the client's assertions (RFC 7523): a P-256 JWK."""

    jwk: dict[str, Any]


async def rotate(
    session: AsyncSession, client_id: str, by: Caller, now: datetime
) -> tuple[Client, str]:
    """A new secret, which is given out once; only its hash is kept. Raises NotFound."""
    client = await _got(session, client_id, by)
    secret = ids.new_secret()
    client.old_secret_hash, client.old_secret_until = client.secret_hash, now + BOTH_GOOD
    client.secret_hash = secret_hash(secret)
    await _tell(session, ClientRotated(client_id=client.client_id), by, now)
    return client, secret


async def set_key(
    session: AsyncSession, client_id: str, by: Caller, given: PublicKey | None, now: datetime
) -> Client:
    """Another public key, or none. Raises NotFound, InvalidBody."""
    client = await _got(session, client_id, by)
    client.public_jwk = None if given is None else checked(given.jwk)
    event = ClientKeySet(client_id=client.client_id, has_key=given is not None)
    await _tell(session, event, by, now)
    return client


def checked(jwk: dict[str, Any]) -> dict[str, Any]:
    """The key's public members; raises InvalidBody. A private half is refused, not dropped:
    whoever sent it has shown it, and must make another."""
    if "d" in jwk:
        raise _wrong("private", "这里面有私钥。私钥不能给任何人,请另做一对,只登记公钥。")
    try:
        key = jwt.PyJWK(jwk, algorithm="ES256").key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as wrong:
        raise _wrong("invalid", "公钥不对,应为 P-256 的 JWK(kty、crv、x、y)。") from wrong
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise _wrong("invalid", "公钥不对,应为 P-256 的 JWK(kty、crv、x、y)。")
    return {name: value for name, value in jwk.items() if name in PUBLIC_MEMBERS}


def _wrong(code: str, detail: str) -> InvalidBody:
    return InvalidBody(FieldError("/jwk", code, detail))


async def _got(session: AsyncSession, client_id: str, by: Caller) -> Client:
    mine = sa.select(Client).where(
        Client.client_id == client_id,
        Client.partner_id == by.partner_id,
        Client.disabled_at.is_(None),
    )
    found: Client | None = await session.scalar(mine.with_for_update())
    if found is None:
        raise NotFound
    return found


async def _tell(session: AsyncSession, event: Event, by: Caller, now: datetime) -> None:
    await session.flush()
    author = by.author(Role.PARTNER_CLERK)
    await log.append(session, event, by=author, region=PROVINCE, now=now)
