"""Base45 (RFC 9285), strict: one text for one row of bytes, nothing trimmed, folded or repaired.

Own code, because the libraries raise raw errors of several kinds and some accept lower case; the
profile gives each flaw its own reason (card-token.md 7.2, 7.4).
"""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CHARACTERS = frozenset(ALPHABET)
_VALUE = {character: value for value, character in enumerate(ALPHABET)}


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
    values = [_VALUE[character] for character in text]
    out = bytearray()
    whole = len(values) - len(values) % 3
    for at in range(0, whole, 3):
        number = values[at] + 45 * values[at + 1] + 2025 * values[at + 2]
        if number > 0xFFFF:
            raise NotBase45
        out += number.to_bytes(2, "big")
    if whole < len(values):
        number = values[whole] + 45 * values[whole + 1]
        if number > 0xFF:
            raise NotBase45
        out.append(number)
    return bytes(out)
