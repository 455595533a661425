"""Signatures of Standard Webhooks 1.0: `v1` with a shared secret, `v1a` with Ed25519 (4.3)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service import ids

SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return SECRET + _text(ids.random_bytes(32))


def new_signing_key() -> tuple[str, str]:
    """A private and a public Ed25519 key as text."""
    seed = ids.random_bytes(32)
    return PRIVATE + _text(seed), PUBLIC + _text(_public(seed))


def headers_of(
    event_id: str, stamp: int, body: bytes, secrets: Sequence[str], signing_key: str | None
) -> dict[str, str]:
    """The three headers of one call; `stamp` in seconds since 1970.

    One signature for each secret that is live, and one more where Ed25519 was asked for.
    """
    content = f"{event_id}.{stamp}.".encode() + body
    signatures = [f"v1,{_text(_mac(secret, content))}" for secret in secrets]
    if signing_key is not None:
        seed = base64.b64decode(signing_key.removeprefix(PRIVATE))
        signed = Ed25519PrivateKey.from_private_bytes(seed).sign(content)
        signatures.append(f"v1a,{_text(signed)}")
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": " ".join(signatures),
    }


def _mac(secret: str, content: bytes) -> bytes:
    key = base64.b64decode(secret.removeprefix(SECRET))
    return hmac.digest(key, content, hashlib.sha256)


def _public(seed: bytes) -> bytes:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
