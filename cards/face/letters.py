"""Chinese letters as outlines, from the font of a package: a face looks the same everywhere.

The font is read once a process; a glyph's outline is kept.
"""

import functools
from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

from fontTools.pens.recordingPen import RecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

PACKAGE, FILE, SIMPLIFIED = "noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc", 2

Command = tuple[str, tuple[Any, ...]]
"""A pen's call: moveTo, lineTo, curveTo, closePath, with its points in millimetres."""


class FontMissing(Exception):
    """The font's package is not installed: nothing is drawn rather than boxes."""


class NotPrintable(ValueError):
    """The font has no glyph for a character; `character` says which."""

    def __init__(self, character: str) -> None:
        super().__init__("no glyph")
        self.character = character


class Line(NamedTuple):
    """A line of text as outlines, and how wide it is."""

    commands: Sequence[Command]
    width: float


class _Font(NamedTuple):
    glyphs: Any
    names: dict[int, str]
    em: int


@functools.cache
def _font() -> _Font:
    try:
        path = resources.files(PACKAGE).joinpath(FILE)
        font = TTFont(str(path), fontNumber=SIMPLIFIED, lazy=True)
    except (ModuleNotFoundError, OSError) as missing:
        raise FontMissing(PACKAGE) from missing
    return _Font(font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm)


@functools.lru_cache(maxsize=4_000)
def _glyph(character: str) -> tuple[list[Command], float]:
    font = _font()
    name = font.names.get(ord(character))
    if name is None:
        raise NotPrintable(character)
    pen = RecordingPen()
    font.glyphs[name].draw(pen)
    return pen.value, font.glyphs[name].width / font.em


def width(text: str, size: float) -> float:
    """How wide a line is, in the unit of `size`; raises NotPrintable, FontMissing."""
    return sum(_glyph(character)[1] for character in text) * size


def line(text: str, x: float, y: float, size: float) -> Line:
    """The outlines of a line that begins at (x, y) on its baseline; y grows downwards.

    Raises NotPrintable, FontMissing.
    """
    out, at = RecordingPen(), x
    scale = size / _font().em
    for character in text:
        commands, advance = _glyph(character)
        moved = TransformPen(out, (scale, 0, 0, -scale, at, y))
        for name, points in commands:
            getattr(moved, name)(*points)
        at += advance * size
    return Line(out.value, at - x)


def fitted(
    text: str, size: float, room: float, smallest: Sequence[float]
) -> list[tuple[str, float]]:
    """The text in as few lines as it needs, each with its size.

    `smallest[n]` is how small it may become in n + 1 lines. Raises NotPrintable, and ValueError
    where it does not fit even so.
    """
    for count, least in enumerate(smallest, 1):
        lines = _split(text, count)
        longest = max(width(each, 1.0) for each in lines)
        if longest * least <= room:
            return [(each, min(size, room / longest)) for each in lines]
    raise ValueError("the text does not fit")


def _split(text: str, count: int) -> list[str]:
    """So many lines of about the same width, broken between words where that comes near."""
    lines, rest = [], text
    for left in range(count, 1, -1):
        wanted = width(rest, 1.0) / left
        at = next(n for n in range(1, len(rest) + 1) if width(rest[:n], 1.0) >= wanted)
        near = [n for n in range(at - 4, at + 5) if 0 < n < len(rest) and rest[n - 1] in " ·-"]
        at = min(near, key=lambda n, at=at: abs(n - at), default=at)  # type: ignore[misc]
        lines.append(rest[:at].strip())
        rest = rest[at:].strip()
    return [each for each in [*lines, rest] if each]
