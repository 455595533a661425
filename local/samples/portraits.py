"""Portraits of people who do not exist, drawn in light and shade: sample cards look like cards."""

from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

SIZE = (600, 800)
WHITE, LIGHT = (246, 244, 240), (255, 246, 236)


class Sitter(NamedTuple):
    """How somebody looks; `height` and `at` are the face's share of the picture and its middle."""

    skin: Colour = (226, 186, 158)
    hair: Colour = (38, 30, 28)
    shirt: Colour = (52, 70, 104)
    background: Colour = (214, 224, 236)
    long_hair: bool = False
    height: float = 0.44
    at: tuple[float, float] = (0.5, 0.45)


SITTERS = (
    Sitter(),
    Sitter(skin=(216, 172, 142), shirt=(60, 60, 66), background=(226, 226, 230)),
    Sitter(skin=(232, 196, 170), shirt=(120, 52, 60), background=(205, 218, 232), long_hair=True),
)


class Easel:
    """A picture measured in faces: (0, 0) is the middle of the face, 1 its height or width."""

    def __init__(self, sitter: Sitter, size: tuple[int, int]) -> None:
        self.sitter, self.size = sitter, size
        self.tall = size[1] * sitter.height
        self.wide = self.tall * 0.74
        self.middle = (size[0] * sitter.at[0], size[1] * sitter.at[1])
        self.picture = Image.new("RGB", size, sitter.background)

    def box(self, x: float, y: float, across: float, up: float) -> Box:
        """The box around (x, y), so far to each side."""
        left, top = self.point(x - across, y - up)
        right, bottom = self.point(x + across, y + up)
        return left, top, right, bottom

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where (x, y) lies in the picture."""
        return self.middle[0] + x * self.wide, self.middle[1] + y * self.tall

    def oval(self, x: float, y: float, across: float, up: float, fill: Colour) -> None:
        """A filled ellipse."""
        ImageDraw.Draw(self.picture).ellipse(self.box(x, y, across, up), fill=fill)

    def width(self, share: float) -> int:
        """A line's width."""
        return max(1, int(self.tall * share))


def portrait(sitter: Sitter = SITTERS[0], size: tuple[int, int] = SIZE) -> Image.Image:
    """Head and shoulders from the front."""
    easel = Easel(sitter, size)
    _bust(easel)
    _shade(easel)
    _light(easel)
    _features(easel)
    return easel.picture.filter(ImageFilter.GaussianBlur(easel.tall * 0.004))


def dark(colour: Colour, share: float) -> Colour:
    """The same colour with so much of its light."""
    red, green, blue = (min(255, int(each * share)) for each in colour)
    return red, green, blue


def _bust(easel: Easel) -> None:
    sitter = easel.sitter
    draw = ImageDraw.Draw(easel.picture)
    if sitter.long_hair:
        draw.rounded_rectangle(easel.box(0, 0.2, 0.62, 0.62), easel.wide * 0.3, fill=sitter.hair)
    easel.oval(0, 1.28, 1.15, 0.62, sitter.shirt)
    draw.rectangle(easel.box(0, 0.55, 0.22, 0.22), fill=dark(sitter.skin, 0.84))
    collar = [easel.point(-0.22, 0.76), easel.point(0, 0.94), easel.point(0.22, 0.76)]
    draw.polygon(collar, fill=dark(sitter.skin, 0.84))
    easel.oval(0, -0.12, 0.56, 0.52, sitter.hair)
    for side in (-1, 1):
        easel.oval(side * 0.5, 0, 0.07, 0.1, dark(sitter.skin, 0.88))
    easel.oval(0, 0, 0.5, 0.5, sitter.skin)


def _shade(easel: Easel) -> None:
    """What lies away from the light: the sides of the face, the sockets, below nose, lip, chin."""
    shade = Image.new("L", easel.size, 255)
    draw = ImageDraw.Draw(shade)
    for side in (-1, 1):
        draw.ellipse(easel.box(side * 0.55, 0.1, 0.2, 0.5), fill=200)
        draw.ellipse(easel.box(side * 0.2, -0.09, 0.16, 0.085), fill=165)
    draw.ellipse(easel.box(0, 0.17, 0.13, 0.035), fill=190)
    draw.ellipse(easel.box(0, 0.345, 0.16, 0.03), fill=200)
    draw.ellipse(easel.box(0, 0.53, 0.24, 0.06), fill=150)
    body = Image.new("L", easel.size, 0)
    mask = ImageDraw.Draw(body)
    mask.ellipse(easel.box(0, 0, 0.5, 0.5), fill=255)
    mask.rectangle(easel.box(0, 0.55, 0.22, 0.22), fill=255)
    soft = shade.filter(ImageFilter.GaussianBlur(easel.tall * 0.022))
    only = ImageChops.lighter(soft, ImageChops.invert(body))
    easel.picture = ImageChops.multiply(easel.picture, Image.merge("RGB", (only, only, only)))


def _light(easel: Easel) -> None:
    """Where the light falls: forehead, bridge of the nose, cheeks."""
    light = Image.new("L", easel.size, 0)
    draw = ImageDraw.Draw(light)
    draw.ellipse(easel.box(0, -0.27, 0.26, 0.09), fill=60)
    draw.ellipse(easel.box(0, 0.04, 0.035, 0.12), fill=90)
    for side in (-1, 1):
        draw.ellipse(easel.box(side * 0.23, 0.12, 0.11, 0.07), fill=70)
    soft = light.filter(ImageFilter.GaussianBlur(easel.tall * 0.025))
    easel.picture.paste(LIGHT, (0, 0, *easel.size), soft)


def _features(easel: Easel) -> None:
    sitter = easel.sitter
    draw = ImageDraw.Draw(easel.picture)
    draw.chord(easel.box(0, -0.2, 0.53, 0.36), 192, 348, fill=sitter.hair)
    for side in (-1, 1):
        eye = side * 0.2
        easel.oval(eye, -0.165, 0.13, 0.022, sitter.hair)
        easel.oval(eye, -0.085, 0.1, 0.042, WHITE)
        easel.oval(eye, -0.085, 0.05, 0.045, (48, 32, 26))
        draw.arc(easel.box(eye, -0.085, 0.105, 0.05), 180, 360, sitter.hair, easel.width(0.012))
        easel.oval(eye + 0.012, -0.1, 0.012, 0.009, (255, 255, 255))
        easel.oval(side * 0.055, 0.155, 0.025, 0.012, dark(sitter.skin, 0.45))
    easel.oval(0, 0.275, 0.16, 0.04, (176, 92, 88))
    lips = [easel.point(-0.15, 0.272), easel.point(0.15, 0.272)]
    draw.line(lips, fill=(110, 50, 50), width=easel.width(0.01))
