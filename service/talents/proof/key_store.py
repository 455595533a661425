"""Where private card keys live: made, used and destroyed through one narrow interface.

The one that comes with the product keeps them sealed in the database (card-token.md 5.6). A token
store or key service (PKCS#11, KMS) is another class here and a name in `STORES`: its handle is the
key's label, and the private half never leaves it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from cards.keys import CardKey, Signer, SigningKey
from service import ids
from service.settings import SettingsError

CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class KeyStore(Protocol):
    """Makes key pairs and signs with them; `handle` is what the database keeps, sealed."""

    def make(self, not_before: datetime, expires_at: datetime) -> tuple[CardKey, str]:
        """A new pair: its public half, and the handle of its private one."""

    def signer(self, handle: str, not_before: datetime, expires_at: datetime) -> Signer:
        """What signs with that key; raises SettingsError where it is not to be had."""

    def destroy(self, handle: str) -> None:
        """Make the private half unusable for good."""


class SealedStore:
    """The private key itself is the handle, as PKCS#8; the column that keeps it is sealed."""

    def make(self, not_before: datetime, expires_at: datetime) -> tuple[CardKey, str]:
        """A new pair from the system's random source."""
        secret = 1 + ids.random_below(CURVE_ORDER - 1)
        key = SigningKey.from_secret(secret, nbf=stamp(not_before), exp=stamp(expires_at))
        return key, key.pem()

    def signer(self, handle: str, not_before: datetime, expires_at: datetime) -> Signer:
        """Opens the key in this process."""
        return SigningKey.from_pem(handle, nbf=stamp(not_before), exp=stamp(expires_at))

    def destroy(self, handle: str) -> None:
        """Nothing beside the handle, which the caller overwrites."""


def stamp(moment: datetime) -> int:
    """Seconds since 1970."""
    return int(moment.timestamp())


STORES: dict[str, KeyStore] = {"sealed": SealedStore()}
DESTROYED = "destroyed"
"""What stands in place of a handle whose key is gone."""


def store_of(name: str, stores: Mapping[str, KeyStore] | None = None) -> KeyStore:
    """The installation's store (HCK_KEY_STORE); raises SettingsError for an unknown one."""
    known = STORES if stores is None else stores
    if name not in known:
        raise SettingsError(f"HCK_KEY_STORE 只支持: {'、'.join(sorted(known))}。")
    return known[name]
