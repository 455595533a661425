"""Card keys: P-256, named by their thumbprint, published as JWK and COSE_Key (card-token.md 5)."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class Key(Protocol):
    """What every card key says of itself, whoever holds its private half."""

    @property
    def alg(self) -> int:
        """Its COSE algorithm."""

    @property
    def kid(self) -> bytes:
        """Its public name (5.1)."""

    @property
    def nbf(self) -> int:
        """The first second in which it is good."""

    @property
    def exp(self) -> int:
        """The first second in which it is good no longer."""


class Signer(Key, Protocol):
    """What signs: a key in this process, or one in a token store that it never leaves."""

    def sign(self, message: bytes) -> bytes:
        """r and s, 32 bytes each (2.4)."""


class NotInForce(ValueError):
    """A key was asked to sign outside its time (5.4)."""


def check_in_force(key: Key, at: int) -> None:
    """Raises NotInForce where a key may not sign something of this second (5.4)."""
    if not key.nbf <= at < key.exp:
        raise NotInForce(key.kid.hex())


class PublicKey(Key, Protocol):
    """A published key of either profile (5, 6)."""

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this key's."""

    def jwk(self) -> dict[str, Any]:
        """The JWK (5.2)."""

    def cose(self) -> dict[int, Any]:
        """The COSE_Key (5.3)."""


class Profile(Protocol):
    """A kind of key that a verifier accepts: the class `CardKey`, or that of SM2 (6.1)."""

    @property
    def crv(self) -> str:
        """The curve's name in a JWK."""

    @property
    def curve(self) -> int:
        """The curve's number in a COSE_Key."""

    def __call__(self, x: bytes, y: bytes, *, nbf: int, exp: int) -> PublicKey:
        """The key; raises ValueError where x and y are no point of the curve."""


class CardKey:
    """A published card key. It is good from `nbf` until before `exp` (seconds since 1970)."""

    alg, crv, curve = ES256, "P-256", 1

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
    def from_jwks(
        cls, document: Mapping[str, Any], profiles: Sequence[Profile] = (CardKey,)
    ) -> "KeySet":
        """The card keys of a JWK set; access keys, and keys of a profile that is off, are left out.

        Raises ValueError, LookupError, TypeError or AttributeError where it is no such set.
        """
        on = {profile.crv: profile for profile in profiles}
        rows = [r for r in document["keys"] if r.get("hck_use") == "card" and r.get("crv") in on]
        return cls(
            on[r["crv"]](unb64(r["x"]), unb64(r["y"]), nbf=int(r["nbf"]), exp=int(r["exp"]))
            for r in rows
        )

    @classmethod
    def from_cose(cls, octets: bytes, profiles: Sequence[Profile] = (CardKey,)) -> "KeySet":
        """The card keys of a COSE key set (5.3); raises as `from_jwks` does."""
        on = {profile.curve: profile for profile in profiles}
        rows, _ = cbor.decode(octets)
        return cls(
            on[row[-1]](row[-2], row[-3], nbf=row[-65537], exp=row[-65538])
            for row in rows
            if row[-1] in on
        )


def jwks(keys: Iterable[PublicKey]) -> list[dict[str, Any]]:
    """The members of the JWK set (5.2)."""
    return [key.jwk() for key in keys]


def cose_key_set(keys: Iterable[PublicKey]) -> bytes:
    """The COSE key set (5.3)."""
    return cbor.encode([key.cose() for key in keys])
