"""Personal data at rest: sealed, bound to its column, found by a blind index."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import sealing
from service.settings import Settings, SettingsError

DOCUMENT = sealing.new_ring_document()
RING = sealing.ring_of(DOCUMENT)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again(plain: bytes) -> None:
    assert RING.open(RING.seal(plain, "people.name"), "people.name") == plain


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert RING.seal(b"x", "people.name") != RING.seal(b"x", "people.name")


def test_a_value_copied_to_another_column_does_not_open() -> None:
    sealed = RING.seal("张三".encode(), "people.name")
    with pytest.raises(sealing.CannotOpen):
        RING.open(sealed, "people.address")


@given(st.data())
def test_a_damaged_value_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(RING.seal(b"some text", "people.name"))
    place = data.draw(st.integers(3, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(sealing.CannotOpen):
        RING.open(bytes(sealed), "people.name")


def test_the_key_s_id_stands_in_the_value_and_an_old_key_still_opens() -> None:
    newer = sealing.with_new_key(DOCUMENT)
    rotated = sealing.ring_of(newer)
    old = RING.seal(b"text", "people.name")
    assert sealing.Keyring.key_of(old) == "1"
    assert rotated.open(old, "people.name") == b"text"
    assert sealing.Keyring.key_of(rotated.seal(b"text", "people.name")) == "2"


def test_equal_texts_have_equal_blind_indices_in_one_column_only() -> None:
    assert RING.blind("370102", "people.id_blind") == RING.blind("370102", "people.id_blind")
    assert RING.blind("370102", "people.id_blind") != RING.blind("370102", "people.phone_blind")
    assert RING.blind("370102", "people.id_blind") != RING.blind("370103", "people.id_blind")


def test_rotation_does_not_change_the_blind_index() -> None:
    rotated = sealing.ring_of(sealing.with_new_key(DOCUMENT))
    assert rotated.blind("x", "people.id_blind") == RING.blind("x", "people.id_blind")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"current": "1", "keys": {}, "index": DOCUMENT["index"]},
        {**DOCUMENT, "keys": {"1": "c2hvcnQ="}},
        {**DOCUMENT, "current": "7"},
        [],
    ],
)
def test_a_ring_that_is_not_whole_is_told_in_one_sentence(document: object) -> None:
    with pytest.raises(SettingsError, match="密钥环"):
        sealing.ring_of(document)  # type: ignore[arg-type]


def settings(data: Path, *, local: bool) -> Settings:
    return Settings(database_url="postgresql://", database_owner_url="", data=data, local=local)


def test_the_local_set_up_makes_its_own_ring_for_its_owner_only(tmp_path: Path) -> None:
    first = sealing.load_ring(settings(tmp_path, local=True))
    assert (tmp_path / "keyring.json").stat().st_mode & 0o777 == 0o600
    again = sealing.load_ring(settings(tmp_path, local=True))
    assert again.open(first.seal(b"kept", "a.b"), "a.b") == b"kept"


def test_elsewhere_a_missing_ring_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HCK_KEYRING"):
        sealing.load_ring(settings(tmp_path, local=False))
    assert not list(tmp_path.iterdir())


def test_a_ring_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    sealing.write_ring(path, DOCUMENT)
    sealing.write_ring(path, sealing.with_new_key(DOCUMENT))
    assert json.loads(path.read_text())["current"] == "2"
    assert list(tmp_path.iterdir()) == [path]
