"""材料 of a request: who may open them, and those that come with a page's form (api.md 3.1)."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt
from service.problems import Problem
from service.requests import queries, results
from service.requests.models import Note, Request
from service.talents import files, inspecting
from service.talents.models import File

KINDS = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}


async def seen_with_request(session: AsyncSession, caller: Caller, file_id: UUID) -> bool:
    """Whether the file goes with a request that the caller may see, or has at their desk now."""
    theirs = await queries.seen_by(session, caller)
    if caller.partner_id is not None:
        theirs = or_(theirs, Request.partner_id == caller.partner_id)
    query = select(Request.id).where(Request.files.contains([str(file_id)]), theirs)
    if await session.scalar(query.limit(1)) is not None:
        return True
    said = select(Request.id).join(Note, Note.request_id == Request.id)
    said = said.where(Note.files.contains([str(file_id)]), theirs)
    if caller.partner_id is not None:
        said = said.where(queries.said_with(caller.partner_id))
    if await session.scalar(said.limit(1)) is not None:
        return True
    return await results.seen(session, caller, file_id)


files.seen_through(seen_with_request)


class Paper(NamedTuple):
    """A file that is kept already, as a form shows it again."""

    id: UUID
    label: str


async def keep_uploads(
    session: AsyncSession, caller: Caller, given: FormSent, now: datetime
) -> Problem | None:
    """Keep the files of a form even where the form is refused: a browser cannot fill them again.

    Their ids join the form's texts under `_file`. Returns the first refusal of a file.
    """
    refused: Problem | None = None
    declared = given.text(files.DECLARATION) == "yes"
    for upload in given.uploads:
        if content := await upload.read():
            kept: list[File] = []
            problem = await attempt(
                session, _keep(session, caller, content, now, kept, declared=declared)
            )
            refused = refused or problem
            given.texts.setdefault("_file", []).extend(str(file.id) for file in kept)
    return refused


async def _keep(
    session: AsyncSession,
    caller: Caller,
    content: bytes,
    now: datetime,
    into: list[File],
    *,
    declared: bool,
) -> None:
    files.check_declared(declared)
    into.append(await files.keep(session, caller, content, now, declared=declared))


def ids_of(given: FormSent) -> list[UUID]:
    """The files that a form names; what is no id is left out."""
    return given.uuids("_file")


def _label(file: File) -> str:
    kind = KINDS.get(file.media_type, "文件")
    notice = f",{inspecting.SHORT[file.notice]},请换一份" if file.notice else ""
    return f"{kind},{max(1, file.octets // 1024)} KB{notice}"


async def papers_of(session: AsyncSession, caller: Caller, given: FormSent) -> list[Paper]:
    """The caller's own files that a form names, to be shown again."""
    query = select(File).where(File.id.in_(ids_of(given)), files.put_in_by(caller))
    return [Paper(file.id, _label(file)) for file in await session.scalars(query.order_by(File.id))]
