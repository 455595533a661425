"""What stands where on a card's face, in millimetres: shapes that every writer can draw."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from cards import qr
from cards.face import letters
from cards.face.letters import Command

WIDTH, HEIGHT = 85.60, 53.98
"""CR80 (ISO/IEC 7810 ID-1)."""
BLEED = 3.0
DEEP, GOLD, PAPER, INK, QUIET = "#1c4b82", "#c9973a", "#ffffff", "#1d2733", "#5b6877"
TITLE = "山东惠才卡"
SMALLEST_NAME = (3.0, 2.6, 2.0, 1.5)
"""How small a name may become in one line, two, three and four."""


class Face(NamedTuple):
    """What is printed: no ID number, no unit (guide.md 2.5). `photo` is a JPEG, 3:4.

    `code` is the printed token's URL form or its text; `number` as it is shown (12.2).
    """

    name: str
    number: str
    tier: str
    valid_until: date
    authority: str
    code: str
    photo: bytes | None = None

    @property
    def words(self) -> str:
        """The face in words, for whoever does not see it."""
        until = f"{self.valid_until:%Y-%m-%d}"
        return f"{TITLE},{self.name},卡号 {self.number},有效期至 {until},{self.authority}"


class Path(NamedTuple):
    """A filled outline."""

    commands: Sequence[Command]
    fill: str


class Picture(NamedTuple):
    """A JPEG in its box."""

    x: float
    y: float
    width: float
    height: float
    jpeg: bytes


Shape = Path | Picture


def draw(face: Face, *, bleed: bool = False) -> list[Shape]:
    """The shapes of a face, from back to front; with bleed the ground runs over each edge.

    Raises letters.NotPrintable, letters.FontMissing, ValueError where the code does not fit.
    """
    over = BLEED if bleed else 0.0
    return [*_ground(over), *_photo(face), *_words(face), *_code(face)]


def box(x: float, y: float, width: float, height: float) -> list[Command]:
    """The outline of a rectangle."""
    return [
        ("moveTo", ((x, y),)),
        ("lineTo", ((x + width, y),)),
        ("lineTo", ((x + width, y + height),)),
        ("lineTo", ((x, y + height),)),
        ("closePath", ()),
    ]


def _ground(over: float) -> Iterator[Shape]:
    yield Path(box(-over, -over, WIDTH + 2 * over, HEIGHT + 2 * over), PAPER)
    yield Path(box(-over, -over, WIDTH + 2 * over, 12.0 + over), DEEP)
    yield Path(box(-over, 12.0, WIDTH + 2 * over, 0.7), GOLD)
    yield Path(box(-over, 48.4, WIDTH + 2 * over, HEIGHT - 48.4 + over), "#eef2f7")


def _photo(face: Face) -> Iterator[Shape]:
    yield Path(box(4.0, 16.0, 21.0, 28.0), "#dfe5ec")
    if face.photo is not None:
        yield Picture(4.0, 16.0, 21.0, 28.0, face.photo)


def _words(face: Face) -> Iterator[Shape]:
    yield _line(TITLE, 4.0, 8.3, 5.6, PAPER)
    mark = f"{face.tier} 卡"
    yield _line(mark, WIDTH - 4.0 - letters.width(mark, 4.2), 8.0, 4.2, "#f4d9a0")
    names = letters.fitted(face.name, 5.4, 25.5, SMALLEST_NAME)
    y = 16.0
    for text, size in names:
        y += size * 1.08
        yield _line(text, 27.5, y - size * 0.12, size, INK)
    for label, text, at in (
        ("卡号", face.number, 29.6),
        ("有效期至", f"{face.valid_until:%Y-%m-%d}", 38.2),
    ):
        yield _line(label, 27.5, at, 2.3, QUIET)
        yield _line(text, 27.5, at + 4.2, 3.2, INK)
    for text, size in letters.fitted(face.authority, 2.5, WIDTH - 8.0, (1.2,)):
        yield _line(text, 4.0, 52.0, size, QUIET)


def _line(text: str, x: float, y: float, size: float, fill: str) -> Path:
    return Path(letters.line(text, x, y, size).commands, fill)


def _code(face: Face) -> Iterator[Shape]:
    """The code with its quiet zone, 29 mm: 0.42 mm a module, which any phone reads."""
    rows = qr.modules(face.code, version=qr.PRINTED_VERSION)
    side, left, top = 29.0, WIDTH - 32.0, 15.6
    unit = side / len(rows)
    commands: list[Command] = []
    for y, row in enumerate(rows):
        for x, run in _runs(row):
            commands += box(left + x * unit, top + y * unit, run * unit, unit)
    yield Path(box(left, top, side, side), PAPER)
    yield Path(commands, "#000000")


def _runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The dark stretches of a row: where each begins and how long it is."""
    start = None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None
