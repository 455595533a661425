"""The conversation as the pages of holder, steward and partner show it and send it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt
from service.problems import FieldError, InvalidBody, Problem
from service.requests import conversation, papers
from service.requests.actions import messaging
from service.requests.actions.messaging import Message
from service.requests.models import Request
from service.requests.posting import errors_of

Write = Callable[
    [AsyncSession, UUID, Caller, int | None, Message, datetime], Awaitable[tuple[Request, UUID]]
]


async def talk(
    session: AsyncSession,
    caller: Caller,
    request: Request,
    now: datetime,
    problem: Problem | None = None,
) -> dict[str, Any]:
    """What a page shows of the conversation; to be shown is to have been read."""
    said = await conversation.of(session, request, caller)
    await messaging.mark_read(session, request, caller, now)
    reader = (conversation.reader_of(caller, request) or "").partition("/")[0]
    errors = errors_of(problem)
    return {
        "said": said,
        "sides": conversation.NAMES,
        "reader": conversation.PARTNER if reader == "partners" else reader,
        "wrong_file": errors.get("/file") or errors.get("/not_secret"),
    }


async def send(
    session: AsyncSession,
    caller: Caller,
    request_id: UUID,
    given: FormSent,
    now: datetime,
    write: Write,
) -> Problem | None:
    """Send what the form says, with its files; returns the refusal, if there is one."""
    if problem := await papers.keep_uploads(session, caller, given, now):
        return problem

    async def act() -> None:
        message = _message(given)
        await write(session, request_id, caller, None, message, now)

    return await attempt(session, act())


def _message(given: FormSent) -> Message:
    try:
        return msgspec.convert({"text": given.text("text"), "files": papers.ids_of(given)}, Message)
    except msgspec.ValidationError as wrong:
        text = "请写下要说的话(不超过 2000 字),材料一次最多 10 份。"
        raise InvalidBody(FieldError("/text", "invalid", text), detail=text) from wrong
