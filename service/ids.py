"""The one place that ids and randomness come from."""

import secrets
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A new UUIDv7 (api.md 1.1): sorts by the time it was made."""
    return uuid_utils.compat.uuid7()


def new_secret(octets: int = 32) -> str:
    """A secret nobody can guess, as base64url text."""
    return secrets.token_urlsafe(octets)


def random_bytes(octets: int) -> bytes:
    """Bytes of the system's random source."""
    return secrets.token_bytes(octets)


def random_below(bound: int) -> int:
    """A number 0 ≤ n < bound, each equally likely."""
    return secrets.randbelow(bound)
