"""The SM2 profile (card-token.md 6.1): published vectors, and a card's token from end to end."""

import subprocess
import sys

import gmssl_pyx
import pytest

from cards import cbor, status, token
from cards.keys import CardKey, KeySet, NotInForce, PublicKey, SigningKey, cose_key_set, jwks
from cards.sm2 import SM2, Sm2CardKey, Sm2SigningKey
from tests.cards.vectors import FULL, ISSUER, KEYS, NOW, PUBLISHED

# GB/T 32918.5-2017, annex A.2: sm2p256v1, the message "message digest", the usual signer's name.
PRIVATE = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
X = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
Y = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
R = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
S = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
WINDOW = {"nbf": NOW - 10, "exp": NOW + 10_000}
LIVE = token.Live("A" * 12, NOW, b"c" * 16, "hck:s1", 7, 2, "张*")


def standard_key() -> Sm2SigningKey:
    private, x, y = (bytes.fromhex(each) for each in (PRIVATE, X, Y))
    return Sm2SigningKey(private, x, y, **WINDOW)


def test_sm3_is_the_standard_s() -> None:
    assert gmssl_pyx.sm3_hash(b"abc").hex() == SM3_ABC


def test_the_standard_s_signature_verifies_and_any_other_bit_does_not() -> None:
    key, signature = standard_key(), bytes.fromhex(R + S)
    assert key.verifies(signature, b"message digest")
    assert not key.verifies(signature, b"message digesT")
    for at in range(0, 64, 7):
        changed = bytes(b ^ (1 << 3) if n == at else b for n, b in enumerate(signature))
        assert not key.verifies(changed, b"message digest")


@pytest.mark.parametrize("signature", [b"", b"x" * 63, b"x" * 65, bytes(64), b"\xff" * 64])
def test_what_is_no_signature_is_none_and_raises_nothing(signature: bytes) -> None:
    assert not standard_key().verifies(signature, b"message digest")


def test_what_is_signed_verifies_with_the_public_half_alone() -> None:
    key = Sm2SigningKey.make(**WINDOW)
    public = Sm2CardKey(key.x, key.y, **WINDOW)
    first, second = key.sign(b"x"), key.sign(b"x")
    assert first != second, "SM2 draws anew each time"
    assert public.verifies(first, b"x")
    assert public.verifies(second, b"x")
    assert not public.verifies(first, b"y")


def test_the_same_interface_mints_and_verifies_a_token() -> None:
    key = Sm2SigningKey.make(**WINDOW)
    text = token.mint_live(LIVE, key, issuer=ISSUER)
    assert len(text) <= 311
    found = token.examine(text, now=NOW, keys=KeySet([key]), issuer=ISSUER)
    assert isinstance(found, token.Claims)
    assert (found.typ, found.name) == ("L", "张*")


def test_a_set_may_hold_both_profiles_and_the_key_decides() -> None:
    key = Sm2SigningKey.make(**WINDOW)
    both = KeySet([*PUBLISHED, key])
    assert isinstance(token.examine(FULL, now=NOW, keys=both, issuer=ISSUER), token.Claims)
    text = token.mint_live(LIVE, key, issuer=ISSUER)
    assert isinstance(token.examine(text, now=NOW, keys=both, issuer=ISSUER), token.Claims)


def test_6_1_with_the_profile_off_it_is_an_unknown_key() -> None:
    text = token.mint_live(LIVE, Sm2SigningKey.make(**WINDOW), issuer=ISSUER)
    refused = token.examine(text, now=NOW, keys=PUBLISHED, issuer=ISSUER)
    assert isinstance(refused, token.Refused)
    assert (refused.reason, refused.rule) == ("unknown-key", "7.9")


def test_6_1_an_es256_key_s_name_with_the_other_algorithm_is_a_bad_algorithm() -> None:
    class Liar:
        alg, kid, nbf, exp = SM2, KEYS["A"].kid, WINDOW["nbf"], WINDOW["exp"]

        def sign(self, message: bytes) -> bytes:
            return KEYS["A"].sign(message)

    text = token.mint_live(LIVE, Liar(), issuer=ISSUER)
    refused = token.examine(text, now=NOW, keys=PUBLISHED, issuer=ISSUER)
    assert isinstance(refused, token.Refused)
    assert (refused.reason, refused.rule) == ("bad-algorithm", "7.10")


BOTH = (CardKey, Sm2CardKey)


def test_published_keys_are_read_with_the_profiles_that_are_on() -> None:
    key = Sm2SigningKey.make(**WINDOW)
    rows: list[PublicKey] = [KEYS["A"], key]
    as_json = {"keys": [each | {"hck_use": "card"} for each in jwks(rows)]}
    octets = cose_key_set(rows)
    assert len(KeySet.from_jwks(as_json)) == len(KeySet.from_cose(octets)) == 1
    text = token.mint_live(LIVE, key, issuer=ISSUER)
    for keys in (KeySet.from_jwks(as_json, BOTH), KeySet.from_cose(octets, BOTH)):
        assert len(keys) == 2
        assert isinstance(token.examine(text, now=NOW, keys=keys, issuer=ISSUER), token.Claims)


def test_a_status_list_is_signed_with_it_too() -> None:
    key = Sm2SigningKey.make(**WINDOW)
    uri, packed = "https://example.test/s/1", bytes(status.UNPACKED)
    text = status.jwt(uri, packed, iat=NOW, key=key)
    assert status.read_jwt(text, keys=KeySet([key]), now=NOW).uri == uri
    with pytest.raises(status.NotAList):
        status.read_jwt(text[:-8] + "AAAAAAAA", keys=KeySet([key]), now=NOW)


@pytest.mark.parametrize("at", [WINDOW["nbf"] - 1, WINDOW["exp"]])
def test_5_4_no_key_signs_outside_its_time(at: int) -> None:
    for key in (Sm2SigningKey.make(**WINDOW), SigningKey.from_secret(7, **WINDOW)):
        with pytest.raises(NotInForce):
            token.mint_live(LIVE._replace(iat=at), key, issuer=ISSUER)
        with pytest.raises(NotInForce):
            status.jwt("https://example.test/s/1", b"", iat=at, key=key)


def test_the_cose_key_is_the_profile_s_and_its_name_is_its_thumbprint() -> None:
    key = standard_key()
    cose = key.cose()
    assert (cose[3], cose[-1], cose[2]) == (SM2, SM2, key.kid)
    item, deterministic = cbor.decode(cbor.encode(cose))
    assert deterministic
    assert item == cose
    assert key.kid != SigningKey.from_secret(7, **WINDOW).kid


def test_it_is_off_unless_somebody_asks() -> None:
    script = "import sys, cards.token, cards.keys, service.app; print('gmssl_pyx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
