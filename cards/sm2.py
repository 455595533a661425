"""The second profile: SM2 with SM3 behind the same interface (card-token.md 6.1). Off by default.

Whoever wants it imports this module and names `Sm2CardKey` among the profiles of a key set; nothing
else changes. With it off such a token is refused at 7.9 or 7.10. Needs the package `gmssl-pyx`.
"""

import hashlib
from typing import Any

import gmssl_pyx
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from cards import cbor
from cards.keys import b64, unb64

SM2 = -65601
"""Both the algorithm and the curve (sm2p256v1), from COSE's range for private use."""
SIGNER = b"1234567812345678"
TEXT = "sm2:"
"""How the text of a private key begins; one of the other profile is PKCS#8."""


def kid_of(x: bytes, y: bytes) -> bytes:
    """A key's name: the first 8 bytes of its COSE Key Thumbprint (5.1)."""
    return hashlib.sha256(cbor.encode({1: 2, -1: SM2, -2: x, -3: y})).digest()[:8]


class Sm2CardKey:
    """A published SM2 card key. It is good from `nbf` until before `exp`."""

    alg, crv, curve = SM2, "sm2p256v1", SM2

    def __init__(self, x: bytes, y: bytes, *, nbf: int, exp: int) -> None:
        self.x, self.y, self.nbf, self.exp = x, y, nbf, exp
        self.kid = kid_of(x, y)
        self._public: bytes = gmssl_pyx.normalize_sm2_public_key(x + y)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this key's: r and s, 32 bytes each."""
        if len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            encoded = encode_dss_signature(r, s)
            return bool(gmssl_pyx.sm2_verify(self._public, message, encoded, SIGNER))
        except (gmssl_pyx.GmsslInnerError, ValueError):
            return False

    def jwk(self) -> dict[str, Any]:
        """The JWK; its names are this profile's own, as none are registered."""
        return {
            "kty": "EC", "crv": "sm2p256v1", "x": b64(self.x), "y": b64(self.y), "alg": "SM2SM3",
            "use": "sig", "kid": b64(self.kid), "hck_use": "card", "nbf": self.nbf, "exp": self.exp,
        }  # fmt: skip

    def cose(self) -> dict[int, Any]:
        """The COSE_Key (5.3) with this profile's algorithm and curve."""
        return {
            1: 2, 2: self.kid, 3: SM2, 4: [2], -1: SM2, -2: self.x, -3: self.y,
            -65537: self.nbf, -65538: self.exp,
        }  # fmt: skip


class Sm2SigningKey(Sm2CardKey):
    """One whose private half is here: 32 bytes, as the library makes it."""

    def __init__(self, private: bytes, x: bytes, y: bytes, *, nbf: int, exp: int) -> None:
        super().__init__(x, y, nbf=nbf, exp=exp)
        self._private = private

    @classmethod
    def make(cls, *, nbf: int, exp: int) -> "Sm2SigningKey":
        """A new pair from the library's random source."""
        public, private = gmssl_pyx.sm2_key_generate()
        return cls(private, public[:32], public[32:], nbf=nbf, exp=exp)

    @classmethod
    def from_text(cls, text: str, *, nbf: int, exp: int) -> "Sm2SigningKey":
        """The key of `text()`; raises ValueError where it is none."""
        octets = unb64(text.removeprefix(TEXT))
        if not text.startswith(TEXT) or len(octets) != 96:
            raise ValueError("no SM2 key")
        return cls(octets[:32], octets[32:64], octets[64:], nbf=nbf, exp=exp)

    def text(self) -> str:
        """Its private half and the public one, to be kept sealed (5.6)."""
        return TEXT + b64(self._private + self.x + self.y)

    def sign(self, message: bytes) -> bytes:
        """r and s, 32 bytes each; SM2 draws anew each time."""
        encoded = gmssl_pyx.sm2_sign(self._private, self._public, message, SIGNER)
        r, s = decode_dss_signature(encoded)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
