"""CBOR as the profile needs it: core deterministic encoding (RFC 8949 4.2.1), and its proof.

Own code, because a verifier must tell "not well-formed" from "not deterministic" in that order,
never allocate what a hostile head declares, and never follow more than eight levels; a general
decoder repairs silently what the profile refuses (card-token.md 1.2, 7.5, 7.6).
"""

import struct
from typing import Any, NamedTuple

LEVELS = 8
CONTAINERS = (4, 5, 6)  # arrays, maps, tags
KEYS = (int, bytes, str)


class NotWellFormed(ValueError):
    """Not exactly one well-formed item (7.5)."""


class Tag(NamedTuple):
    """A tagged item."""

    number: int
    value: Any


class Plain(NamedTuple):
    """A simple value, a float, or a map's key that is a container: nothing the profile uses.

    Kept apart from Python's own bool, None and float, which would equal integers.
    """

    encoded: bytes


def head(major: int, argument: int) -> bytes:
    """The shortest head of a major type."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * size):
            return bytes([major << 5 | info]) + argument.to_bytes(size, "big")
    raise ValueError(argument)


def encode(value: Any) -> bytes:
    """The deterministic encoding of integers, bytes, texts, lists, dicts and tags."""
    match value:
        case bool() | float() | None:
            raise TypeError(value)
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            octets = value.encode()
            return head(3, len(octets)) + octets
        case Tag():
            return head(6, value.number) + encode(value.value)
        case list():
            return head(4, len(value)) + b"".join(map(encode, value))
        case dict():
            pairs = sorted((encode(key), encode(item)) for key, item in value.items())
            return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    raise TypeError(value)


def decode(octets: bytes) -> tuple[Any, bool]:
    """The one item that `octets` are, and whether they are its deterministic encoding.

    Raises NotWellFormed. Maps become dicts, arrays lists, tags `Tag`, anything else `Plain`.
    """
    reader = _Reader(octets)
    value = reader.item(1)
    if reader.at != len(octets):
        raise NotWellFormed
    return value, reader.deterministic


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self.octets, self.at, self.deterministic = octets, 0, True

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.octets):
            raise NotWellFormed
        taken = self.octets[self.at : end]
        self.at = end
        return taken

    def head(self) -> tuple[int, int, int]:
        """Major type, additional information, argument."""
        try:
            first = self.octets[self.at]
        except IndexError:
            raise NotWellFormed from None
        self.at += 1
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info, info
        if info > 27:
            if info == 31 and 2 <= major <= 5:
                return major, info, 0
            raise NotWellFormed
        size = 1 << (info - 24)
        argument = int.from_bytes(self.take(size), "big")
        shortest = 24 if size == 1 else 1 << (4 * size)
        if major != 7 and argument < shortest:
            self.deterministic = False
        return major, info, argument

    def item(self, level: int) -> Any:
        if level > LEVELS + 1:
            raise NotWellFormed
        begin = self.at
        major, info, argument = self.head()
        if major in CONTAINERS and level > LEVELS:
            raise NotWellFormed
        if info == 31:
            self.deterministic = False
            return self.indefinite(major, level)
        match major:
            case 0 | 1:
                return argument if major == 0 else -1 - argument
            case 2 | 3:
                return self.take(argument) if major == 2 else self.text(argument)
            case 4 | 5:
                return self.array(argument, level) if major == 4 else self.map(argument, level)
            case 6:
                return Tag(argument, self.item(level + 1))
        return self.plain(begin, info, argument)

    def text(self, length: int) -> str:
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise NotWellFormed from None

    def array(self, count: int, level: int) -> list[Any]:
        if count > len(self.octets) - self.at:
            raise NotWellFormed
        return [self.item(level + 1) for _ in range(count)]

    def map(self, count: int, level: int) -> dict[Any, Any]:
        if 2 * count > len(self.octets) - self.at:
            raise NotWellFormed
        found: dict[Any, Any] = {}
        before = b""
        for _ in range(count):
            key, encoded = self.key(level)
            if encoded <= before:
                self.deterministic = False  # out of order, or twice
            before = encoded
            found[key] = self.item(level + 1)
        return found

    def key(self, level: int) -> tuple[Any, bytes]:
        begin = self.at
        key = self.item(level + 1)
        encoded = self.octets[begin : self.at]
        return (key if isinstance(key, KEYS) else Plain(encoded)), encoded

    def indefinite(self, major: int, level: int) -> Any:
        """Chunks or members until the break; never deterministic, so only its form matters."""
        while self.octets[self.at : self.at + 1] != b"\xff":
            if major in (2, 3):
                chunk, info, length = self.head()
                if chunk != major or info == 31:
                    raise NotWellFormed
                self.text(length) if major == 3 else self.take(length)
            else:
                self.item(level + 1)
                if major == 5:
                    self.item(level + 1)
        self.at += 1
        return Plain(b"")

    def plain(self, begin: int, info: int, argument: int) -> Plain:
        if info == 24 and argument < 32:
            raise NotWellFormed
        encoded = self.octets[begin : self.at]
        if info > 24 and encoded != _shortest_float(encoded):
            self.deterministic = False
        return Plain(encoded)


_FLOATS = {3: ">e", 5: ">f", 9: ">d"}


def _shortest_float(encoded: bytes) -> bytes:
    (number,) = struct.unpack(_FLOATS[len(encoded)], encoded[1:])
    if number != number:  # NaN has one deterministic encoding
        return b"\xf9\x7e\x00"
    for info, form in ((0xF9, ">e"), (0xFA, ">f")):
        try:
            packed = struct.pack(form, number)
        except OverflowError:
            continue
        if struct.unpack(form, packed)[0] == number:
            return bytes([info]) + packed
    return b"\xfb" + struct.pack(">d", number)
