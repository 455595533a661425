"""Accounts, their roles and sessions; machines' clients; the keys that sign."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.sealing import SealedText


class Account(Base):
    """Somebody who can sign in. A talent's account points to their person."""

    __tablename__ = "accounts"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(SealedText("accounts.name"))
    password_hash: Mapped[str]
    totp_secret: Mapped[str | None] = mapped_column(SealedText("accounts.totp_secret"))
    totp_step: Mapped[int] = mapped_column(default=0)
    totp_origin: Mapped[str] = mapped_column(default="")
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class GrantRow(Base):
    """One role of an account, for a region or an organisation."""

    __tablename__ = "grants"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    role: Mapped[str]
    region: Mapped[str | None]
    organisation_id: Mapped[UUID | None]
    granted_at: Mapped[datetime]


class Session(Base):
    """A signed-in browser or programme; only the token's hash is kept."""

    __tablename__ = "sessions"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class LoginFailures(Base):
    """Failures in a row for one login name, known or not; the name is kept blind."""

    __tablename__ = "login_failures"
    login_blind: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class Client(Base):
    """A machine of a partner: OAuth client with a secret's hash and perhaps a public key."""

    __tablename__ = "clients"
    client_id: Mapped[str] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[list[str]]
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_until: Mapped[datetime | None]
    public_jwk: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class UsedAssertion(Base):
    """A `private_key_jwt` assertion that has been used (RFC 7523 jti, once only)."""

    __tablename__ = "used_assertions"
    client_id: Mapped[str] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SigningKey(Base):
    """A key that signs cards or access tokens; the private part is sealed (card-token.md 5.6)."""

    __tablename__ = "signing_keys"
    kid: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    private_pem: Mapped[str] = mapped_column(SealedText("signing_keys.private_pem"))
    x: Mapped[str]
    y: Mapped[str]
    not_before: Mapped[datetime]
    signs_until: Mapped[datetime]
    expires_at: Mapped[datetime]
    published_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_signing_keys_purpose", "purpose", "not_before"),)


class IdempotencyKey(Base):
    """The first answer to an act, kept at least 24 hours (api.md 1.4)."""

    __tablename__ = "idempotency_keys"
    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    media_type: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(index=True)


class RateCounter(Base):
    """Calls of one caller at one door in one window, over all processes (api.md 1.8)."""

    __tablename__ = "rate_counters"
    bucket: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int]

    __table_args__ = ({"prefixes": ["UNLOGGED"]},)
