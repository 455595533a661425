"""Every published vector holds, byte for byte (card-token.md 14)."""

from datetime import date
from typing import Any

import pytest

from cards import base45, cbor, keys, number, status, token
from cards.token import Claims, Standing
from tests.cards.vectors import ISSUER, KEYS, NOW, PUBLISHED, TOKENS, VECTORS

HELD = status.read_jwt(VECTORS["status_list"]["jwt"], keys=PUBLISHED, now=NOW)


def entry_of(claims: Claims) -> int | None:
    if claims.uri == HELD.uri and claims.idx is not None:
        return HELD.at(claims.idx)
    return 0 if claims.uri == "hck:zzzzzz" else None  # as the vectors' note says


def verdict(vector: dict[str, Any]) -> str | None:
    found = token.examine(vector["token"], now=vector["now"], keys=PUBLISHED, issuer=ISSUER)
    if not isinstance(found, Claims):
        return found.reason
    refused = token.stand(
        found,
        status=entry_of(found),
        redeemed=False,
        card=Standing(date(2027, 1, 1), found.cti),
        today=date(2026, 3, 2),
    )
    return refused.reason if refused else None


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_judged_as_published(name: str) -> None:
    assert verdict(TOKENS[name]) == TOKENS[name]["reason"]


@pytest.mark.parametrize("name", [n for n, t in TOKENS.items() if t["rule"].startswith("7.")])
def test_a_refusal_names_its_rule(name: str) -> None:
    assert token.RULES[TOKENS[name]["reason"]] == TOKENS[name]["rule"]


@pytest.mark.parametrize("name", ["live-minimal", "live-full", "live-largest"])
def test_the_same_claims_and_key_give_the_same_text(name: str) -> None:
    c = token.examine(TOKENS[name]["token"], now=NOW, keys=PUBLISHED, issuer=ISSUER)
    assert isinstance(c, Claims)
    assert c.uri is not None
    assert c.idx is not None
    live = token.Live(c.sub, c.iat, c.cti, c.uri, c.idx, c.tier, c.name)
    minted = token.mint_live(live, KEYS["A"], issuer=ISSUER)
    assert minted == TOKENS[name]["token"]
    assert len(minted) == TOKENS[name]["characters"] <= 311


def test_a_printed_token_is_made_as_published() -> None:
    c = token.examine(TOKENS["print"]["token"], now=NOW, keys=PUBLISHED, issuer=ISSUER)
    assert isinstance(c, Claims)
    printed = token.Printed(c.sub, c.iat, c.exp, c.cti)
    assert token.mint_printed(printed, KEYS["A"], issuer=ISSUER) == TOKENS["print"]["token"]


@pytest.mark.parametrize("entry", VECTORS["keys"], ids=lambda entry: entry["name"])
def test_a_key_s_name_and_both_its_forms_are_as_published(entry: dict[str, Any]) -> None:
    key = KEYS[entry["name"]]
    assert keys.thumbprint_input(key.x, key.y).hex() == entry["thumbprint_input_hex"]
    assert key.kid.hex() == entry["kid_hex"]
    assert key.jwk() == entry["jwk"]
    assert cbor.encode(key.cose()).hex() == entry["cose_key_hex"]


def test_the_key_set_is_as_published() -> None:
    assert keys.cose_key_set(PUBLISHED).hex() == VECTORS["cose_key_set_hex"]


def test_the_status_list_is_as_published_in_both_forms() -> None:
    published = VECTORS["status_list"]
    other = status.read_cwt(bytes.fromhex(published["cwt_hex"]), keys=PUBLISHED, now=NOW)
    assert other == HELD
    for idx, entry in published["entries"].items():
        assert HELD.at(int(idx)) == entry
    packed = status.pack({int(i): s for i, s in published["entries"].items()})
    iat, key = HELD.iat, KEYS["A"]
    assert status.jwt("hck:s1", packed, iat=iat, key=key) == published["jwt"]
    assert status.cwt("hck:s1", packed, iat=iat, key=key).hex() == published["cwt_hex"]


def test_the_url_form_is_as_published() -> None:
    form = VECTORS["url_form"]
    text = TOKENS[form["same_as"]]["token"]
    assert token.to_url(text, form["origin"]) == form["url"]
    assert token.from_url(form["url"]) == text


@pytest.mark.parametrize("entry", VECTORS["card_numbers"], ids=lambda entry: entry["number"])
def test_a_number_is_judged_as_published(entry: dict[str, Any]) -> None:
    assert number.valid(entry["number"]) is entry["valid"]
    if entry["valid"]:
        assert number.shown(entry["number"]) == entry["shown"]
        assert number.typed(entry["shown"].lower()) == entry["number"]


@pytest.mark.parametrize("name", TOKENS)
def test_the_bytes_are_those_of_the_text(name: str) -> None:
    vector = TOKENS[name]
    if vector["reason"] in (None, "bad-signature", "unknown-key"):
        octets = base45.decode(vector["token"].removeprefix("HCK1:"))
        assert octets.hex() == vector["cose_hex"]
        assert len(octets) == vector["bytes"]
