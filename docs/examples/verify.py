"""Check a 惠才卡 QR code with published keys and a COSE library; nothing of ours is needed.

pip install cbor2 cryptography
python verify.py 'HCK1:…' https://the.service   (or a folder that holds jwks.json)
Prints `valid` or `refused <reason>`; with an address the card's status list is asked too.
"""

import base64
import json
import sys
import time
import urllib.request
import zlib
from collections.abc import Mapping

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


class Refused(Exception):
    """The first step that fails."""


def need(holds, reason):
    """One step (card-token.md 7)."""
    if not holds:
        raise Refused(reason)


def unb64(text):
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base45(text):
    """The bytes of base45 (RFC 9285)."""
    digits = [ALPHABET.index(c) for c in text]
    need(len(digits) % 3 != 1, "bad-base45")
    out = b""
    for at in range(0, len(digits), 3):
        group = digits[at : at + 3]
        number = sum(d * 45**n for n, d in enumerate(group))
        size = len(group) - 1
        need(number < 256**size, "bad-base45")
        out += number.to_bytes(size, "big")
    return out


def one(octets, reason):
    """The one CBOR item that these bytes are, deterministically encoded."""
    try:
        item = cbor2.loads(octets)
        again = cbor2.dumps(item, canonical=True)
    except Exception:
        raise Refused(reason) from None
    need(not (len(octets) > len(again) and octets.startswith(again)), reason)  # bytes after it
    return item, again == octets


def check(text, jwks, now, issuer="hck37"):
    """Steps 7.1 to 7.19; returns type and claims, raises Refused."""
    need(len(text) <= 900, "too-long")
    need(set(text) <= set(ALPHABET), "bad-characters")
    need(text.startswith("HCK1:"), "bad-prefix")
    message, same = one(base45(text[5:]), "bad-cbor")
    need(same, "not-canonical")
    need(isinstance(message, cbor2.CBORTag) and message.tag == 18, "bad-structure")
    parts = message.value
    need(isinstance(parts, (list, tuple)) and len(parts) == 4, "bad-structure")
    protected, bare, payload, signature = parts
    need(all(isinstance(p, bytes) for p in (protected, payload, signature)), "bad-structure")
    need(isinstance(bare, Mapping), "bad-structure")
    header, same = one(protected, "bad-header")
    need(
        not bare and same and isinstance(header, Mapping) and set(header) == {1, 4, 16},
        "bad-header",
    )
    alg, kid, typ = header[1], header[4], header[16]
    need(type(alg) is int and isinstance(kid, bytes) and len(kid) == 8, "bad-header")
    need(isinstance(typ, str), "bad-header")
    keys = {unb64(k["kid"]): k for k in jwks["keys"] if k.get("hck_use") == "card"}
    need(kid in keys, "unknown-key")
    key = keys[kid]
    need(alg == -7, "bad-algorithm")
    need(key["nbf"] <= now < key["exp"], "key-not-valid")
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    need(verifies(key, signature, signed), "bad-signature")
    need(typ in ("hck-l", "hck-p"), "bad-type")
    claims, same = one(payload, "bad-claims")
    need(same and isinstance(claims, Mapping) and claims_hold(typ, claims), "bad-claims")
    need(claims[1] == issuer, "wrong-issuer")
    need(claims[3] == "desk", "wrong-audience")
    longest = 120 if typ == "hck-l" else 1830 * 86400
    need(0 < claims[4] - claims[6] <= longest, "bad-lifetime")
    need(claims[6] <= now + 10, "not-yet-valid")
    need(now < claims[4], "expired")
    return typ, claims


def verifies(jwk, signature, signed):
    """Whether the signature is this key's (ES256: r and s, 32 bytes each)."""
    if len(signature) != 64:
        return False
    x, y = (int.from_bytes(unb64(jwk[n]), "big") for n in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    r, s = (int.from_bytes(signature[n : n + 32], "big") for n in (0, 32))
    try:
        public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def claims_hold(typ, claims):
    """All claims of 3, of the right type and size, and no other."""
    names = {1, 2, 3, 4, 6, 7} | ({65535} if typ == "hck-l" else set())
    if not names <= set(claims) or set(claims) - names - ({-65537} if typ == "hck-l" else set()):
        return False
    text = all(isinstance(claims[n], str) for n in (1, 2, 3))
    if not text or len(claims[1].encode()) > 5 or len(claims[2]) != 12:
        return False
    if not all(c.isascii() and (c.isalnum() or c in "-_") for c in claims[2]):
        return False
    if not all(type(claims[n]) is int and claims[n] >= 0 for n in (4, 6)):
        return False
    if not isinstance(claims[7], bytes) or len(claims[7]) != 16:
        return False
    return typ == "hck-p" or (status_holds(claims[65535]) and card_holds(claims.get(-65537)))


def status_holds(status):
    """{"status_list": {"idx": …, "uri": "hck:…"}}."""
    if not isinstance(status, Mapping) or set(status) != {"status_list"}:
        return False
    inner = status["status_list"]
    if not isinstance(inner, Mapping) or set(inner) != {"idx", "uri"}:
        return False
    idx, uri = inner["idx"], inner["uri"]
    good = type(idx) is int and 0 <= idx < 65536 and isinstance(uri, str) and uri[:4] == "hck:"
    name = uri[4:] if good else ""
    return good and 1 <= len(name) <= 6 and set(name) <= set("0123456789abcdefghijklmnopqrstuvwxyz")


def card_holds(card):
    """{1: 1–23, 2: "张*"}, or nothing."""
    if card is None:
        return True
    if not isinstance(card, Mapping) or set(card) != {1, 2}:
        return False
    tier, name = card[1], card[2]
    return (
        type(tier) is int
        and 1 <= tier <= 23
        and isinstance(name, str)
        and len(name) == 2
        and name[1] == "*"
    )


def status(origin, claims, jwks, now):
    """The card's entry in its status list (8): 0 valid, 2 suspended, other ended."""
    inner = claims[65535]["status_list"]
    jwt = get(f"{origin}/v1/status-lists/{inner['uri'][4:]}").decode()
    head, body, signature = jwt.split(".")
    header, payload = json.loads(unb64(head)), json.loads(unb64(body))
    key = next(k for k in jwks["keys"] if k["kid"] == header["kid"] and k.get("hck_use") == "card")
    need(header["typ"] == "statuslist+jwt", "status-unknown")
    need(verifies(key, unb64(signature), f"{head}.{body}".encode()), "status-unknown")
    need(payload["sub"] == inner["uri"] and now < payload["exp"], "status-unknown")
    packed = zlib.decompressobj().decompress(unb64(payload["status_list"]["lst"]), 16384)
    return packed[inner["idx"] >> 2] >> 2 * (inner["idx"] & 3) & 3


def get(url):
    """What is published at an address, or in a file."""
    if url.startswith("http"):
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read()
    with open(url, "rb") as file:
        return file.read()


def main(text, origin, now):
    """Check and say; the exit status is 0 for a code that holds."""
    online = origin.startswith("http")
    jwks = json.loads(get(f"{origin}/.well-known/jwks.json" if online else f"{origin}/jwks.json"))
    try:
        typ, claims = check(text, jwks, now)
        if online and typ == "hck-l":
            entry = status(origin, claims, jwks, now)
            need(entry == 0, "card-suspended" if entry == 2 else "card-revoked")
    except Refused as refused:
        print("refused", refused)
        return 1
    print("valid")
    return 0


if __name__ == "__main__":
    at = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time())
    sys.exit(main(sys.argv[1], sys.argv[2], at))
