"""Status lists: two bits a card, for a day, signed, in both of their forms (card-token.md 8)."""

import json
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from cards import cbor
from cards.keys import ES256, KeySet, PublicKey, Signer, b64, check_in_force, unb64
from cards.token import signed_bytes

SIZE = 65_536
BITS = 2
VALID, INVALID, SUSPENDED = 0, 1, 2
TTL = 300
LIFE = 24 * 3600
JWT_TYPE = "statuslist+jwt"
CWT_TYPE = "application/statuslist+cwt"
UNPACKED = SIZE * BITS // 8
JOSE = {ES256: "ES256", -65601: "SM2SM3"}
"""An algorithm's name in a JWT by its COSE number; that of SM2 is the profile's own (6.1)."""


class NotAList(ValueError):
    """Not a status list that a card key signed."""


class StatusList(NamedTuple):
    """A list that is proved: its name, its instants in seconds, and its packed entries."""

    uri: str
    iat: int
    exp: int
    packed: bytes

    def at(self, idx: int) -> int:
        """The entry of an index."""
        return entry(self.packed, idx)


def pack(entries: Mapping[int, int]) -> bytes:
    """All entries, two bits each, lowest bits first; an index not named reads 0 (8.4)."""
    packed = bytearray(UNPACKED)
    for idx, status in entries.items():
        packed[idx >> 2] |= status << (2 * (idx & 3))
    return bytes(packed)


def entry(packed: bytes, idx: int) -> int:
    """The entry of an index."""
    return packed[idx >> 2] >> (2 * (idx & 3)) & 3


def jwt(uri: str, packed: bytes, *, iat: int, key: Signer) -> str:
    """The list as `application/statuslist+jwt` (8.3); raises NotInForce."""
    check_in_force(key, iat)
    header = {"alg": JOSE[key.alg], "kid": b64(key.kid), "typ": JWT_TYPE}
    lst = b64(zlib.compress(packed, 9))
    payload = {
        "sub": uri,
        "iat": iat,
        "exp": iat + LIFE,
        "ttl": TTL,
        "status_list": {"bits": BITS, "lst": lst},
    }
    signed = ".".join(b64(json.dumps(p, separators=(",", ":")).encode()) for p in (header, payload))
    return f"{signed}.{b64(key.sign(signed.encode()))}"


def cwt(uri: str, packed: bytes, *, iat: int, key: Signer) -> bytes:
    """The list as `application/statuslist+cwt` (8.3); raises NotInForce."""
    check_in_force(key, iat)
    protected = cbor.encode({1: key.alg, 4: key.kid, 16: CWT_TYPE})
    payload = cbor.encode(
        {
            2: uri,
            4: iat + LIFE,
            6: iat,
            65534: TTL,
            65533: {"bits": BITS, "lst": zlib.compress(packed, 9)},
        }
    )
    signature = key.sign(signed_bytes(protected, payload))
    return cbor.encode(cbor.Tag(18, [protected, {}, payload, signature]))


def read_jwt(text: str, *, keys: KeySet, now: int) -> StatusList:
    """The list of a JWT; raises NotAList for anything else, a card's token included."""
    try:
        head, body, signature = text.split(".")
        header, payload = json.loads(unb64(head)), json.loads(unb64(body))
        key = _key(keys, unb64(header["kid"]), now)
        if header["typ"] != JWT_TYPE or header["alg"] != JOSE[key.alg]:
            raise NotAList
        if not key.verifies(unb64(signature), f"{head}.{body}".encode()):
            raise NotAList
        inner = payload["status_list"]
        packed = _unpack(inner["bits"], unb64(inner["lst"]))
        return _dated(payload["sub"], payload["iat"], payload["exp"], packed, now)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as wrong:
        raise NotAList from wrong


def read_cwt(octets: bytes, *, keys: KeySet, now: int) -> StatusList:
    """The list of a CWT; raises NotAList for anything else, a card's token included."""
    try:
        message, _ = cbor.decode(octets)
        protected, _, payload, signature = message.value
        header, claims = cbor.decode(protected)[0], cbor.decode(payload)[0]
        key = _key(keys, header[4], now)
        if header != {1: key.alg, 4: key.kid, 16: CWT_TYPE} or message.number != 18:
            raise NotAList
        if not key.verifies(signature, signed_bytes(protected, payload)):
            raise NotAList
        inner = claims[65533]
        packed = _unpack(inner["bits"], inner["lst"])
        return _dated(claims[2], claims[6], claims[4], packed, now)
    except (ValueError, LookupError, TypeError, AttributeError) as wrong:
        raise NotAList from wrong


def _key(keys: KeySet, kid: Any, now: int) -> PublicKey:
    key = keys.get(kid) if isinstance(kid, bytes) else None
    if key is None or not key.nbf <= now < key.exp:
        raise NotAList
    return key


def _unpack(bits: Any, compressed: bytes) -> bytes:
    """The packed entries, never more of them than a list has."""
    unpacking = zlib.decompressobj()
    try:
        packed = unpacking.decompress(compressed, UNPACKED + 1)
    except zlib.error as wrong:
        raise NotAList from wrong
    if bits != BITS or len(packed) != UNPACKED:
        raise NotAList
    return packed


def _dated(uri: Any, iat: Any, exp: Any, packed: bytes, now: int) -> StatusList:
    if not isinstance(uri, str) or type(iat) is not int or type(exp) is not int or now >= exp:
        raise NotAList
    return StatusList(uri, iat, exp, packed)
