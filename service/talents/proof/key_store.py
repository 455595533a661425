"""Where private card keys live: made, used and destroyed through one narrow interface.

The one that comes with the product keeps them sealed in the database (card-token.md 5.6). A token
store or key service (PKCS#11, KMS) is another class here and a name in `STORES`: its handle is the
key's label, and the private half never leaves it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cards.keys import CardKey, Profile, PublicKey, Signer, SigningKey
from service import ids
from service.settings import Settings, SettingsError

CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Named(PublicKey, Protocol):
    """The public half of a new key, with its point as it is kept."""

    @property
    def x(self) -> bytes:
        """32 bytes."""

    @property
    def y(self) -> bytes:
        """32 bytes."""


class KeyStore(Protocol):
    """Makes key pairs and signs with them; `handle` is what the database keeps, sealed."""

    @property
    def profiles(self) -> Sequence[Profile]:
        """The kinds of keys that are on: published, and signed with (card-token.md 6.1)."""

    def make(self, not_before: datetime, expires_at: datetime) -> tuple[Named, str]:
        """A new pair: its public half, and the handle of its private one."""

    def signer(self, handle: str, not_before: datetime, expires_at: datetime) -> Signer:
        """What signs with that key; raises SettingsError where it is not to be had."""

    def destroy(self, handle: str) -> None:
        """Make the private half unusable for good."""


class SealedStore:
    """The private key itself is the handle, as PKCS#8; the column that keeps it is sealed."""

    profiles: Sequence[Profile] = (CardKey,)

    def make(self, not_before: datetime, expires_at: datetime) -> tuple[Named, str]:
        """A new pair from the system's random source."""
        secret = 1 + ids.random_below(CURVE_ORDER - 1)
        key = SigningKey.from_secret(secret, nbf=stamp(not_before), exp=stamp(expires_at))
        return key, key.pem()

    def signer(self, handle: str, not_before: datetime, expires_at: datetime) -> Signer:
        """Opens the key in this process."""
        return SigningKey.from_pem(handle, nbf=stamp(not_before), exp=stamp(expires_at))

    def destroy(self, handle: str) -> None:
        """Nothing beside the handle, which the caller overwrites."""


class Sm2Store(SealedStore):
    """New keys are SM2's; those of the other profile go on until their time is over (6.1)."""

    def __init__(self) -> None:
        try:
            from cards import sm2
        except ImportError:
            raise SettingsError(
                "HCK_CARD_PROFILE=sm2 需要 gmssl-pyx,请安装 pyproject.toml 的 sm2 依赖组。"
            ) from None
        self._sm2 = sm2
        self.profiles = (CardKey, sm2.Sm2CardKey)

    def make(self, not_before: datetime, expires_at: datetime) -> tuple[Named, str]:
        """A new pair from the library's random source."""
        key = self._sm2.Sm2SigningKey.make(nbf=stamp(not_before), exp=stamp(expires_at))
        return key, key.text()

    def signer(self, handle: str, not_before: datetime, expires_at: datetime) -> Signer:
        """Opens a key of either profile."""
        if not handle.startswith(self._sm2.TEXT):
            return super().signer(handle, not_before, expires_at)
        window = {"nbf": stamp(not_before), "exp": stamp(expires_at)}
        return self._sm2.Sm2SigningKey.from_text(handle, **window)


def stamp(moment: datetime) -> int:
    """Seconds since 1970."""
    return int(moment.timestamp())


STORES: dict[tuple[str, str], Callable[[], KeyStore]] = {
    ("sealed", "es256"): SealedStore,
    ("sealed", "sm2"): Sm2Store,
}
"""By HCK_KEY_STORE and HCK_CARD_PROFILE."""
DESTROYED = "destroyed"
"""What stands in place of a handle whose key is gone."""


def store_of(
    settings: Settings, stores: Mapping[tuple[str, str], Callable[[], KeyStore]] | None = None
) -> KeyStore:
    """The installation's store (HCK_KEY_STORE, HCK_CARD_PROFILE).

    Raises SettingsError for an unknown one, or where its package is missing.
    """
    known = STORES if stores is None else stores
    asked = (settings.key_store, settings.card_profile)
    if asked not in known:
        pairs = "、".join(f"{store} 与 {profile}" for store, profile in sorted(known))
        raise SettingsError(f"HCK_KEY_STORE 与 HCK_CARD_PROFILE 只支持: {pairs}。")
    return known[asked]()
