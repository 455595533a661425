"""QR codes of tokens: always the same version and mask, so that a refresh does not make the
picture jump (card-token.md 4.1, 4.2)."""

import io

import qrcode
from PIL import Image
from qrcode.exceptions import DataOverflowError
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

LIVE_VERSION, PRINTED_VERSION = 10, 11
MASK = 3
QUIET = 4

Modules = list[list[bool]]


def modules(text: str, *, version: int = LIVE_VERSION) -> Modules:
    """The code's modules with their quiet zone, level M, one segment of the whole text.

    A token goes as alphanumeric, a URL as bytes. Raises ValueError where it does not fit.
    """
    alphanumeric = text.startswith("HCK1:")
    code = qrcode.QRCode(
        version=version,
        error_correction=qrcode.ERROR_CORRECT_M,
        mask_pattern=MASK,
        border=QUIET,
    )
    segment = QRData(text.encode(), MODE_ALPHA_NUM if alphanumeric else MODE_8BIT_BYTE)  # type: ignore[call-overload]
    code.add_data(segment, optimize=0)
    try:
        code.make(fit=False)
    except DataOverflowError as wrong:
        raise ValueError("the text does not fit this code") from wrong
    found: Modules = code.get_matrix()
    return found


def svg(text: str, *, version: int = LIVE_VERSION) -> str:
    """The code as SVG, black on white, one path of horizontal runs."""
    rows = modules(text, version=version)
    size = len(rows)
    path = []
    for y, row in enumerate(rows):
        x = 0
        while x < size:
            if not row[x]:
                x += 1
                continue
            start = x
            while x < size and row[x]:
                x += 1
            path.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img"'
        ' aria-label="惠才卡二维码" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/>'
        f'<path d="{"".join(path)}" fill="#000"/></svg>'
    )


def png(text: str, *, scale: int = 6, version: int = LIVE_VERSION) -> bytes:
    """The code as PNG, `scale` pixels a module (9.2 asks for 4 or more)."""
    rows = modules(text, version=version)
    picture = Image.new("L", (len(rows), len(rows)), 255)
    picture.putdata([0 if dark else 255 for row in rows for dark in row])
    out = io.BytesIO()
    large = picture.resize((len(rows) * scale,) * 2, Image.Resampling.NEAREST)
    large.convert("1").save(out, "PNG")
    return out.getvalue()
