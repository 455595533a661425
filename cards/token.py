"""The QR token HCK1: made, and verified in the profile's order (card-token.md 1–3, 7).

Verification is in two halves, so that a database can be asked between them: `examine` looks at
the text itself (7.1–7.19), `stand` at what is known of the card (7.20–7.22). Nothing here raises
for any text.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from cards import base45, cbor
from cards.keys import KeySet, PublicKey, Signer, b64, check_in_force, unb64
from cards.reasons import MESSAGES, RULES

__all__ = ["MESSAGES", "RULES", "Claims", "Live", "Printed", "Refused", "Standing", "examine"]

PREFIX = "HCK1:"
LONGEST = 900
AUDIENCE = "desk"
TYPES = {"hck-l": "L", "hck-p": "P"}
LIVE_SECONDS = 60
LIVE_LONGEST = 120
PRINTED_LONGEST = 1830 * 86_400
CLOCK_SKEW = 10
MAX_TIER = 23

SIGN1 = 18
ISS, SUB, AUD, EXP, IAT, CTI, STATUS, CARD = 1, 2, 3, 4, 6, 7, 65535, -65537
_PRINTED = frozenset({ISS, SUB, AUD, EXP, IAT, CTI})
_LIVE = _PRINTED | {STATUS}

_SUB = re.compile(r"[A-Za-z0-9_-]{12}")
_URI = re.compile(r"hck:[0-9a-z]{1,6}")
_NAME = re.compile(r".\*", re.DOTALL)


class Claims(NamedTuple):
    """What a token says, its form and signature proved. `typ` is `L` or `P`; times in seconds."""

    typ: str
    iss: str
    sub: str
    aud: str
    exp: int
    iat: int
    cti: bytes
    uri: str | None = None
    idx: int | None = None
    tier: int | None = None
    name: str | None = None


class Refused(NamedTuple):
    """The first step that fails: its reason and rule. `typ` and `claims` once they are proved."""

    reason: str
    typ: str | None = None
    claims: Claims | None = None

    @property
    def rule(self) -> str:
        """The step of card-token.md 7."""
        return RULES[self.reason]

    @property
    def message(self) -> str:
        """What the counter is shown (7.25)."""
        return MESSAGES[self.reason]


class Standing(NamedTuple):
    """What is known of a card: its last day, and the cti of its latest printing."""

    valid_until: date
    print_cti: bytes | None = None


class Live(NamedTuple):
    """What a live token is made of (3); `iat` in seconds since 1970, cti 16 fresh random bytes."""

    sub: str
    iat: int
    cti: bytes
    uri: str
    idx: int
    tier: int | None = None
    name: str | None = None


class Printed(NamedTuple):
    """What a printed token is made of; `exp` is the end of the card's last day (3.6)."""

    sub: str
    iat: int
    exp: int
    cti: bytes


def mint_live(live: Live, key: Signer, *, issuer: str) -> str:
    """The text of a live token (4.1); raises NotInForce."""
    payload: dict[int, Any] = {
        ISS: issuer,
        SUB: live.sub,
        AUD: AUDIENCE,
        EXP: live.iat + LIVE_SECONDS,
        IAT: live.iat,
        CTI: live.cti,
        STATUS: {"status_list": {"idx": live.idx, "uri": live.uri}},
    }
    if live.tier is not None and live.name is not None:
        payload[CARD] = {1: live.tier, 2: live.name}
    return _signed("hck-l", payload, key)


def mint_printed(printed: Printed, key: Signer, *, issuer: str) -> str:
    """The text of a printed token (4.2); raises NotInForce."""
    payload = {
        ISS: issuer,
        SUB: printed.sub,
        AUD: AUDIENCE,
        EXP: printed.exp,
        IAT: printed.iat,
        CTI: printed.cti,
    }
    return _signed("hck-p", payload, key)


def _signed(typ: str, claims: dict[int, Any], key: Signer) -> str:
    check_in_force(key, claims[IAT])
    protected = cbor.encode({1: key.alg, 4: key.kid, 16: typ})
    payload = cbor.encode(claims)
    signature = key.sign(signed_bytes(protected, payload))
    message = cbor.Tag(SIGN1, [protected, {}, payload, signature])
    return PREFIX + base45.encode(cbor.encode(message))


def signed_bytes(protected: bytes, payload: bytes) -> bytes:
    """The COSE `Signature1` structure that is signed (2.4)."""
    return b"".join(
        (
            b"\x84\x6aSignature1",
            cbor.head(2, len(protected)),
            protected,
            b"\x40",
            cbor.head(2, len(payload)),
            payload,
        )
    )


def to_url(text: str, origin: str) -> str:
    """The URL form of a printed token, for any phone's camera (4.3)."""
    return f"{origin}/c#{b64(base45.decode(text.removeprefix(PREFIX)))}"


def from_url(url: str) -> str | None:
    """The token's text of a URL form, for a counter's page (4.3); None where it is none."""
    origin, found, packed = url.partition("/c#")
    if not found or len(url) > LONGEST or not origin.startswith(("https://", "http://")):
        return None
    try:
        return PREFIX + base45.encode(unb64(packed))
    except ValueError:
        return None


def examine(
    text: str, *, now: int, keys: KeySet, issuer: str, live_only: bool = False
) -> Claims | Refused:
    """What the text says by itself, or the first of steps 7.1–7.19 that it fails.

    `now` in seconds since 1970; `live_only` where L is needed (redemption, offline, an offering).
    """
    message = _message(text)
    if isinstance(message, str):
        return Refused(message)
    protected, payload, signature = message
    header = _header(protected)
    if header is None:
        return Refused("bad-header")
    alg, kid, typ = header
    key = keys.get(kid)
    if key is None:
        return Refused("unknown-key")
    if reason := _key_refuses(key, alg, now, signature, protected, payload):
        return Refused(reason)
    short = TYPES.get(typ)
    if short is None:
        return Refused("bad-type")
    if short == "P" and live_only:
        return Refused("type-not-accepted", short)
    claims = _claims(short, payload)
    if claims is None:
        return Refused("bad-claims", short)
    reason = _claims_refuse(claims, now, issuer)
    return Refused(reason, short, claims) if reason else claims


def _message(text: str) -> tuple[bytes, bytes, bytes] | str:
    """Protected header, payload and signature; or the reason of 7.1–7.7, or of 2.2."""
    if len(text) > LONGEST:
        return "too-long"
    if not base45.CHARACTERS.issuperset(text):
        return "bad-characters"
    if not text.startswith(PREFIX):
        return "bad-prefix"
    try:
        octets = base45.decode(text[len(PREFIX) :])
    except base45.NotBase45:
        return "bad-base45"
    try:
        item, deterministic = cbor.decode(octets)
    except cbor.NotWellFormed:
        return "bad-cbor"
    if not deterministic:
        return "not-canonical"
    match item:
        case cbor.Tag(18, [bytes() as protected, dict() as bare, bytes() as payload, bytes() as s]):
            return "bad-header" if bare else (protected, payload, s)
    return "bad-structure"


def _one_map(octets: bytes) -> dict[Any, Any] | None:
    """The one deterministic map that the bytes are, or None."""
    try:
        item, deterministic = cbor.decode(octets)
    except cbor.NotWellFormed:
        return None
    return item if deterministic and isinstance(item, dict) else None


def _header(protected: bytes) -> tuple[int, bytes, str] | None:
    """Algorithm, key name and type of a header that is in order (7.8)."""
    match _one_map(protected):
        case {1: int() as alg, 4: bytes() as kid, 16: str() as typ, **rest} if not rest:
            return (alg, kid, typ) if len(kid) == 8 else None
    return None


def _key_refuses(
    key: PublicKey, alg: int, now: int, signature: bytes, protected: bytes, payload: bytes
) -> str | None:
    """7.10–7.12: the key decides the algorithm, never the token."""
    if alg != key.alg:
        return "bad-algorithm"
    if not key.nbf <= now < key.exp:
        return "key-not-valid"
    if not key.verifies(signature, signed_bytes(protected, payload)):
        return "bad-signature"
    return None


def _claims(typ: str, payload: bytes) -> Claims | None:
    """The claims, where all are there, of the right type and size, and no others (7.14)."""
    found = _one_map(payload)
    if found is None or not _names_hold(typ, found):
        return None
    match found:
        case {
            1: str() as iss, 2: str() as sub, 3: str() as aud,
            4: int() as exp, 6: int() as iat, 7: bytes() as cti,
        }:  # fmt: skip
            pass
        case _:
            return None
    if len(iss.encode()) > 5 or not _SUB.fullmatch(sub) or len(cti) != 16 or exp < 0 or iat < 0:
        return None
    claims = Claims(typ, iss, sub, aud, exp, iat, cti)
    return claims if typ == "P" else _with_card(claims, found)


def _names_hold(typ: str, found: Mapping[Any, Any]) -> bool:
    names = found.keys()
    return names == _PRINTED if typ == "P" else names - {CARD} == _LIVE


def _with_card(claims: Claims, found: Mapping[Any, Any]) -> Claims | None:
    """A live token's place in a status list, and what it may say of the card (3.7, 3.8)."""
    match found[STATUS]:
        case {"status_list": {"idx": int() as idx, "uri": str() as uri, **more}, **rest}:
            if more or rest or not 0 <= idx < 65536 or not _URI.fullmatch(uri):
                return None
        case _:
            return None
    claims = claims._replace(idx=idx, uri=uri)
    if CARD not in found:
        return claims
    match found[CARD]:
        case {1: int() as tier, 2: str() as name, **rest} if not rest:
            if 1 <= tier <= MAX_TIER and _NAME.fullmatch(name):
                return claims._replace(tier=tier, name=name)
    return None


def _claims_refuse(claims: Claims, now: int, issuer: str) -> str | None:
    """7.15–7.19."""
    longest = LIVE_LONGEST if claims.typ == "L" else PRINTED_LONGEST
    if claims.iss != issuer:
        return "wrong-issuer"
    if claims.aud != AUDIENCE:
        return "wrong-audience"
    if not 0 < claims.exp - claims.iat <= longest:
        return "bad-lifetime"
    if claims.iat > now + CLOCK_SKEW:
        return "not-yet-valid"
    return "expired" if now >= claims.exp else None


def stand(
    claims: Claims, *, status: int | None, redeemed: bool, card: Standing | None, today: date
) -> Refused | None:
    """The first of steps 7.20–7.22 that fails, or None.

    `status` is the card's present entry (7.23), None where it is not known. `card` is whose sub
    (P: cti) it is; `today` in Asia/Shanghai.
    """
    reason = status_refuses(claims, status)
    if reason is None and redeemed:
        reason = "token-replayed"
    if reason is None:
        reason = _card_refuses(claims, card, today)
    return Refused(reason, claims.typ, claims) if reason else None


def status_refuses(claims: Claims, status: int | None) -> str | None:
    """7.20. A printed token has no place in a list; a present state that is known (7.23) stands
    against it all the same."""
    if status == 0:
        return None
    if status is None:
        return None if claims.typ == "P" else "status-unknown"
    return "card-suspended" if status == 2 else "card-revoked"


def _card_refuses(claims: Claims, card: Standing | None, today: date) -> str | None:
    if card is None:
        return "card-unknown"
    if claims.typ == "P" and card.print_cti != claims.cti:
        return "print-withdrawn"
    return "card-expired" if today > card.valid_until else None
