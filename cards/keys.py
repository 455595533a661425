"""Card keys: P-256, named by their thumbprint, published as JWK and COSE_Key (card-token.md 5)."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from cards import cbor

ES256 = -7
CURVE = ec.SECP256R1()
_VERIFYING = ec.ECDSA(hashes.SHA256())
_SIGNING = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)  # RFC 6979 (14.1)


def b64(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding; raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def thumbprint_input(x: bytes, y: bytes) -> bytes:
    """What is hashed for a key's name (RFC 9679)."""
    return cbor.encode({1: 2, -1: 1, -2: x, -3: y})


def kid_of(x: bytes, y: bytes) -> bytes:
    """A key's name: the first 8 bytes of its COSE Key Thumbprint (5.1)."""
    return hashlib.sha256(thumbprint_input(x, y)).digest()[:8]


class Signer(Protocol):
    """What signs: a key in this process, or one in a token store that it never leaves.

    `kid` is its public name, `alg` its COSE algorithm; it is good from `nbf` until before `exp`.
    """

    alg: int
    kid: bytes
    nbf: int
    exp: int

    def sign(self, message: bytes) -> bytes:
        """r and s, 32 bytes each (2.4)."""


class PublicKey(Protocol):
    """A published key of either profile (5, 6)."""

    alg: int
    kid: bytes
    nbf: int
    exp: int

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this key's."""

    def jwk(self) -> dict[str, Any]:
        """The JWK (5.2)."""

    def cose(self) -> dict[int, Any]:
        """The COSE_Key (5.3)."""


class CardKey:
    """A published card key. It is good from `nbf` until before `exp` (seconds since 1970)."""

    alg = ES256

    def __init__(self, x: bytes, y: bytes, *, nbf: int, exp: int) -> None:
        self.x, self.y, self.nbf, self.exp = x, y, nbf, exp
        self.kid = kid_of(x, y)
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), CURVE
        )
        self._public = numbers.public_key()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this key's: r and s, 32 bytes each, any s (2.4, 2.5)."""
        if len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._public.verify(encode_dss_signature(r, s), message, _VERIFYING)
        except (InvalidSignature, ValueError):
            return False
        return True

    def jwk(self) -> dict[str, Any]:
        """The JWK (5.2)."""
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(self.x),
            "y": b64(self.y),
            "alg": "ES256",
            "use": "sig",
            "kid": b64(self.kid),
            "hck_use": "card",
            "nbf": self.nbf,
            "exp": self.exp,
        }

    def cose(self) -> dict[int, Any]:
        """The COSE_Key (5.3)."""
        return {
            1: 2, 2: self.kid, 3: ES256, 4: [2], -1: 1, -2: self.x, -3: self.y,
            -65537: self.nbf, -65538: self.exp,
        }  # fmt: skip

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "CardKey":
        """The key of a published JWK; raises ValueError or KeyError where it is none."""
        return cls(unb64(jwk["x"]), unb64(jwk["y"]), nbf=int(jwk["nbf"]), exp=int(jwk["exp"]))


class SigningKey(CardKey):
    """A card key with its private half."""

    def __init__(self, private: ec.EllipticCurvePrivateKey, *, nbf: int, exp: int) -> None:
        numbers = private.public_key().public_numbers()
        super().__init__(
            numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big"), nbf=nbf, exp=exp
        )
        self._private = private

    @classmethod
    def from_pem(cls, pem: str, *, nbf: int, exp: int) -> "SigningKey":
        """The key of a PKCS#8 text."""
        private = serialization.load_pem_private_key(pem.encode(), None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise TypeError("a card key is P-256")
        return cls(private, nbf=nbf, exp=exp)

    @classmethod
    def from_secret(cls, secret: int, *, nbf: int, exp: int) -> "SigningKey":
        """The key of a private number."""
        return cls(ec.derive_private_key(secret, CURVE), nbf=nbf, exp=exp)

    def pem(self) -> str:
        """The PKCS#8 text, to be kept sealed (5.6)."""
        return self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def sign(self, message: bytes) -> bytes:
        """r and s, 32 bytes each; the same message always gives the same (RFC 6979)."""
        r, s = decode_dss_signature(self._private.sign(message, _SIGNING))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class KeySet:
    """The published card keys by name; access keys are never among them (5.2)."""

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._keys = {key.kid: key for key in keys}

    def get(self, kid: bytes) -> PublicKey | None:
        """The key of that name, or None."""
        return self._keys.get(kid)

    def __iter__(self) -> Iterator[PublicKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)

    @classmethod
    def from_jwks(cls, document: Mapping[str, Any]) -> "KeySet":
        """The card keys of a JWK set; keys for access tokens in it are left out."""
        return cls(
            CardKey.from_jwk(each) for each in document["keys"] if each.get("hck_use") == "card"
        )


def jwks(keys: Iterable[PublicKey]) -> list[dict[str, Any]]:
    """The members of the JWK set (5.2)."""
    return [key.jwk() for key in keys]


def cose_key_set(keys: Iterable[PublicKey]) -> bytes:
    """The COSE key set (5.3)."""
    return cbor.encode([key.cose() for key in keys])
