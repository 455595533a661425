"""Base45 (RFC 9285), strict: one text for one row of bytes, nothing trimmed, folded or repaired.

Own code, because the libraries raise raw errors of several kinds and some accept lower case; the
profile gives each flaw its own reason (card-token.md 7.2, 7.4).
"""

import struct

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CHARACTERS = frozenset(ALPHABET)
_VALUES = bytes.maketrans(ALPHABET.encode(), bytes(range(len(ALPHABET))))


class NotBase45(ValueError):
    """A lone last character, or a group over its range."""


def encode(octets: bytes) -> str:
    """Two bytes become three characters, a last single byte two."""
    out = []
    for at in range(0, len(octets) - 1, 2):
        rest, first = divmod(octets[at] << 8 | octets[at + 1], 45)
        third, second = divmod(rest, 45)
        out += [ALPHABET[first], ALPHABET[second], ALPHABET[third]]
    if len(octets) % 2:
        second, first = divmod(octets[-1], 45)
        out += [ALPHABET[first], ALPHABET[second]]
    return "".join(out)


def decode(text: str) -> bytes:
    """The bytes of a text whose characters are all of the alphabet; raises NotBase45."""
    if len(text) % 3 == 1:
        raise NotBase45
    values = text.encode("ascii").translate(_VALUES)
    whole = len(values) - len(values) % 3
    first, second, third = (values[at:whole:3] for at in range(3))
    numbers = [a + 45 * b + 2025 * c for a, b, c in zip(first, second, third, strict=True)]
    last = [a + 45 * b for a, b in [values[whole:]]] if whole < len(values) else []
    try:
        return struct.pack(f">{len(numbers)}H", *numbers) + bytes(last)
    except (struct.error, ValueError):  # a group over its range
        raise NotBase45 from None
