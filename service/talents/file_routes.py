"""Doors of 材料 (api.md 3.1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.problems import FieldError, InvalidBody, UnsupportedMedia
from service.talents import files, inspecting, reading
from service.talents.models import File


class FileView(msgspec.Struct, frozen=True):
    """A file that is kept; its content is at `GET /v1/files/{id}`."""

    id: UUID
    sha256: str
    media_type: str
    octets: int
    created_at: datetime
    declared_at: datetime | None
    """When it was declared 非涉密, if it was."""
    notice: inspecting.Notice | None
    """What was found in it: `broken`, `encrypted` (nobody can open it), `active` (scripts)."""
    advice: str | None
    """What to do about it, in Chinese."""


def view_of(file: File) -> FileView:
    """What its owner is told."""
    return FileView(
        file.id, file.sha256, file.media_type, file.octets, file.created_at, file.declared_at,
        *told_of(file),
    )  # fmt: skip


def told_of(file: File) -> tuple[inspecting.Notice | None, str | None]:
    """What was found in a file, and what to do about it."""
    for notice, advice in inspecting.SAYS.items():
        if notice == file.notice:
            return notice, advice
    return None, None


async def uploaded(request: Request[Any, Any, Any]) -> bytes:
    """The one file of a form; raises UnsupportedMedia, InvalidBody."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedMedia("请用 multipart/form-data 上传一个文件。")
    form = await request.form()
    found = [each for _, each in form.multi_items() if isinstance(each, UploadFile)]
    if len(found) != 1:
        raise InvalidBody(FieldError("/file", "missing", "请每次上传一个文件,字段名为 file。"))
    return await found[0].read()


@post(
    "/v1/files",
    guards=[guards.any_scope(("requests:handle",), *Role)],
    opt={"form": "evidence"},
)
async def put_file(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[FileView]:
    """上传材料(multipart,字段 `file`):PDF、JPEG、PNG,不超过 10 MB,按内容判断。

    涉密材料不得上传;字段 `not_secret=yes` 声明不涉密,声明时间记入 `declared_at`。

    打不开、有密码或带脚本的仍会收下,并在 `notice`、`advice` 里说明;像素过大的图片不收。

    Problems: 413, 415, 422 `unsupported-file`, `too-many-pixels`.
    """
    content = await uploaded(request)
    declared = (await request.form()).get(files.DECLARATION) == "yes"
    file = await files.keep(session, caller, content, now, declared=declared)
    return Response(view_of(file), headers={"Location": f"/v1/files/{file.id}"})


@get("/v1/files/{file_id:uuid}", guards=[guards.signed_in], media_type="application/octet-stream")
async def get_file(
    file_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """材料原件:上传人,以及能看到所属申请的人;看别人的材料会留下记录。 Problems: 404."""
    file, content = await files.opened(session, caller, file_id)
    reading.record(session, caller, file, now)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": "inline",
        # What somebody put in is shown, never run; the review's viewer may frame it. The sandbox
        # stands here and not at the frame: a frame's own keeps Chromium from showing a PDF.
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
        ),
        "X-Frame-Options": "SAMEORIGIN",
    }
    return Response(content, media_type=file.media_type, headers=headers)


ROUTES = [put_file, get_file]
