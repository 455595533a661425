"""What the holder does, or the steward for them, on record (api.md 5.3, guide.md 4)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from service.auth.callers import Caller
from service.offerings import forms
from service.problems import FieldError, InvalidBody
from service.requests import clocks
from service.requests.actions import reach
from service.requests.actions.submitting import check_files
from service.requests.models import Request
from service.requests.states import Ended, Party, State


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a correction: changed members of the form, further files, a note."""

    form: dict[str, Any] = {}
    files: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


async def withdraw(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int, now: datetime
) -> Request:
    """Take a request back. A partner that was still thinking is told that its offer is gone."""
    request = await reach.seen(session, request_id, by, revision)
    request.check("withdraw", Party.HOLDER)
    if request.state == State.OFFERED:
        offer = await reach.open_dispatch(session, request)
        reach.end(offer, Ended.WITHDRAWN, now)
        await _tell(session, request, request.retract(offer.id, "withdrawn"), by, now)
    event = request.withdraw(now)
    await clocks.stop_all(session, request, now)
    await _tell(session, request, event, by, now)
    return request


async def answer(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int,
    given: Answers,
    now: datetime,
) -> Request:
    """Answer a correction; the form as changed must still be right, and handling goes on."""
    request = await reach.seen(session, request_id, by, revision)
    request.check("answers", Party.HOLDER)
    form = _changed_form(request, given)
    forms.check_form((await reach.version_of(session, request)).form_schema, form)
    await check_files(session, by, given.files)
    await clocks.stop(session, request.id, "correction", now)
    handling = await clocks.resume(session, request, now)
    before = {name: request.form[name] for name in given.form if name in request.form}
    request.form = form
    request.files = [*request.files, *(str(file) for file in given.files)]
    kept = msgspec.to_builtins(given) | {"before": before, "answered_at": now.isoformat()}
    event = request.answer(kept, handling.due_at or now)
    await _tell(session, request, event, by, now)
    return request


def _changed_form(request: Request, given: Answers) -> dict[str, Any]:
    if not (given.form or given.files or given.note.strip()):
        text = "请至少修改一项表单内容、补一份材料或写明说明。"
        raise InvalidBody(FieldError("", "empty", text))
    return {**request.form, **given.form}


async def _tell(
    session: AsyncSession, request: Request, event: Event, by: Caller, now: datetime
) -> None:
    await session.flush()
    author = reach.author_of(request, by)
    await log.append(session, event, by=author, region=request.region, now=now)
