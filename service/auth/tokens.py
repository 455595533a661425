"""OAuth 2.0 client credentials and the access tokens of RFC 9068 (api.md 2.1)."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.auth.callers import SCOPES, Caller
from service.auth.keys import AccessKey
from service.auth.models import Client, UsedAssertion

LIFE = timedelta(minutes=15)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW = timedelta(seconds=10)


class OAuthRefusal(Exception):
    """A refusal in RFC 6749's own form: `error` and a description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


class Credentials(msgspec.Struct, frozen=True):
    """What a client showed: its id with a secret, or an assertion."""

    client_id: str
    secret: str | None = None
    assertion: str | None = None


class AccessToken(msgspec.Struct, frozen=True):
    """The answer of `POST /oauth/token` (RFC 6749 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


def secret_hash(secret: str) -> bytes:
    """A client's secret is drawn by us with 256 bits, so a plain hash keeps it."""
    return hashlib.sha256(secret.encode()).digest()


async def authenticate(
    session: AsyncSession, shown: Credentials, *, audience: frozenset[str], now: datetime
) -> Client:
    """The client whose credentials these are; raises OAuthRefusal `invalid_client`."""
    client = await session.get(Client, shown.client_id)
    if shown.assertion is not None:
        right = client is not None and await _assertion_holds(
            session, client, shown.assertion, audience, now
        )
    else:
        right = _secret_holds(client, shown.secret or "", now)
    if client is None or not right or client.disabled_at is not None:
        raise OAuthRefusal("invalid_client", "客户端标识或密钥不正确。", 401)
    return client


def _secret_holds(client: Client | None, secret: str, now: datetime) -> bool:
    """Whether it is the client's secret, or the one before a rotation of the last day.

    The same work for a client that does not exist.
    """
    new = client.secret_hash if client and client.secret_hash else bytes(32)
    old = client.old_secret_hash if client and client.old_secret_hash else bytes(32)
    until = client.old_secret_until if client else None
    shown = secret_hash(secret)
    is_new, is_old = hmac.compare_digest(new, shown), hmac.compare_digest(old, shown)
    return is_new or (is_old and until is not None and now < until)


async def _assertion_holds(
    session: AsyncSession, client: Client, assertion: str, audience: frozenset[str], now: datetime
) -> bool:
    if client.public_jwk is None:
        return False
    try:
        claims = jwt.decode(
            assertion,
            jwt.PyJWK(client.public_jwk, algorithm="ES256").key,
            algorithms=["ES256"],
            audience=list(audience),
            issuer=client.client_id,
            options={
                "require": ["exp", "sub", "aud", "iss", "jti"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        expires_at = datetime.fromtimestamp(int(claims["exp"]), now.tzinfo)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
        return False
    jti = claims["jti"]
    if claims["sub"] != client.client_id or not isinstance(jti, str) or len(jti) > 200:
        return False
    if not now - SKEW < expires_at <= now + timedelta(hours=1):
        return False
    once = insert(UsedAssertion).values(client_id=client.client_id, jti=jti, expires_at=expires_at)
    done = await session.execute(once.on_conflict_do_nothing().returning(UsedAssertion.jti))
    return done.first() is not None


def scopes_of(client: Client, asked: str | None) -> list[str]:
    """The scopes to give: those asked for, all held; raises OAuthRefusal `invalid_scope`."""
    if not asked:
        return list(client.scopes)
    wanted = asked.split()
    if not set(wanted) <= set(client.scopes):
        raise OAuthRefusal("invalid_scope", "所请求的范围未授予该客户端。")
    return wanted


def mint(
    client: Client, scopes: list[str], key: AccessKey, *, issuer: str, now: datetime
) -> AccessToken:
    """An access token for a client (RFC 9068), ≤ 15 minutes."""
    claims = {
        "iss": issuer,
        "aud": issuer,
        "sub": client.client_id,
        "client_id": client.client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
        "jti": str(ids.new_id()),
        "scope": " ".join(scopes),
        "partner": str(client.partner_id),
    }
    token = jwt.encode(
        claims, key.private_pem, algorithm="ES256", headers={"kid": key.kid, "typ": "at+jwt"}
    )
    return AccessToken(token, "Bearer", int(LIFE.total_seconds()), " ".join(scopes))


def kid_of(token: str) -> str:
    """The key a token says it was signed with; empty where it says none."""
    try:
        return str(jwt.get_unverified_header(token).get("kid", ""))
    except jwt.PyJWTError:
        return ""


def issuer_of(assertion: str) -> str:
    """Who an assertion says it is from; empty where it cannot be read. Nothing is trusted yet."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return str(claims.get("iss", ""))


class Proved(msgspec.Struct, frozen=True):
    """What an access token says, its signature and form proved; times in seconds."""

    kid: str
    client_id: str
    scopes: frozenset[str]
    partner_id: UUID
    iat: int
    exp: int

    def caller(self, now: datetime, origin: str) -> Caller | None:
        """The machine, while the token is valid."""
        if not self.iat - 10 <= now.timestamp() < self.exp:
            return None
        return Caller(
            id=self.client_id,
            scopes=self.scopes,
            client_partner_id=self.partner_id,
            origin=origin,
        )


def prove(token: str, keys: Mapping[str, Any], *, issuer: str) -> Proved | None:
    """What a token of ours says, whenever it is valid; None for any other text."""
    try:
        header = jwt.get_unverified_header(token)
        kid = str(header.get("kid"))
        key = keys.get(kid)
        if key is None or header.get("typ") != "at+jwt":
            return None
        claims = jwt.decode(
            token, key, algorithms=["ES256"], audience=issuer, issuer=issuer,
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )  # fmt: skip
        scopes = frozenset(claims["scope"].split()) & frozenset(SCOPES)
        times = int(claims["iat"]), int(claims["exp"])
        return Proved(kid, claims["client_id"], scopes, UUID(claims["partner"]), *times)
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
        return None


async def find_clients(session: AsyncSession, partner_id: UUID) -> list[Client]:
    """The clients of a partner."""
    return list(await session.scalars(select(Client).where(Client.partner_id == partner_id)))


def new_client_id(prefix: str) -> str:
    """A new client's id: a readable prefix and some chance."""
    return f"{prefix}-{secrets.token_hex(4)}"
