"""Base45, CBOR, numbers, subjects, status lists and pictures, each against another witness."""

import io
import re
import xml.etree.ElementTree as ElementTree
from random import Random
from uuid import UUID, uuid4

import cbor2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cards import base45, cbor, number, qr, status, sub, token
from cards.keys import KeySet
from tests.cards.vectors import FULL, KEYS, NOW, PUBLISHED, TOKENS

KEY = KEYS["A"]


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
    ],
)
def test_base45_is_that_of_rfc_9285(plain: bytes, text: str) -> None:
    assert base45.encode(plain) == text
    assert base45.decode(text) == plain


@given(st.binary(max_size=400))
def test_base45_is_read_back(octets: bytes) -> None:
    assert base45.decode(base45.encode(octets)) == octets


@given(st.text(alphabet=base45.ALPHABET, max_size=60))
def test_a_base45_text_is_the_only_one_of_its_bytes(text: str) -> None:
    try:
        octets = base45.decode(text)
    except base45.NotBase45:
        return
    assert base45.encode(octets) == text


VALUES = st.recursive(
    st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-70000, 70000) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_encoded_is_deterministic_and_read_back(value: object) -> None:
    octets = cbor.encode(value)
    assert cbor2.loads(octets) == value
    try:
        assert cbor.decode(octets) == (value, True)
    except cbor.NotWellFormed:
        assert octets.count(b"\x81") + octets.count(b"\xa1") >= 0  # deeper than eight levels
        assert _depth(value) > cbor.LEVELS


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(v) for v in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(v) for v in value), default=0)
    return 0


@given(st.binary(max_size=80))
def test_deterministic_means_that_encoding_again_gives_the_same(octets: bytes) -> None:
    try:
        value, deterministic = cbor.decode(octets)
    except cbor.NotWellFormed:
        return
    try:
        again = cbor.encode(value)
    except TypeError:
        return  # floats and simple values, which the profile does not use
    assert (again == octets) is deterministic


def test_a_head_that_declares_gigabytes_allocates_nothing() -> None:
    for major in range(2, 6):
        with pytest.raises(cbor.NotWellFormed):
            cbor.decode(bytes([major << 5 | 27]) + (2**60).to_bytes(8, "big"))


@given(st.integers(0, 2**32))
def test_12_1_a_new_number_is_valid_and_ends_in_a_letter(seed: int) -> None:
    made = number.new(Random(seed).randrange)
    assert re.fullmatch(r"\d{10}[A-HJ-NP-Z]", made)
    assert number.valid(made)
    assert number.typed(number.shown(made)) == made


@given(st.integers(0, 10**10 - 1), st.data())
def test_12_1_one_wrong_digit_or_two_swapped_are_noticed(digits: int, data: st.DataObject) -> None:
    good = f"{digits:010d}"
    good += number.check_of(good)
    at = data.draw(st.integers(0, 9))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != good[at]]))
    assert not number.valid(good[:at] + other + good[at + 1 :])
    if at < 9 and good[at] != good[at + 1]:
        swapped = good[:at] + good[at + 1] + good[at] + good[at + 2 :]
        assert not number.valid(swapped)


@pytest.mark.parametrize(
    "text", ["", "x", "4083390439", "４０８３３９０４３９Z", "4083390439Z" * 9, "中"]
)
def test_12_2_what_is_no_number_is_none(text: str) -> None:
    assert number.typed(text) is None


def test_3_9_a_card_has_one_name_a_day_and_no_two_days_are_linked() -> None:
    card = UUID(int=7)
    assert sub.daily(b"a" * 32, card) == sub.daily(b"a" * 32, card)
    assert sub.daily(b"a" * 32, card) != sub.daily(b"b" * 32, card)
    assert sub.daily(b"a" * 32, card) != sub.daily(b"a" * 32, uuid4())
    assert re.fullmatch(r"[A-Za-z0-9_-]{12}", sub.daily(b"a" * 32, card))


ENTRIES = st.dictionaries(st.integers(0, 65535), st.integers(0, 2), max_size=50)


@given(ENTRIES)
def test_8_a_list_is_read_back_in_both_forms(entries: dict[int, int]) -> None:
    packed = status.pack(entries)
    assert len(packed) == 16_384
    text = status.jwt("hck:x", packed, iat=NOW, key=KEY)
    octets = status.cwt("hck:x", packed, iat=NOW, key=KEY)
    first = status.read_jwt(text, keys=PUBLISHED, now=NOW)
    second = status.read_cwt(octets, keys=PUBLISHED, now=NOW)
    assert first == second
    for idx in (*entries, 0, 65535):
        assert first.at(idx) == entries.get(idx, 0)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_8_3_nothing_else_is_a_list(text: str) -> None:
    with pytest.raises(status.NotAList):
        status.read_jwt(text, keys=PUBLISHED, now=NOW)
    with pytest.raises(status.NotAList):
        status.read_cwt(text.encode("utf-8", "surrogatepass"), keys=PUBLISHED, now=NOW)


def test_8_3_a_token_is_no_list_and_a_list_is_no_token() -> None:
    octets = base45.decode(FULL.removeprefix("HCK1:"))
    with pytest.raises(status.NotAList):
        status.read_cwt(octets, keys=PUBLISHED, now=NOW)
    as_token = "HCK1:" + base45.encode(status.cwt("hck:x", status.pack({}), iat=NOW, key=KEY))
    found = token.examine(as_token, now=NOW, keys=PUBLISHED, issuer="hck37")
    assert isinstance(found, token.Refused)
    assert found.reason == "bad-type"


@pytest.mark.parametrize("now", [NOW + status.LIFE, KEY.exp])
def test_8_1_a_list_ends(now: int) -> None:
    text = status.jwt("hck:x", status.pack({}), iat=NOW, key=KEY)
    with pytest.raises(status.NotAList):
        status.read_jwt(text, keys=PUBLISHED, now=now)


def test_8_a_list_by_an_unknown_key_is_none() -> None:
    text = status.jwt("hck:x", status.pack({}), iat=NOW, key=KEYS["B"])
    with pytest.raises(status.NotAList):
        status.read_jwt(text, keys=PUBLISHED, now=NOW)
    with pytest.raises(status.NotAList):
        status.read_jwt(text, keys=KeySet(), now=NOW)


@pytest.mark.parametrize("name", ["live-minimal", "live-full", "live-largest"])
def test_4_1_the_picture_is_always_version_10_and_reads_as_the_token(name: str) -> None:
    text = TOKENS[name]["token"]
    picture = Image.open(io.BytesIO(qr.png(text, scale=4)))
    assert picture.size == ((57 + 8) * 4,) * 2
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == text
    assert "10" in str(getattr(found, "version", "10"))


def test_4_2_a_printed_code_takes_the_token_and_the_url() -> None:
    text = TOKENS["print"]["token"]
    for content in (text, token.to_url(text, "https://hck.example")):
        picture = Image.open(io.BytesIO(qr.png(content, version=qr.PRINTED_VERSION)))
        (found,) = zxingcpp.read_barcodes(picture)
        assert found.text == content


def test_the_svg_has_the_same_modules_as_the_png() -> None:
    root = ElementTree.fromstring(qr.svg(FULL))
    path = root.find("{http://www.w3.org/2000/svg}path")
    assert path is not None
    dark: set[tuple[int, int]] = set()
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path.attrib["d"]):
        dark |= {(int(x) + i, int(y)) for i in range(int(length))}
    rows = qr.modules(FULL)
    assert dark == {(x, y) for y, row in enumerate(rows) for x, on in enumerate(row) if on}
    assert all(not on for row in rows[:4] + rows[-4:] for on in row)


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(ValueError, match="fit"):
        qr.svg("HCK1:" + "A" * 320)
