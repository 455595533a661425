"""One face, from the front, of the right size: what a machine can see of a photograph.

The detector is OpenCV's cascade for frontal faces, which comes with its package. It is loaded when
the first photograph is looked at, not with the service. It sees a small grey picture and nothing
else; whoever it does not find is looked at by a person (photos.keep, `seen`).
"""

import threading
from typing import Any, ClassVar, NamedTuple

from PIL import Image

from service.problems import Problem

CASCADE = "haarcascade_frontalface_alt2.xml"
HEIGHT, LEAST = 600, 60
"""The picture that the detector sees, and the smallest face in it that it looks for, in pixels."""
STEP, AGREEING = 1.1, 4
TALL = (0.22, 0.62)
"""The face from brow to chin, as a share of the picture's height."""
ASIDE = 0.14
"""How far its middle may lie from the picture's, as a share of the width."""
OTHER = 0.5
"""A second face of so much of the first one's height is another person, no pattern on a wall."""


class FaceRefused(Problem):
    """The photograph does not show one face as a card needs it; the detail says what to change."""

    code: ClassVar[str] = "face-refused"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "照片中的人脸不合要求"
    advice: ClassVar[str] = "请上传近期免冠正面照,一人,面部清晰居中。"


class DetectorMissing(Problem):
    """The face detector cannot be loaded: nothing is passed unseen."""

    code: ClassVar[str] = "face-check-missing"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "暂时不能检查照片"
    advice: ClassVar[str] = "请稍后再试;仍不行的,请人社窗口代为上传。"


class Face(NamedTuple):
    """Where a face is, in shares of the picture: its left, top, width and height."""

    left: float
    top: float
    wide: float
    tall: float

    @property
    def middle(self) -> float:
        """Its middle from the left."""
        return self.left + self.wide / 2


def check(picture: Image.Image) -> None:
    """Raises FaceRefused with what to change, DetectorMissing."""
    found = sorted(faces(picture), key=lambda each: each.tall, reverse=True)
    if not found:
        raise FaceRefused("没有找到正面人脸。请正对镜头、不遮挡,面部占画面高度的三分之一左右。")
    face, others = found[0], found[1:]
    if any(each.tall >= OTHER * face.tall for each in others):
        raise FaceRefused("照片里不止一个人,请上传单人照片。")
    if face.tall < TALL[0]:
        raise FaceRefused("面部太小,请裁剪,使面部占画面高度的三分之一左右。")
    if face.tall > TALL[1] or face.top < 0 or face.top + face.tall > 1:
        raise FaceRefused("面部太大或没有照全,请露出头顶和肩部。")
    if abs(face.middle - 0.5) > ASIDE:
        raise FaceRefused("面部不在画面中间,请裁剪后再上传。")


def faces(picture: Image.Image) -> list[Face]:
    """Every frontal face that the detector finds; raises DetectorMissing."""
    share = HEIGHT / picture.height
    size = (max(1, round(picture.width * share)), HEIGHT)
    grey = picture.convert("L").resize(size, Image.Resampling.BILINEAR)
    return [
        Face(x / size[0], y / size[1], wide / size[0], tall / size[1])
        for x, y, wide, tall in _boxes(grey)
    ]


_only_one = threading.Lock()
"""A cascade keeps the picture that it looks at: one photograph at a time."""
_loaded: list[Any] = []


def _boxes(grey: Image.Image) -> list[tuple[int, int, int, int]]:
    with _only_one:
        try:
            import cv2
            import numpy

            if not _loaded:
                cv2.setNumThreads(1)
                cascades = cv2.data.haarcascades  # type: ignore[attr-defined]
                _loaded.append(cv2.CascadeClassifier(cascades + CASCADE))
            if _loaded[0].empty():
                _loaded.clear()
                raise DetectorMissing
        except (ImportError, AttributeError, OSError) as missing:
            raise DetectorMissing from missing
        even = cv2.equalizeHist(numpy.asarray(grey))
        found = _loaded[0].detectMultiScale(even, STEP, AGREEING, minSize=(LEAST, LEAST))
        return [(int(x), int(y), int(wide), int(tall)) for x, y, wide, tall in found]
