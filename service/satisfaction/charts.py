"""Charts drawn on the server as SVG: sharp on any screen, read aloud, printed. Pure.

Each has a title and a description, and stands beside a table of the same numbers.
"""

from collections.abc import Sequence
from html import escape

import msgspec
from markupsafe import Markup

from service.satisfaction.figures import Share


class Whisker(msgspec.Struct, frozen=True):
    """One line of an interval chart."""

    name: str
    share: Share


ROW, LEFT, WIDTH, RIGHT = 30, 118, 640, 150
TICKS = (0, 25, 50, 75, 100)


def percent(value: float | None) -> str:
    """`88.33%`, and a dash where there is nothing to say."""
    return "—" if value is None else f"{value * 100:.2f}%"


def interval(share: Share) -> str:
    """`70.04%–95.83%`."""
    return "—" if share.value is None else f"{percent(share.low)}–{percent(share.high)}"


def _x(share: float | None) -> float:
    return round(LEFT + (share or 0) * (WIDTH - LEFT - RIGHT), 1)


def _svg(key: str, title: str, description: str, height: int, parts: Sequence[str]) -> Markup:
    head = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-labelledby="{key}-title {key}-desc">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(description)}</desc>'
    )
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - every text in it is escaped


def _text(x: float, y: float, content: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(content)}</text>'


def whiskers(key: str, title: str, rows: Sequence[Whisker]) -> Markup:
    """Shares as dots with their 95% intervals, one line each; the wider, the less is known."""
    height = ROW * len(rows) + 34
    parts = []
    for tick in TICKS:
        x = _x(tick / 100)
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="6" y2="{height - 24}"/>')
        parts.append(_text(x, height - 8, f"{tick}%", "tick"))
    for place, row in enumerate(rows):
        parts.append(_whisker(row, ROW * place + 20))
    told = ";".join(_said(row) for row in rows) or "没有数据"
    return _svg(key, title, told, height, parts)


def _said(row: Whisker) -> str:
    if row.share.value is None:
        return f"{row.name} 暂无评价"
    return f"{row.name} {percent(row.share.value)},区间 {interval(row.share)},{row.share.n} 条"


def _whisker(row: Whisker, y: int) -> str:
    name = _text(LEFT - 12, y + 5, row.name, "name")
    share = row.share
    if share.value is None:
        return name + _text(_x(0) + 6, y + 5, "暂无评价", "none")
    low, high, at = _x(share.low), _x(share.high), _x(share.value)
    ends = "".join(
        f'<line class="range" x1="{x}" x2="{x}" y1="{y - 5}" y2="{y + 5}"/>' for x in (low, high)
    )
    line = f'<line class="range" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>'
    value = _text(WIDTH - RIGHT + 12, y + 5, f"{percent(share.value)} · {share.n}", "value")
    return f'{name}{line}{ends}<circle cx="{at}" cy="{y}" r="5"/>{value}'


class Bar(msgspec.Struct, frozen=True):
    """One bar of a funnel, or one column of a course."""

    name: str
    value: int
    more: int = 0


def funnel(key: str, title: str, bars: Sequence[Bar]) -> Markup:
    """How many came how far; each bar with its part of the first."""
    first = max((bar.value for bar in bars), default=0)
    parts = []
    for place, bar in enumerate(bars):
        y = ROW * place + 4
        width = round((bar.value / first if first else 0) * (WIDTH - LEFT - RIGHT), 1)
        share = percent(bar.value / first) if first else "—"
        parts.append(_text(LEFT - 12, y + 16, bar.name, "name"))
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{width}" height="22" rx="3"/>')
        parts.append(_text(LEFT + width + 8, y + 16, f"{bar.value} · {share}", "value"))
    told = ";".join(f"{bar.name} {bar.value}" for bar in bars)
    return _svg(key, title, told, ROW * len(bars) + 4, parts)


PLOT = 150


def columns(key: str, title: str, bars: Sequence[Bar], words: tuple[str, str]) -> Markup:
    """Good and bad ratings by day or month, the bad ones on top; `words` name the two."""
    highest = max((bar.value + bar.more for bar in bars), default=0) or 1
    left, step = 34, (WIDTH - 44) / max(len(bars), 1)
    wide = round(min(step * 0.72, 40), 1)
    parts = [
        f'<line class="grid" x1="{left}" x2="{WIDTH}" y1="{y}" y2="{y}"/>' for y in (10, PLOT + 10)
    ]
    parts += [_text(left - 6, 15, str(highest), "name"), _text(left - 6, PLOT + 14, "0", "name")]
    every = max(1, -(-len(bars) // 8))
    for place, bar in enumerate(bars):
        x = round(left + step * place + (step - wide) / 2, 1)
        parts.append(_column(x, wide, bar, highest))
        if place % every == 0:
            parts.append(_text(round(x + wide / 2, 1), PLOT + 28, bar.name, "tick"))
    told = ";".join(f"{b.name} {words[0]} {b.value} {words[1]} {b.more}" for b in bars)
    return _svg(key, title, told or "没有数据", PLOT + 36, parts)


def _column(x: float, wide: float, bar: Bar, highest: int) -> str:
    good = round(bar.value / highest * PLOT, 1)
    bad = round(bar.more / highest * PLOT, 1)
    base = PLOT + 10
    return (
        f'<rect x="{x}" y="{base - good}" width="{wide}" height="{good}"/>'
        f'<rect class="bad" x="{x}" y="{base - good - bad}" width="{wide}" height="{bad}"/>'
    )
