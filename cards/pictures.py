"""The code in a picture file, for the command line (cards/__main__.py)."""

import io
import struct
import warnings

import zxingcpp
from PIL import Image

FORMATS = ("JPEG", "PNG")
LARGEST = 20 * 1024 * 1024
MOST_PIXELS = 40_000_000
STARTS = (b"\xff\xd8\xff", b"\x89PNG")


class BadPicture(ValueError):
    """Not a picture that can be read; the text says what to do."""


def is_picture(octets: bytes) -> bool:
    """Whether it begins like one."""
    return octets.startswith(STARTS)


def read_code(octets: bytes) -> str:
    """The text of the code in a JPEG or PNG; raises BadPicture.

    Its size is looked at before it is unpacked: a small file may claim to be enormous.
    """
    if len(octets) > LARGEST:
        raise BadPicture("图片超过 20 MB。")
    try:
        grey = _grey(octets)
    except BadPicture:
        raise
    except Image.DecompressionBombError:
        raise BadPicture("图片像素过大。") from None
    except (OSError, ValueError, SyntaxError, EOFError, LookupError, struct.error):
        raise BadPicture("图片无法读取,请用完整的 JPEG 或 PNG。") from None
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    for found in zxingcpp.read_barcodes(grey, formats=formats):
        if found.text:
            return str(found.text)
    raise BadPicture("图片里没有读到二维码,请拍清楚、放正后再试。")


def _grey(octets: bytes) -> Image.Image:
    """The picture in grey; raises BadPicture, and whatever the decoder has for a broken file."""
    with (
        warnings.catch_warnings(action="ignore"),
        Image.open(io.BytesIO(octets), formats=FORMATS) as picture,
    ):
        if picture.width * picture.height > MOST_PIXELS:
            raise BadPicture("图片像素过大。")
        return picture.convert("L")
