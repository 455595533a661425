"""A camera's frame becomes the text of the code in it (the counter's page)."""

import io
from typing import ClassVar

import zxingcpp
from PIL import Image, UnidentifiedImageError

from service.problems import Problem

FRAME_BODY = 2 * 1024 * 1024
QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
FORMATS = ("JPEG", "PNG")
MOST_PIXELS = 12_000_000
"""A phone's whole photograph; a small file that unpacks to more is not a frame."""


class BrokenFrame(Problem):
    """Not a picture that can be read."""

    code: ClassVar[str] = "broken-frame"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "画面无法读取"
    advice: ClassVar[str] = "请用 JPEG 或 PNG 画面重新扫码,或改用扫码枪。"


def read_code(octets: bytes) -> str | None:
    """The text of the first QR code in the picture, or None where there is none.

    Raises BrokenFrame for anything that is not a JPEG or PNG of a sensible size.
    """
    try:
        with Image.open(io.BytesIO(octets), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise BrokenFrame
            grey = picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        # Pillow tells of a broken file in each of these ways.
        raise BrokenFrame from None
    found = zxingcpp.read_barcodes(grey, formats=QR)
    return next((each.text for each in found if each.text), None)
