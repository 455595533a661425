"""The verifier's steps one by one, and whatever a counter may be shown (card-token.md 7)."""

import tracemalloc
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cards import base45, cbor, offline, token
from cards.keys import KeySet
from cards.token import Claims, Live, Refused, Standing
from tests.cards.vectors import FULL, ISSUER, KEYS, NOW, PUBLISHED, TOKENS

KEY = KEYS["A"]
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
TODAY = date(2026, 3, 2)
GOOD: dict[int, Any] = {
    1: ISSUER,
    2: "IK340l7lhi88",
    3: "desk",
    4: NOW + 50,
    6: NOW - 10,
    7: bytes(range(16)),
    65535: {"status_list": {"idx": 4242, "uri": "hck:s1"}},
    -65537: {1: 2, 2: "张*"},
}


def text_of(item: Any) -> str:
    return "HCK1:" + base45.encode(item if isinstance(item, bytes) else cbor.encode(item))


def signed(claims: Any, *, header: Any = None, typ: str = "hck-l") -> str:
    """A token over any claims and header, well signed by key A."""
    header = {1: -7, 4: KEY.kid, 16: typ} if header is None else header
    protected = header if isinstance(header, bytes) else cbor.encode(header)
    payload = claims if isinstance(claims, bytes) else cbor.encode(claims)
    signature = KEY.sign(token.signed_bytes(protected, payload))
    return text_of(cbor.Tag(18, [protected, {}, payload, signature]))


def examined(text: str, *, now: int = NOW, live_only: bool = False) -> Claims | Refused:
    return token.examine(text, now=now, keys=PUBLISHED, issuer=ISSUER, live_only=live_only)


def reason(text: str, **rest: Any) -> str | None:
    found = examined(text, **rest)
    return found.reason if isinstance(found, Refused) else None


def without(key: int) -> dict[int, Any]:
    return {k: v for k, v in GOOD.items() if k != key}


def test_a_good_token_gives_its_claims() -> None:
    found = examined(signed(GOOD))
    assert isinstance(found, Claims)
    assert (found.typ, found.idx, found.uri) == ("L", 4242, "hck:s1")
    assert (found.tier, found.name) == (2, "张*")


def test_the_private_claim_may_be_left_out() -> None:
    assert reason(signed(without(-65537))) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "bad-prefix"),
        ("A" * 901, "too-long"),
        ("中" * 901, "too-long"),
        (FULL.lower(), "bad-characters"),
        (FULL + "\n", "bad-characters"),
        ("\ud800", "bad-characters"),
        ("\x00", "bad-characters"),
        (" " + FULL, "bad-prefix"),
        ("HCK1", "bad-prefix"),
        ("HCK1:", "bad-cbor"),
        ("HCK1:A", "bad-base45"),
        ("HCK1::::", "bad-base45"),
        ("HCK1:" + "::", "bad-base45"),
    ],
)
def test_a_text_that_is_no_token_has_its_reason(text: str, expected: str) -> None:
    assert reason(text) == expected


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"\xff", "bad-cbor"),
        (b"\x00\x00", "bad-cbor"),
        (b"\x81" * 9 + b"\x00", "bad-cbor"),
        (b"\x81" * 8 + b"\x00", "bad-structure"),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "bad-cbor"),
        (b"\x5b\x00\x00\x00\x7f\xff\xff\xff\xff", "bad-cbor"),
        (b"\xbb\x00\x00\x00\x00\xff\xff\xff\xff", "bad-cbor"),
        (b"\x1c", "bad-cbor"),
        (b"\xf8\x10", "bad-cbor"),
        (b"\x18\x10", "not-canonical"),
        (b"\x9f\xff", "not-canonical"),
        (b"\x5f\x41\x00\xff", "not-canonical"),
        (b"\x5f\x61\x41\xff", "bad-cbor"),
        (b"\xfb\x00\x00\x00\x00\x00\x00\x00\x00", "not-canonical"),
        (b"\xf9\x00\x00", "bad-structure"),
        (b"\xa2\x02\x00\x01\x00", "not-canonical"),
        (b"\xa2\x01\x00\x01\x00", "not-canonical"),
        (b"\xd2\x80", "bad-structure"),
        (b"\xf6", "bad-structure"),
    ],
)
def test_bytes_that_are_no_message_have_their_reason(octets: bytes, expected: str) -> None:
    assert reason(text_of(octets)) == expected


PROTECTED = cbor.encode({1: -7, 4: KEY.kid, 16: "hck-l"})


@pytest.mark.parametrize(
    "item",
    [
        cbor.Tag(17, [PROTECTED, {}, b"", b""]),
        cbor.Tag(18, [PROTECTED, {}, b""]),
        cbor.Tag(18, [PROTECTED, {}, b"", b"", b""]),
        cbor.Tag(18, ["x", {}, b"", b""]),
        cbor.Tag(18, [PROTECTED, [], b"", b""]),
        cbor.Tag(18, [PROTECTED, {}, "x", b""]),
        cbor.Tag(61, cbor.Tag(18, [PROTECTED, {}, b"", b""])),
    ],
)
def test_7_7_the_message_has_one_structure(item: Any) -> None:
    assert reason(text_of(item)) == "bad-structure"


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xa0",
        b"\xff",
        {1: -7, 4: KEY.kid},
        {1: -7, 4: KEY.kid, 16: "hck-l", 17: 0},
        {1: "ES256", 4: KEY.kid, 16: "hck-l"},
        {1: -7, 4: KEY.kid[:7], 16: "hck-l"},
        {1: -7, 4: KEY.kid, 16: b"hck-l"},
        [1, -7],
        PROTECTED[:2] + b"\x38\x06" + PROTECTED[3:],  # alg in two bytes
    ],
)
def test_7_8_whatever_is_wrong_inside_the_header_is_bad_header(header: Any) -> None:
    assert reason(signed(GOOD, header=header)) == "bad-header"


def test_7_8_comes_before_the_key_and_the_signature() -> None:
    unprotected = cbor.Tag(18, [PROTECTED, {4: KEY.kid}, b"", b""])
    assert reason(text_of(unprotected)) == "bad-header"


def test_7_10_the_key_decides_the_algorithm() -> None:
    header = {1: -8, 4: KEY.kid, 16: "hck-l"}
    assert reason(signed(GOOD, header=header)) == "bad-algorithm"


@pytest.mark.parametrize(("now", "expected"), [(-1, "key-not-valid"), (0, "not-yet-valid")])
def test_7_11_a_key_is_good_from_its_first_second(now: int, expected: str) -> None:
    assert reason(signed(GOOD), now=KEY.nbf + now) == expected


@pytest.mark.parametrize(("now", "expected"), [(-1, "expired"), (0, "key-not-valid")])
def test_7_11_a_key_is_good_until_before_its_end(now: int, expected: str) -> None:
    assert reason(signed(GOOD), now=KEY.exp + now) == expected


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_7_12_a_signature_has_64_bytes(length: int) -> None:
    payload = cbor.encode(GOOD)
    item = cbor.Tag(18, [PROTECTED, {}, payload, bytes(length)])
    assert reason(text_of(item)) == "bad-signature"


@pytest.mark.parametrize("value", [0, ORDER, 2**256 - 1])
def test_7_12_numbers_out_of_range_do_not_verify(value: int) -> None:
    payload = cbor.encode(GOOD)
    whole = KEY.sign(token.signed_bytes(PROTECTED, payload))
    for forged in (value.to_bytes(32, "big") + whole[32:], whole[:32] + value.to_bytes(32, "big")):
        item = cbor.Tag(18, [PROTECTED, {}, payload, forged])
        assert reason(text_of(item)) == "bad-signature"


def test_7_12_the_payload_is_not_parsed_before_the_signature() -> None:
    item = cbor.Tag(18, [PROTECTED, {}, b"\xff" * 20, bytes(64)])
    assert reason(text_of(item)) == "bad-signature"


def test_2_5_the_other_s_is_the_same_token() -> None:
    octets = base45.decode(FULL.removeprefix("HCK1:"))
    s = int.from_bytes(octets[-32:], "big")
    other = text_of(octets[:-32] + (ORDER - s).to_bytes(32, "big"))
    first, second = examined(FULL), examined(other)
    assert isinstance(first, Claims)
    assert first == second
    assert other != FULL


def test_7_13_k_is_never_accepted() -> None:
    assert reason(signed(GOOD, typ="hck-k")) == "bad-type"
    assert reason(signed(GOOD, typ="application/statuslist+cwt")) == "bad-type"


def test_7_13_a_printed_token_is_refused_where_a_live_one_is_needed() -> None:
    printed = TOKENS["print"]["token"]
    assert reason(printed) is None
    assert reason(printed, live_only=True) == "type-not-accepted"


LIST = "status_list"


@pytest.mark.parametrize(
    "claims",
    [
        *(without(key) for key in GOOD if key != -65537),
        {**GOOD, 5: 0},
        {**GOOD, 1: 37},
        {**GOOD, 1: "hck370"},
        {**GOOD, 2: "IK340l7lhi8"},
        {**GOOD, 2: "IK340l7lhi8+"},
        {**GOOD, 2: b"IK340l7lhi88"},
        {**GOOD, 3: ["desk"]},
        {**GOOD, 4: cbor.Tag(1, NOW + 50)},
        {**GOOD, 4: -5},
        {**GOOD, 6: "now"},
        {**GOOD, 7: bytes(15)},
        {**GOOD, 7: "x" * 16},
        {**GOOD, 65535: {}},
        {**GOOD, 65535: {LIST: {"idx": 65536, "uri": "hck:s1"}}},
        {**GOOD, 65535: {LIST: {"idx": -1, "uri": "hck:s1"}}},
        {**GOOD, 65535: {LIST: {"idx": 1, "uri": "https://evil.example/list"}}},
        {**GOOD, 65535: {LIST: {"idx": 1, "uri": "hck:TOOBIG7"}}},
        {**GOOD, 65535: {LIST: {"idx": 1, "uri": "hck:s1", "more": 1}}},
        {**GOOD, 65535: {LIST: {"idx": 1, "uri": "hck:s1"}, "more": 1}},
        {**GOOD, -65537: {1: 0, 2: "张*"}},
        {**GOOD, -65537: {1: 24, 2: "张*"}},
        {**GOOD, -65537: {1: 2, 2: "张三"}},
        {**GOOD, -65537: {1: 2, 2: "张三*"}},
        {**GOOD, -65537: {1: 2}},
        {**GOOD, -65537: {1: 2, 2: "张*", 3: 0}},
        [],
        b"",
        b"\xbf\xff",
    ],
)
def test_7_14_whatever_is_wrong_inside_the_payload_is_bad_claims(claims: Any) -> None:
    assert reason(signed(claims)) == "bad-claims"


def test_3_a_printed_token_has_no_status_and_no_card() -> None:
    printed = {k: GOOD[k] for k in (1, 2, 3, 4, 6, 7)}
    assert reason(signed(printed, typ="hck-p")) is None
    assert reason(signed(GOOD, typ="hck-p")) == "bad-claims"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({1: "hck99"}, "wrong-issuer"),
        ({3: "gate"}, "wrong-audience"),
        ({4: NOW - 10}, "bad-lifetime"),
        ({4: NOW - 11}, "bad-lifetime"),
        ({4: NOW + 111}, "bad-lifetime"),
        ({4: NOW + 110}, None),
        ({6: NOW + 10, 4: NOW + 60}, None),
        ({6: NOW + 11, 4: NOW + 60}, "not-yet-valid"),
        ({4: NOW}, "expired"),
        ({4: NOW + 1}, None),
        ({1: "hck99", 3: "gate", 4: NOW + 999}, "wrong-issuer"),
        ({3: "gate", 4: NOW + 999}, "wrong-audience"),
    ],
)
def test_7_15_to_7_19_in_their_order(change: dict[int, Any], expected: str | None) -> None:
    assert reason(signed({**GOOD, **change})) == expected


def claims_of(text: str = FULL) -> Claims:
    found = examined(text)
    assert isinstance(found, Claims)
    return found


CARD = Standing(valid_until=TODAY)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, None),
        ({"status": None}, "status-unknown"),
        ({"status": 1}, "card-revoked"),
        ({"status": 2}, "card-suspended"),
        ({"status": 3}, "card-revoked"),
        ({"redeemed": True}, "token-replayed"),
        ({"card": None}, "card-unknown"),
        ({"card": Standing(date(2026, 3, 1))}, "card-expired"),
        ({"status": 2, "redeemed": True, "card": None}, "card-suspended"),
        ({"redeemed": True, "card": None}, "token-replayed"),
    ],
)
def test_7_20_to_7_22_in_their_order(known: dict[str, Any], expected: str | None) -> None:
    asked: dict[str, Any] = {"status": 0, "redeemed": False, "card": CARD, **known}
    refused = token.stand(claims_of(), today=TODAY, **asked)
    assert (refused.reason if refused else None) == expected


def test_7_22_a_printing_before_the_latest_is_withdrawn() -> None:
    claims = claims_of(TOKENS["print"]["token"])
    asked: dict[str, Any] = {"status": None, "redeemed": False, "today": TODAY}
    latest = token.stand(claims, card=Standing(TODAY, claims.cti), **asked)
    assert latest is None
    older = token.stand(claims, card=Standing(TODAY, bytes(16)), **asked)
    assert older is not None
    assert older.reason == "print-withdrawn"


def test_13_2_offline_the_own_journal_and_fresh_lists_decide() -> None:
    def verdict(**known: Any) -> str | None:
        found = offline.verify_offline(
            known.pop("text", FULL), now=NOW, keys=PUBLISHED, issuer=ISSUER,
            status_of=known.get("status_of", lambda uri, idx: 0),
            seen=known.get("seen", lambda iss, cti: False),
        )  # fmt: skip
        return found.reason if isinstance(found, Refused) else None

    assert verdict() is None
    assert verdict(status_of=lambda uri, idx: None) == "status-unknown"
    assert verdict(seen=lambda iss, cti: True) == "token-replayed"
    assert verdict(text=TOKENS["print"]["token"]) == "type-not-accepted"


def test_every_reason_has_a_message_and_a_rule() -> None:
    assert set(token.RULES) == set(token.MESSAGES) - {"number-not-usable"}


def test_without_keys_nothing_is_known() -> None:
    found = token.examine(FULL, now=NOW, keys=KeySet(), issuer=ISSUER)
    assert isinstance(found, Refused)
    assert found.reason == "unknown-key"


@given(st.text(max_size=1000))
def test_no_text_makes_the_verifier_raise(text: str) -> None:
    assert isinstance(examined(text), Refused)


@given(st.text(alphabet=base45.ALPHABET, max_size=895))
def test_no_text_of_its_own_alphabet_does_either(text: str) -> None:
    assert isinstance(examined("HCK1:" + text), Refused)


@given(st.binary(max_size=590))
def test_no_bytes_do_either(octets: bytes) -> None:
    assert isinstance(examined(text_of(octets)), Refused)


@settings(max_examples=300)
@given(st.data())
def test_a_changed_byte_never_passes(data: st.DataObject) -> None:
    octets = bytearray(base45.decode(FULL.removeprefix("HCK1:")))
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    assert isinstance(examined(text_of(bytes(octets))), Refused)


@settings(max_examples=200)
@given(st.data())
def test_a_changed_character_never_passes(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(FULL) - 1))
    put = data.draw(st.sampled_from(base45.ALPHABET).filter(lambda c: c != FULL[at]))
    assert isinstance(examined(FULL[:at] + put + FULL[at + 1 :]), Refused)


NAMES = st.characters(exclude_categories=["Cs"]).map(lambda c: f"{c}*")


@given(
    cti=st.binary(min_size=16, max_size=16),
    idx=st.integers(0, 65535),
    uri=st.from_regex(r"hck:[0-9a-z]{1,6}", fullmatch=True),
    tier=st.integers(1, 23),
    name=NAMES,
)
def test_what_is_made_is_read_back(cti: bytes, idx: int, uri: str, tier: int, name: str) -> None:
    live = Live("IK340l7lhi88", NOW, cti, uri, idx, tier, name)
    text = token.mint_live(live, KEY, issuer=ISSUER)
    found = examined(text)
    assert isinstance(found, Claims)
    assert (found.cti, found.idx, found.uri, found.tier, found.name) == (cti, idx, uri, tier, name)
    assert found.exp == NOW + 60
    assert len(text) <= 311


@pytest.mark.parametrize(
    "url", ["", "https://x/c#", "https://x/c#%%%", "ftp://x/c#AAAA", "x" * 901, "https://x/d#AA"]
)
def test_4_3_a_url_that_is_none_gives_no_token(url: str) -> None:
    found = token.from_url(url)
    assert found is None or reason(found) is not None


@pytest.mark.parametrize(
    "text",
    [
        "HCK1:" + "0" * 10_000_000,
        "A" * 10_000_000,
        "中" * 1_000_000,
        "HCK1:" + base45.encode(b"\xd2\x84" + b"\x9b" + b"\xff" * 8),  # an array of 2^64 items
        "HCK1:" + base45.encode(b"\xd2\x84" + b"\x5b" + b"\x7f" * 8),  # a string of 2^63 bytes
        "HCK1:" + base45.encode(b"\x81" * 500),  # five hundred levels
    ],
)
def test_what_claims_to_be_enormous_takes_no_memory(text: str) -> None:
    tracemalloc.start()
    try:
        refused = token.examine(text, now=NOW, keys=PUBLISHED, issuer=ISSUER)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(refused, token.Refused)
    assert most < 200_000
