"""What can be told of a file before somebody opens it: can it be shown, does it do more than that.

A file that is broken is kept all the same (api.md 3.1 takes what it is by its content), but whoever
put it in is told at once, and whoever reviews sees it before opening. Only what would harm those
who open it is refused. Pictures are really decoded; of a PDF the bytes are read, it is not run.
"""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from PIL import Image, UnidentifiedImageError

from service.problems import FieldError, InvalidBody

Notice = Literal["broken", "encrypted", "active"]
SAYS: dict[Notice, str] = {
    "broken": "文件不完整或已损坏,可能打不开,请重新导出后上传。",
    "encrypted": "文件有密码,审核人打不开,请去掉密码后上传。",
    "active": "文件含有脚本、附件或自动打开的动作,请另存为普通 PDF 后上传。",
}
SHORT: dict[str, str] = {"broken": "可能打不开", "encrypted": "有密码", "active": "含脚本"}
MOST_PIXELS = 80_000_000
"""An A3 sheet at 600 dpi has 70 million; more is no scan, and fills the memory of who opens it."""
ONE_AT_A_TIME = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inspecting")
"""A picture in memory is up to 320 MB: others wait for their turn, whatever many people send."""
ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/XFA")
ENDS_WITHIN = 4096
BREAKS = b" \t\r\n\f\0/<[(>"
"""What may stand after a name of a PDF: `/JS` is not `/JSomething`."""


async def look(content: bytes, media_type: str) -> Notice | None:
    """What to tell of a file, without holding up other calls; raises as `notice_of`."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(ONE_AT_A_TIME, notice_of, content, media_type)


def notice_of(content: bytes, media_type: str) -> Notice | None:
    """What to tell of a file; None where nothing. Raises InvalidBody for a picture that is a bomb.

    Takes up to a second for a large picture: not for the event loop.
    """
    if media_type == "application/pdf":
        return _of_pdf(content)
    return _of_picture(content)


def _of_pdf(content: bytes) -> Notice | None:
    if b"%%EOF" not in content[-ENDS_WITHIN:]:
        return "broken"
    if _has(content, b"/Encrypt"):
        return "encrypted"
    return "active" if any(_has(content, name) for name in ACTIVE) else None


def _has(content: bytes, name: bytes) -> bool:
    """Whether a name stands in the document, as a whole."""
    at = content.find(name)
    while at >= 0:
        after = content[at + len(name) : at + len(name) + 1]
        if not after or after in BREAKS:
            return True
        at = content.find(name, at + 1)
    return False


def _of_picture(content: bytes) -> Notice | None:
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _bomb()
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _bomb() from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        # Pillow tells of a broken picture in each of these ways.
        return "broken"
    return None


def _bomb() -> InvalidBody:
    advice = "图片像素过大,展开后会占满内存,请缩小到 8000 万像素以内。"
    return InvalidBody(FieldError("/file", "too-many-pixels", advice))
