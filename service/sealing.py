"""Personal data at rest: AES-256-GCM with the key's id in the value, and a keyed blind index.

A sealed value is `k<id>.` + 12 bytes nonce + ciphertext and tag; what it belongs to (the column's
name) is the additional data, so that a value copied to another column does not open there.
"""

import base64
import hmac
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from service import ids
from service.settings import Settings, SettingsError


class CannotOpen(Exception):
    """A sealed value is damaged, or its key is not on the ring."""


class Keyring:
    """The keys that seal; `current` seals, every other one only opens."""

    def __init__(self, keys: Mapping[str, bytes], current: str, index_key: bytes) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.current = current
        self._index_key = index_key
        self.read_again: Callable[[], Keyring] | None = None
        """Where the ring lies: read again when a value names a key added since (rotation)."""

    def seal(self, plain: bytes, about: str) -> bytes:
        """Encrypt `plain`, bound to `about` (table.column)."""
        nonce = ids.random_bytes(12)
        sealed = self._ciphers[self.current].encrypt(nonce, plain, about.encode())
        return f"k{self.current}.".encode() + nonce + sealed

    def open(self, sealed: bytes, about: str) -> bytes:
        """Decrypt what `seal` made; raises CannotOpen."""
        try:
            name = self.key_of(sealed)
            body = sealed[len(name) + 2 :]
            return self._cipher(name).decrypt(body[:12], body[12:], about.encode())
        except (KeyError, InvalidTag, ValueError) as wrong:
            raise CannotOpen(about) from wrong

    def _cipher(self, name: str) -> AESGCM:
        if name not in self._ciphers and self.read_again is not None:
            newer = self.read_again()
            self._ciphers, self.current = newer._ciphers, newer.current
        return self._ciphers[name]

    def blind(self, plain: str, about: str) -> bytes:
        """A keyed index of `plain`: equal texts are found, nothing is read from it."""
        return hmac.digest(self._index_key, f"{about}\0{plain}".encode(), "sha256")

    @staticmethod
    def key_of(sealed: bytes) -> str:
        """The id of the key that sealed this value."""
        return sealed[1 : sealed.index(b".")].decode()


def new_ring_document() -> dict[str, Any]:
    """A new ring with one key, as it is written to a file."""
    return {"current": "1", "keys": {"1": _new_key()}, "index": _new_key()}


def with_new_key(document: dict[str, Any]) -> dict[str, Any]:
    """The same ring with one more key, which seals from now on."""
    name = str(max(int(key) for key in document["keys"]) + 1)
    return {**document, "keys": {**document["keys"], name: _new_key()}, "current": name}


def ring_of(document: dict[str, Any]) -> Keyring:
    """The ring of a document; raises SettingsError where it is not whole."""
    try:
        keys = {name: base64.b64decode(key) for name, key in document["keys"].items()}
        index = base64.b64decode(document["index"])
        if document["current"] not in keys or {len(key) for key in keys.values()} != {32}:
            raise SettingsError("密钥环不完整: current 须在 keys 中,每把密钥为 32 字节。")
        return Keyring(keys, document["current"], index)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise SettingsError("密钥环格式不正确,应为 JSON: current、keys、index。") from wrong


def load_ring(settings: Settings) -> Keyring:
    """The installation's ring, from HCK_KEYRING (JSON) or a file.

    The local set-up makes its own file, mode 0600; elsewhere a missing ring is a SettingsError.
    """
    if settings.keyring:
        return ring_of(msgspec.json.decode(settings.keyring.encode()))
    path = ring_file(settings)
    if not path.exists():
        if not settings.local:
            raise SettingsError("请用 HCK_KEYRING 或 HCK_KEYRING_FILE 给出密钥环。")
        write_ring(path, new_ring_document())
    ring = _read_ring(path)
    ring.read_again = lambda: _read_ring(path)
    return ring


def ring_file(settings: Settings) -> Path:
    """Where the ring's file lies, where it is a file."""
    return settings.keyring_file or settings.data / "keyring.json"


def _read_ring(path: Path) -> Keyring:
    try:
        return ring_of(json.loads(path.read_text()))
    except (OSError, ValueError) as wrong:
        raise SettingsError(f"密钥环文件 {path} 不可读。") from wrong


def write_ring(path: Path, document: dict[str, Any]) -> None:
    """Write a ring's file whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _new_key() -> str:
    return base64.b64encode(ids.random_bytes(32)).decode()


_ring: list[Keyring] = []


def use(ring: Keyring) -> None:
    """Make `ring` the process's ring; called once at start."""
    _ring[:] = [ring]


def ring() -> Keyring:
    """The process's ring."""
    if not _ring:
        raise SettingsError("密钥环尚未载入。")
    return _ring[0]


class SealedText(TypeDecorator[str]):
    """A column whose text is sealed; `about` is its table.column."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Seal on the way in."""
        return None if value is None else ring().seal(value.encode(), self.about)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Open on the way out."""
        return None if value is None else ring().open(value, self.about).decode()


class SealedJson(TypeDecorator[Any]):
    """A column whose JSON value is sealed whole."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Seal on the way in."""
        return None if value is None else ring().seal(msgspec.json.encode(value), self.about)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Open on the way out."""
        return None if value is None else msgspec.json.decode(ring().open(value, self.about))
