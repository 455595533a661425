"""A face as SVG, PDF and PNG. All are outlines: no reader needs our font."""

import base64
import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

import pypdfium2
from PIL import Image
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cards.face.layout import BLEED, HEIGHT, WIDTH, Face, Path, Picture, Shape, draw
from cards.face.letters import Command

A4 = (210.0, 297.0)
DPI = 300
LARGEST_DPI = 600
GAP = 10.0
MARK = 4.0
ON_A_SHEET = 8
AUTHOR = "山东惠才卡"


def svg(face: Face, *, bleed: bool = False) -> str:
    """The face as SVG in its true size, with a title for screen readers."""
    over = BLEED if bleed else 0.0
    wide, high = WIDTH + 2 * over, HEIGHT + 2 * over
    shapes = "".join(_svg_of(shape) for shape in draw(face, bleed=bleed))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.2f}mm" height="{high:.2f}mm"'
        f' viewBox="{-over:g} {-over:g} {wide:.2f} {high:.2f}" role="img" aria-labelledby="t">'
        f'<title id="t">{escape(face.words)}</title>{shapes}</svg>'
    )


def _svg_of(shape: Shape) -> str:
    if isinstance(shape, Picture):
        data = base64.b64encode(shape.jpeg).decode()
        return (
            f'<image x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}"'
            f' height="{shape.height:g}" preserveAspectRatio="xMidYMid slice"'
            f' href="data:image/jpeg;base64,{data}"/>'
        )
    return f'<path fill="{shape.fill}" d="{"".join(_svg_step(c) for c in shape.commands)}"/>'


_LETTERS = {"moveTo": "M", "lineTo": "L", "curveTo": "C", "qCurveTo": "Q"}


def _svg_step(command: Command) -> str:
    name, points = command
    if name in ("closePath", "endPath"):
        return "Z"
    return _LETTERS[name] + " ".join(f"{x:.3f} {y:.3f}" for x, y in points)


def pdf(faces: Sequence[Face]) -> bytes:
    """A print sheet: A4, each card with its bleed and crop marks, eight on a page."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(A4[0] * mm, A4[1] * mm), invariant=True, pageCompression=1)
    canvas.setTitle("山东惠才卡 印制页")
    canvas.setAuthor(AUTHOR)
    for start in range(0, len(faces), ON_A_SHEET):
        for n, face in enumerate(faces[start : start + ON_A_SHEET]):
            _place(canvas, face, n)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _place(canvas: Canvas, face: Face, n: int) -> None:
    """One card of the sheet: two beside one another, four below."""
    column, row = n % 2, n // 2
    left = (A4[0] - 2 * WIDTH - GAP) / 2 + column * (WIDTH + GAP)
    top = 24.0 + row * (HEIGHT + GAP)
    canvas.saveState()
    canvas.translate(left * mm, (A4[1] - top) * mm)
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(
        -BLEED * mm, -(HEIGHT + BLEED) * mm, (WIDTH + 2 * BLEED) * mm, (HEIGHT + 2 * BLEED) * mm
    )
    canvas.clipPath(clip, stroke=0, fill=0)
    _draw(canvas, draw(face, bleed=True))
    canvas.restoreState()
    _crop_marks(canvas)
    canvas.restoreState()


def _crop_marks(canvas: Canvas) -> None:
    canvas.setLineWidth(0.25)
    canvas.setStrokeColor(HexColor("#000000"))
    for x in (0.0, WIDTH):
        for y, way in ((0.0, 1), (-HEIGHT, -1)):
            canvas.line(x * mm, (y + way * BLEED) * mm, x * mm, (y + way * (BLEED + MARK)) * mm)
            side = -1 if x == 0.0 else 1
            canvas.line((x + side * BLEED) * mm, y * mm, (x + side * (BLEED + MARK)) * mm, y * mm)


def _draw(canvas: Canvas, shapes: Sequence[Shape]) -> None:
    for shape in shapes:
        if isinstance(shape, Path):
            _draw_path(canvas, shape)
        else:
            canvas.drawImage(
                ImageReader(io.BytesIO(shape.jpeg)), shape.x * mm, -(shape.y + shape.height) * mm,
                shape.width * mm, shape.height * mm,
            )  # fmt: skip


def _draw_path(canvas: Canvas, shape: Path) -> None:
    path = canvas.beginPath()
    for name, points in shape.commands:
        flat = [value * mm for x, y in points for value in (x, -y)]
        if name == "curveTo":
            path.curveTo(*flat)
        elif name == "closePath":
            path.close()
        else:
            getattr(path, name)(*flat)
    canvas.setFillColor(HexColor(shape.fill))
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)


def png(face: Face, *, dpi: int = DPI, bleed: bool = False) -> bytes:
    """The face as PNG, 300 dots an inch unless asked otherwise (72–600)."""
    over = BLEED if bleed else 0.0
    size = ((WIDTH + 2 * over) * mm, (HEIGHT + 2 * over) * mm)
    page = io.BytesIO()
    canvas = Canvas(page, pagesize=size, invariant=True)
    canvas.translate(over * mm, (HEIGHT + over) * mm)
    _draw(canvas, draw(face, bleed=bleed))
    canvas.save()
    dpi = max(72, min(dpi, LARGEST_DPI))
    document = pypdfium2.PdfDocument(page.getvalue())
    try:
        picture: Image.Image = document[0].render(scale=dpi / 72).to_pil()
    finally:
        document.close()
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(dpi, dpi), optimize=False)
    return out.getvalue()
